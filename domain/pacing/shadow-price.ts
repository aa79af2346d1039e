import type { PacingMode } from '../campaign.ts';

export type PacingStatus = 'under' | 'on_track' | 'over';

/** The shadow price never leaves 0 … 3: at 3 not even three times the price would be worth the budget. */
export const muLimitPpm = 3_000_000;

/** What a plan is counted in: money, or impressions where the goal is nearer than the budget. */
export type PacingUnit = 'micros' | 'impressions';

/** What is remembered between two updates of one campaign. Whole numbers. */
export interface PacingState {
  /** The shadow price in use, in millionths of the price. */
  readonly muPpm: number;
  /** The same without the guard rail. */
  readonly dualPpm: number;
  /** What was counted at the last update. */
  readonly unit: PacingUnit;
  /** As of the last update; null before the first. */
  readonly spent: number | null;
  readonly target: number | null;
}

export const initialPacingState: PacingState = { muPpm: 0, dualPpm: 0, unit: 'micros', spent: null, target: null };

/** One moment of one campaign. The four amounts are in `unit`. */
export interface PacingInput {
  readonly mode: PacingMode;
  readonly unit: PacingUnit;
  readonly spent: number;
  readonly target: number;
  /** Of both, what was before the time over which the plan runs: before today where only the day has a budget, else 0. */
  readonly before: number;
  /** The whole budget (or goal). */
  readonly budget: number;
  /** Since the last update. */
  readonly elapsedMs: number;
  /** The time over which the plan runs: the flight, or the day where only the day has a budget. */
  readonly horizonMs: number;
  /** What is left of it. */
  readonly remainingMs: number;
  /** One billable event, in `unit`: spend moves by no less. */
  readonly grain: number;
}

/**
 * The next shadow price, by dual descent: μ rises in proportion to how far spend since the last update ran ahead of what was wanted
 * since then, relative to what the plan wants in one time constant, and falls likewise. Wanted is the plan's own rate and a part of
 * the accumulated difference, so that errors die out instead of swinging: a tenth per time constant, and more as the end comes near,
 * because what is left then is lost. A proportional guard rail acts at once where spend has left the plan by more than a twentieth.
 * asap has no price on its budget: the budget's end is its end.
 * Source of the method: Balseiro, Lu, Mirrokni, "Dual mirror descent for online allocation problems", ICML 2020.
 */
export function updateMu(state: PacingState, input: PacingInput): PacingState {
  const { unit, spent, target, budget, elapsedMs } = input;
  if (input.mode === 'asap') return { muPpm: 0, dualPpm: 0, unit, spent, target };
  if (state.spent === null || state.target === null || state.unit !== unit) {
    return { ...withGuard(state.dualPpm, input), unit, spent, target };
  }
  if (elapsedMs <= 0) return state;
  const constantMs = timeConstantMs(input);
  const wanted = Math.max(0, target - state.target);
  const catchUpMs = Math.max(constantMs, Math.min(constantMs * catchUpConstants, input.remainingMs / 2));
  const ahead = spent - state.spent - wanted - ((target - spent) * elapsedMs) / catchUpMs;
  const ratePerMs = Math.max(wanted / elapsedMs, budget / Math.max(1, input.horizonMs) / 10);
  const scale = Math.max(1, ratePerMs * constantMs);
  const step = clamp(ahead / scale, -stepLimit, stepLimit);
  const dualPpm = Math.round(clamp(state.dualPpm + step * 1_000_000, 0, muLimitPpm));
  return { ...withGuard(dualPpm, input), unit, spent, target };
}

/** Spend within a twentieth of the plan, or half a percent of the budget, is on track. asap has no plan to miss. */
export function pacingStatus({ mode, spent, target, before, budget }: PacingInput): PacingStatus {
  const slack = Math.max((target - before) * tolerance, budget * 0.005);
  if (mode === 'asap' || Math.abs(spent - target) <= slack) return 'on_track';
  return spent < target ? 'under' : 'over';
}

const tolerance = 0.05;
const stepLimit = 0.5;
const guardGain = 2;
const catchUpConstants = 10;
const eventsPerConstant = 40;

/**
 * μ answers within a hundredth of the plan's time, between 2 s and an hour; slower where so few events come in that time that their
 * chance would move it, but never slower than a tenth of the plan's time.
 */
function timeConstantMs({ horizonMs, budget, grain }: PacingInput): number {
  const eventMs = (horizonMs * grain) / Math.max(1, budget);
  const wanted = Math.max(clamp(horizonMs / 100, 2_000, 3_600_000), eventMs * eventsPerConstant);
  return Math.min(wanted, Math.max(2_000, horizonMs / 10));
}

function withGuard(dualPpm: number, input: PacingInput): Pick<PacingState, 'dualPpm' | 'muPpm'> {
  const { spent, target, before, budget } = input;
  const error = clamp((spent - target) / Math.max(1, target - before, budget * 0.02), -1, 1);
  const beyond = Math.sign(error) * Math.max(0, Math.abs(error) - tolerance);
  return { dualPpm, muPpm: Math.round(clamp(dualPpm + guardGain * beyond * 1_000_000, 0, muLimitPpm)) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
