import type { Reader } from '../asking/readers.ts';
import { type DecidingParts, type Decision, type Entrant, outcomesOf, podOf, type Runner } from '../decision.ts';
import { needsMoney } from '../holding/purse.ts';
import { usedOf } from '../holding/reserver.ts';
import { type Outcome, outcomeOfAll } from '../reasons.ts';
import { enter } from '../steps/match.ts';

/** Every campaign of the catalog with its slot or the one reason why it has none, its scores, prices and caps; of what is not the reader's only what became of it. */
export function explainDecision(decision: Decision, parts: DecidingParts, reader: Reader): object {
  const positions = new Map(podOf(decision).map(({ held }, index) => [held.runner.creative.id, index + 1]));
  const entered = new Map(decision.entrants.map((entrant) => [entrant.campaign.id, entrant]));
  return {
    viewer: decision.ask.viewer.viewer,
    features: [...decision.treatment.features],
    experiments: decision.treatment.arms,
    context: decision.ask.context,
    rules: decision.ask.rules,
    steps_us: decision.timingsUs,
    campaigns: decision.catalog.map((campaign) => {
      const entrant = entered.get(campaign.id) ?? enter(campaign, decision);
      if (reader.owns(campaign)) return explainEntrant(entrant, decision, parts, positions);
      return { campaign_id: campaign.id, outcome: cameTo(entrant, outcomesOf(decision)) };
    }),
  };
}

function explainEntrant(
  entrant: Entrant,
  decision: Decision,
  parts: DecidingParts,
  positions: ReadonlyMap<string, number>,
): object {
  const { campaign } = entrant;
  const outcomeOf = outcomesOf(decision);
  const signals = parts.signals.of(campaign.id);
  return {
    campaign_id: campaign.id,
    name: campaign.name,
    outcome: cameTo(entrant, outcomeOf),
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
    creatives: entrant.runners.map((runner) => explainRunner(runner, outcomeOf(runner), positions)),
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
