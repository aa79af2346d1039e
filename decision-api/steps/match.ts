import type { Campaign } from '../../domain/campaign.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import type { DecidingParts, Decision, Entrant } from '../decision.ts';
import { carries } from '../features.ts';
import type { Reason } from '../reasons.ts';
import { capsOf } from '../reserver.ts';

/** Every campaign against the moment: features, targeting, and whether it has anything to show that fits. */
export function match(decision: Decision, parts: DecidingParts): void {
  decision.entrants = parts.campaigns().map((campaign) => enter(campaign, decision));
}

function enter(campaign: Campaign, { ask, features }: Decision): Entrant {
  const entrant: Entrant = { campaign, fellOut: null, detail: null, runners: [] };
  const out = (reason: Reason, detail: string | null): Entrant => Object.assign(entrant, { fellOut: reason, detail });

  const missing = carries(campaign).find((feature) => !features.has(feature));
  if (missing) return out('feature_off', missing);
  const matched = matchCampaign(campaign, ask.context);
  if (!matched.ok) return out('targeting', matched.dimension);
  const active = campaign.creatives.filter((creative) => creative.status === 'active' && creative.media.length > 0);
  if (active.length === 0) return out('no_creative', null);
  const fitting = active.filter((creative) => creative.durationSeconds <= ask.rules.durationSeconds);
  if (fitting.length === 0) return out('too_long', `${active[0]?.durationSeconds} s`);
  entrant.runners = fitting.map((creative) => ({
    entrant,
    creative,
    caps: capsOf(campaign.caps, creative.id),
    struck: null,
    worth: null,
  }));
  return entrant;
}
