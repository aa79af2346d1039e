import { type Factors, factorsAt, type Moment } from '../../domain/scoring/contexts.ts';
import { priorRates, type Rates } from '../../domain/scoring/rates.ts';
import { score as scoreImpression } from '../../domain/scoring/score.ts';
import type { CampaignSignals } from '../catalog/signals.ts';
import { type DecidingParts, type Decision, type Runner, racing } from '../decision.ts';
import { letIn } from './rotate.ts';

/** What an impression of each creative is worth, less the shadow price of its campaign's budget. Who is scored already stays so. */
export function score(decision: Decision, parts: DecidingParts): void {
  do {
    for (const runner of racing(decision)) if (runner.worth === null) value(runner, decision, parts);
  } while (decision.rotations.length > 0 && letIn(decision));
}

function value(runner: Runner, { ask, treatment }: Decision, { signals: all }: DecidingParts): void {
  const { facts } = runner.entrant;
  const signals = all.of(facts.id);
  const { model } = facts.pricing;
  const own = ratesOf(runner, signals);
  // Where the ad will stand is not known yet, unless it can stand nowhere else.
  const position = ask.rules.maxAds === 1 || runner.facts.place === 'first' ? 1 : null;
  // Rates are no part of another price.
  const isPriced = signals.contexts !== null && (model === 'cpc' || model === 'cpv');
  const rates = isPriced ? at(own, momentOf(ask, position), signals) : own;
  const muPpm = signals.pacing?.mu_ppm ?? 0;
  const { valueMicros, scoreMicros } = scoreImpression(
    facts.pricing,
    rates,
    muPpm,
    facts.flatValueMicros,
    facts.tier,
    treatment.weights,
  );
  runner.worth = { valueMicros, scoreMicros, muPpm, qualityCenti: rates.qualityCenti, signals };
  if (scoreMicros < 1) runner.struck = 'shadow_price';
  else if (ask.admission.clears?.(facts.campaign, valueMicros, runner.facts.durationSeconds) === false) {
    runner.struck = 'below_floor';
  }
}

/** What is expected of an ad at its place in the pod; null: no signal said anything of it. */
export function predictedOf(runner: Runner, { ask }: Decision, position: number): Rates | null {
  const signals = runner.worth?.signals;
  if (!signals?.score) return null;
  return at(ratesOf(runner, signals), momentOf(ask, position === 0 ? null : position), signals);
}

function momentOf({ context, minute }: Decision['ask'], position: number | null): Moment {
  const { deviceType, contentCategory } = context;
  return { deviceType, contentCategory, hour: Math.floor(minute / 60) % 24, position };
}

function at(rates: Rates, moment: Moment, { contexts }: CampaignSignals): Rates {
  if (contexts === null) return rates;
  const factors = factorsAt(contexts, moment);
  return { ...rates, ...moved(rates, factors) };
}

/** How often views begin is taken to be the same everywhere. */
function moved(
  { ctrPpm, vtrPpm, completionPpm }: Rates,
  { ctr, completion }: Factors,
): Pick<Rates, 'ctrPpm' | 'vtrPpm' | 'completionPpm'> {
  return {
    ctrPpm: likely(ctrPpm * ctr),
    vtrPpm: likely(vtrPpm * completion),
    completionPpm: likely(completionPpm * completion),
  };
}

function likely(ppm: number): number {
  return Math.min(1_000_000, Math.round(ppm));
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
