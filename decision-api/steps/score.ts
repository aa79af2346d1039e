import { priorRates, type Rates } from '../../domain/scoring/rates.ts';
import { flatValue, score as scoreImpression } from '../../domain/scoring/score.ts';
import type { CampaignSignals } from '../catalog/signals.ts';
import { type DecidingParts, type Decision, type Runner, racing } from '../decision.ts';

/** What an impression of each creative is worth, less the shadow price of its campaign's budget. */
export function score(decision: Decision, parts: DecidingParts): void {
  const { admission } = decision.ask;
  for (const runner of racing(decision)) {
    const { campaign } = runner.entrant;
    const signals = parts.signals.of(campaign.id);
    const rates = ratesOf(runner, signals);
    const muPpm = signals.pacing?.mu_ppm ?? 0;
    const { valueMicros, scoreMicros } = scoreImpression(
      campaign.pricing,
      rates,
      muPpm,
      flatValue(campaign),
      campaign.tier,
      decision.treatment.weights,
    );
    runner.worth = { valueMicros, scoreMicros, muPpm, qualityCenti: rates.qualityCenti, signals };
    if (scoreMicros < 1) runner.struck = 'shadow_price';
    else if (admission.clears?.(campaign, valueMicros, runner.creative.durationSeconds) === false) {
      runner.struck = 'below_floor';
    }
  }
}

/** The creative's own rates, else its campaign's, else what is believed of an ad of which nothing is known. */
function ratesOf({ creative }: Runner, { score: signal }: CampaignSignals): Rates {
  if (!signal) return priorRates;
  const own = signal.creatives.find((each) => each.creative === creative.id) ?? signal;
  return {
    ctrPpm: own.ctr_ppm,
    vtrPpm: own.vtr_ppm,
    completionPpm: own.completion_ppm,
    qualityCenti: signal.quality_centi,
    relevanceCenti: signal.relevance_centi,
  };
}
