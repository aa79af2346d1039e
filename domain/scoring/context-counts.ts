import type { CampaignContexts, ContextCell, ContextRecord } from '../../schemas/records.ts';

/** After so long a view weighs half: contexts move slowly, and there is little of each. */
export const contextHalfLifeMinutes = 3 * 24 * 60;
/** What one record holds at most; what is seen least goes first. */
const CELLS_MAX = 50_000;

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
 * was there before decays first, rounded down so that the least of it comes to an end.
 */
export function addContexts(
  record: ContextRecord,
  counts: readonly ContextCount[],
  until: number,
): ContextRecord | null {
  if (until <= record.until) return null;
  const factor = record.until === 0 ? 0 : 2 ** (-(until - record.until) / contextHalfLifeMinutes);
  const campaigns = new Map<string, { readonly advertiser: string; readonly cells: Map<string, ContextCell> }>();
  for (const { campaign, advertiser, cells } of record.campaigns) {
    const left = cells.map((cell) => decayed(cell, factor)).filter((cell) => cell.impressions_milli > 0);
    if (left.length > 0)
      campaigns.set(campaign, { advertiser, cells: new Map(left.map((cell) => [keyOf(cell), cell])) });
  }
  for (const count of counts) {
    const own = campaigns.get(count.campaign) ?? { advertiser: count.advertiser, cells: new Map() };
    campaigns.set(count.campaign, own);
    own.cells.set(keyOf(count), grown(own.cells.get(keyOf(count)), count));
  }
  return { until, campaigns: bounded(campaigns) };
}

function keyOf({ dimension, value }: Pick<ContextCell, 'dimension' | 'value'>): string {
  return `${dimension}\n${value}`;
}

function decayed(cell: ContextCell, factor: number): ContextCell {
  return {
    ...cell,
    impressions_milli: Math.floor(cell.impressions_milli * factor),
    starts_milli: Math.floor(cell.starts_milli * factor),
    completes_milli: Math.floor(cell.completes_milli * factor),
    clicks_milli: Math.floor(cell.clicks_milli * factor),
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

/** In the order of ids, so that equal counts are equal bytes. */
function bounded(
  campaigns: ReadonlyMap<string, { readonly advertiser: string; readonly cells: ReadonlyMap<string, ContextCell> }>,
): readonly CampaignContexts[] {
  const sizes = [...campaigns.values()].flatMap(({ cells }) =>
    [...cells.values()].map((cell) => cell.impressions_milli),
  );
  const least = sizes.length <= CELLS_MAX ? 0 : (sizes.sort((a, b) => b - a)[CELLS_MAX] ?? 0);
  return [...campaigns]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([campaign, { advertiser, cells }]) => {
      const kept = [...cells.values()].filter((cell) => cell.impressions_milli > least);
      return kept.length === 0
        ? []
        : [{ campaign, advertiser, cells: kept.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }];
    });
}
