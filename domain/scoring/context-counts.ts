import type { CampaignContexts, ContextCell, ContextRecord } from '../../schemas/records.ts';
import { decayedCount, stepsPerHalfLife } from './counts.ts';

/** After so long a view weighs half: contexts move slowly, and there is little of each. */
export const contextHalfLifeMinutes = 3 * 24 * 60;
/** As in counts.ts: whoever decays by the minute rounds away all that is rare. */
const STEP_MINUTES = contextHalfLifeMinutes / stepsPerHalfLife;
/**
 * What one record holds after a step; what is seen least goes first. Between steps it may hold twice as much, so that who is new can add
 * up.
 */
export const CELLS_MAX = 50_000;

export const emptyContexts: ContextRecord = { until: 0, campaigns: [] };

/** What one campaign had in one context in the minutes that are added. Whole numbers. */
export interface ContextCount {
  readonly campaign: string;
  readonly advertiser: string;
  readonly dimension: string;
  readonly value: string;
  readonly impressions: number;
  readonly starts: number;
  readonly completes: number;
  readonly clicks: number;
}

/**
 * The record after the decisions of the minutes from `record.until` to `until` (epoch minutes). Null: they are counted already. What
 * was there before decays first, as the minutes pass fixed steps.
 */
export function addContexts(
  record: ContextRecord,
  counts: readonly ContextCount[],
  until: number,
): ContextRecord | null {
  if (until <= record.until) return null;
  const steps = Math.floor(until / STEP_MINUTES) - Math.floor(record.until / STEP_MINUTES);
  const campaigns = new Map<string, { readonly advertiser: string; readonly cells: Map<string, ContextCell> }>();
  for (const { campaign, advertiser, cells } of record.campaigns) {
    const left = cells.map((cell) => decayed(cell, steps)).filter((cell) => cell.impressions_milli > 0);
    if (left.length > 0)
      campaigns.set(campaign, { advertiser, cells: new Map(left.map((cell) => [keyOf(cell), cell])) });
  }
  for (const count of counts) {
    const own = campaigns.get(count.campaign) ?? { advertiser: count.advertiser, cells: new Map() };
    campaigns.set(count.campaign, own);
    own.cells.set(keyOf(count), grown(own.cells.get(keyOf(count)), count));
  }
  return { until, campaigns: inOrder(campaigns, steps > 0 ? CELLS_MAX : 2 * CELLS_MAX) };
}

function keyOf({ dimension, value }: Pick<ContextCell, 'dimension' | 'value'>): string {
  return `${dimension}\n${value}`;
}

function decayed(cell: ContextCell, steps: number): ContextCell {
  return {
    ...cell,
    impressions_milli: decayedCount(cell.impressions_milli, steps),
    starts_milli: decayedCount(cell.starts_milli, steps),
    completes_milli: decayedCount(cell.completes_milli, steps),
    clicks_milli: decayedCount(cell.clicks_milli, steps),
  };
}

function grown(before: ContextCell | undefined, { dimension, value, ...count }: ContextCount): ContextCell {
  return {
    dimension,
    value,
    impressions_milli: (before?.impressions_milli ?? 0) + count.impressions * 1_000,
    starts_milli: (before?.starts_milli ?? 0) + count.starts * 1_000,
    completes_milli: (before?.completes_milli ?? 0) + count.completes * 1_000,
    clicks_milli: (before?.clicks_milli ?? 0) + count.clicks * 1_000,
  };
}

type Cells = ReadonlyMap<string, { readonly advertiser: string; readonly cells: ReadonlyMap<string, ContextCell> }>;

/** At most so many cells, in the order of ids, so that equal counts are equal bytes. */
function inOrder(campaigns: Cells, most: number): readonly CampaignContexts[] {
  const dropped = seenLeast(campaigns, most);
  return [...campaigns]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([campaign, { advertiser, cells }]) => {
      const kept = [...cells.values()].filter((cell) => !dropped.has(cell));
      return kept.length === 0
        ? []
        : [{ campaign, advertiser, cells: kept.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }];
    });
}

/** The cells beyond `most`, by their impressions; of equal ones those of the later ids. */
function seenLeast(campaigns: Cells, most: number): ReadonlySet<ContextCell> {
  const all = [...campaigns].flatMap(([campaign, { cells }]) =>
    [...cells].map(([key, cell]) => ({ cell, name: `${campaign}\n${key}` })),
  );
  if (all.length <= most) return new Set();
  const byViews = all.sort((a, b) => b.cell.impressions_milli - a.cell.impressions_milli || (a.name < b.name ? -1 : 1));
  return new Set(byViews.slice(most).map(({ cell }) => cell));
}
