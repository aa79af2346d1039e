import type { Reader } from '../asking/readers.ts';
import { type DecidingParts, type Decision, type Entrant, outcomesOf, podOf, type Runner } from '../decision.ts';
import { needsMoney } from '../holding/purse.ts';
import { usedOf } from '../holding/reserver.ts';
import { type Outcome, outcomeOfAll } from '../reasons.ts';
import { enter } from '../steps/match.ts';
import type { Explanation } from './explanation.ts';

/** Every campaign of the catalog with its slot or the one reason why it has none, its scores, prices and caps; of what is not the reader's only what became of it. */
export function explainDecision(decision: Decision, parts: DecidingParts, reader: Reader): Explanation {
  return {
    head: {
      viewer: decision.ask.viewer.viewer,
      features: [...decision.treatment.features],
      experiments: decision.treatment.arms,
      context: decision.ask.context,
      rules: decision.ask.rules,
      steps_us: decision.timingsUs,
    },
    campaigns: campaignsOf(decision, parts, reader),
  };
}

function* campaignsOf(decision: Decision, parts: DecidingParts, reader: Reader): Generator<object> {
  const positions = new Map(podOf(decision).map(({ held }, index) => [held.runner.creative.id, index + 1]));
  const entered = new Map(decision.entrants.map((entrant) => [entrant.campaign.id, entrant]));
  const outcomeOf = outcomesOf(decision);
  for (const campaign of decision.catalog) {
    const entrant = entered.get(campaign.id) ?? enter(campaign, decision);
    const outcome = cameTo(entrant, outcomeOf);
    if (!reader.owns(campaign)) yield { campaign_id: campaign.id, outcome };
    else {
      const creatives = entrant.runners.map((runner) => explainRunner(runner, outcomeOf(runner), positions));
      yield { ...explainEntrant(entrant, outcome, decision, parts), creatives };
    }
  }
}

function explainEntrant(entrant: Entrant, outcome: Outcome, decision: Decision, parts: DecidingParts): object {
  const { campaign } = entrant;
  const signals = parts.signals.of(campaign.id);
  return {
    campaign_id: campaign.id,
    name: campaign.name,
    outcome,
    detail: entrant.detail,
    tier: campaign.tier,
    pricing: { model: campaign.pricing.model, price_micros: campaign.pricing.priceMicros },
    budgeted: needsMoney(campaign),
    pacing: signals.pacing && { status: signals.pacing.pacing_status, mu_ppm: signals.pacing.mu_ppm },
    caps: campaign.caps.map((cap) => ({
      scope: cap.scope,
      creative_id: cap.creativeId,
      window_seconds: cap.windowSeconds,
      max: cap.max,
      used: usedOf(cap, campaign.id, decision, parts.watermarks),
    })),
  };
}

/** As the record will say it, which has no other creatives than those that were scored. */
function cameTo({ fellOut, runners }: Entrant, outcomeOf: (runner: Runner) => Outcome): Outcome {
  const scored = runners.filter(({ worth }) => worth !== null);
  return fellOut ?? outcomeOfAll(scored.map(outcomeOf)) ?? 'lost';
}

function explainRunner(runner: Runner, outcome: Outcome, positions: ReadonlyMap<string, number>): object {
  const { creative, worth } = runner;
  return {
    creative_id: creative.id,
    duration_seconds: creative.durationSeconds,
    outcome,
    position: positions.get(creative.id) ?? null,
    value_micros: worth?.valueMicros ?? null,
    mu_ppm: worth?.muPpm ?? null,
    score_micros: worth?.scoreMicros ?? null,
    pacing_signal: worth?.signals.pacing?.version ?? null,
    score_signal: worth?.signals.score?.version ?? null,
  };
}
