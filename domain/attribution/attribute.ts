import { type Journey, removalEffects, type Step } from './markov.ts';
import { type ModelName, models } from './models.ts';
import { pathOf, type Touch, type Windows } from './path.ts';
import { split } from './split.ts';

export type { Touch } from './path.ts';

/** One conversion with every touch that its viewer had of the advertiser, in any order. */
export interface Conversion {
  readonly id: string;
  /** When it happened, epoch ms. */
  readonly at: number;
  readonly valueMicros: number;
  readonly touches: readonly Touch[];
}

/** A conversion is this many parts. */
export const WHOLE = 1_000_000;

/** What one touch gets of one conversion. */
export interface Credit {
  readonly conversion: Conversion;
  /** The whole path, oldest first. */
  readonly path: readonly Touch[];
  readonly touch: Touch;
  readonly valueMicros: number;
  /** Millionths of a conversion. */
  readonly parts: number;
}

export interface AttributionOptions {
  readonly windows: Windows;
  readonly halfLifeMs: number;
  /** Steps of ways that led to nothing, which the data-driven model weighs too. */
  readonly lost: readonly Step[];
}

export interface Attributed {
  readonly credits: readonly Credit[];
  /** Conversions without a touch in the windows. */
  readonly unattributed: readonly Conversion[];
}

/** Credits of each conversion add up to exactly its value, and to one conversion. */
export function attribute(
  conversions: readonly Conversion[],
  model: ModelName,
  { windows, halfLifeMs, lost }: AttributionOptions,
): Attributed {
  const paths = conversions.map((conversion) => ({
    conversion,
    path: pathOf(conversion.touches, conversion.at, windows),
  }));
  const effects = model === 'data_driven' ? removalEffects(journeysOf(paths), lost) : new Map<string, number>();
  const credits = paths.flatMap(({ conversion, path }): Credit[] => {
    const weights = models[model](path, { at: conversion.at, halfLifeMs, effects });
    const values = split(conversion.valueMicros, weights);
    const parts = split(WHOLE, weights);
    return path.map((touch, index) => ({
      conversion,
      path,
      touch,
      valueMicros: values[index] ?? 0,
      parts: parts[index] ?? 0,
    }));
  });
  return { credits, unattributed: paths.filter(({ path }) => path.length === 0).map(({ conversion }) => conversion) };
}

function journeysOf(paths: readonly { readonly path: readonly Touch[] }[]): readonly Journey[] {
  return paths
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => ({ campaigns: path.map(({ campaign }) => campaign), converted: 1, lost: 0 }));
}
