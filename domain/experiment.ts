import type { Objective } from './campaign.ts';
import { HOUSE_ORGANISATION } from './organisation.ts';

/** What an arm of an experiment may switch off, or back on. */
export type FeatureName = 'targeting' | 'frequency' | 'pods';

/** What a decision does differently for the viewers of this arm. Absent or null: as always. */
export interface ExperimentArm {
  readonly name: string;
  /** Viewers stand in the arms of an experiment in these proportions. */
  readonly weight: number;
  readonly objective?: Objective | null;
  readonly features?: Readonly<Partial<Record<FeatureName, boolean>>>;
  /** How much of an ad's quality counts in its score, in percent: 0 is by price alone. */
  readonly qualityPercent?: number | null;
  /** How much of the shadow price of budgets counts, in percent. */
  readonly shadowPricePercent?: number | null;
}

/** A named comparison on decisions, kept in the catalog. Arms are in the order that was given: moving one moves viewers. */
export interface Experiment {
  readonly id: string;
  readonly version: number;
  /** On whose requests it acts. Absent: the house's. */
  readonly organisation?: string;
  readonly name: string;
  readonly status: 'running' | 'stopped';
  readonly arms: readonly ExperimentArm[];
}

/** What records of decisions call an experiment: two organisations may have one of the same name. */
export function recordedName({ organisation, name }: Pick<Experiment, 'organisation' | 'name'>): string {
  return organisation === undefined || organisation === HOUSE_ORGANISATION ? name : `${organisation}:${name}`;
}

/** Draws are whole numbers below this, so that the smallest weight there can be has its share of them. */
export const drawsOf = 2 ** 32;

/** The arm at a draw: arms take draws in their order, each its weight's share of them. Null: there is none with a weight. */
export function armAt<Arm extends { readonly weight: number }>(arms: readonly Arm[], draw: number): Arm | null {
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  let upTo = 0;
  for (const arm of arms) {
    upTo += arm.weight;
    if ((draw / drawsOf) * total < upTo) return arm;
  }
  return null;
}
