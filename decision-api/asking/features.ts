import type { Campaign, Objective } from '../../domain/campaign.ts';
import { armAt, drawsOf, type Experiment, type FeatureName, recordedName } from '../../domain/experiment.ts';
import { mixed } from '../../domain/scoring/rotation.ts';
import { fullWeights, type ScoreWeights } from '../../domain/scoring/score.ts';
import type { Config } from '../../engines/config.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';

export type Feature = FeatureName;

export const allFeatures: readonly Feature[] = ['targeting', 'frequency', 'pods'];

/** What experiments make of a decision for one viewer. */
export interface Treatment {
  readonly features: ReadonlySet<Feature>;
  /** Null: the one that was asked for. */
  readonly objective: Objective | null;
  readonly weights: ScoreWeights;
  /** Where the viewer stands in what runs; a flag that is on or off for everybody is no experiment. */
  readonly arms: readonly { readonly experiment: string; readonly arm: string }[];
}

const madeFlags = new Map<string, Pick<Experiment, 'name' | 'arms'>>();

/** A flag with a percentage is an experiment of two arms; it is made once, requests ask for it again and again. */
function flagOf(feature: Feature, percent: number): Pick<Experiment, 'name' | 'arms'> {
  const name = `${feature} ${percent}`;
  const known = madeFlags.get(name) ?? makeFlag(feature, percent);
  madeFlags.set(name, known);
  return known;
}

function makeFlag(feature: Feature, percent: number): Pick<Experiment, 'name' | 'arms'> {
  const arms = [
    { name: 'on', weight: percent },
    { name: 'off', weight: 100 - percent, features: { [feature]: false } },
  ];
  // An experiment may have the feature's name: its viewers are drawn by that alone.
  return { name: `flag:${feature}`, arms };
}

/**
 * Where a viewer stands in what is called so. Mixed, because FNV-1a alone links one pair of names in 128: the last bits of its hash follow
 * from the last bits of what it began in, and of the viewer's letters.
 */
function drawOf(name: string, viewer: string): number {
  return mixed(partitionOf(`${name}:${viewer}`, drawsOf));
}

/**
 * Flags first, then what the request's organisation runs, by name; a later one has the last word. The same viewer always stands in the same
 * arm of an experiment: the draw is a hash of both.
 */
export function treatmentOf(viewer: string, flags: Config['features'], experiments: readonly Experiment[]): Treatment {
  const on = new Set(allFeatures);
  const arms: { experiment: string; arm: string }[] = [];
  let objective: Objective | null = null;
  let weights = fullWeights;
  const stand = ({ name, arms: choices }: Pick<Experiment, 'name' | 'arms'>, told: string | null) => {
    const arm = armAt(choices, drawOf(name, viewer));
    if (arm === null) return;
    if (told !== null) arms.push({ experiment: told, arm: arm.name });
    for (const feature of allFeatures) {
      if (arm.features?.[feature] === false) on.delete(feature);
      if (arm.features?.[feature] === true) on.add(feature);
    }
    objective = arm.objective ?? objective;
    const { qualityPercent, shadowPricePercent } = arm;
    weights = {
      qualityPercent: qualityPercent ?? weights.qualityPercent,
      shadowPricePercent: shadowPricePercent ?? weights.shadowPricePercent,
    };
  };
  for (const feature of allFeatures) {
    const percent = flags[feature];
    stand(flagOf(feature, percent), percent > 0 && percent < 100 ? `flag:${feature}` : null);
  }
  for (const experiment of experiments)
    if (experiment.status === 'running') stand(experiment, recordedName(experiment));
  return { features: on, objective, weights, arms };
}

/** The features that a campaign cannot do without: off for a viewer, its rules are never ignored, it is ineligible. */
export function carries(campaign: Campaign): readonly Feature[] {
  const carried: Feature[] = [];
  if (campaign.targeting.length > 0) carried.push('targeting');
  if (campaign.caps.length > 0) carried.push('frequency');
  return carried;
}
