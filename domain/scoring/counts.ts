import type { AdBeacon, CreativeCounts, ScoreRecord } from '../../schemas/records.ts';

/** After so long a view weighs half. */
export const defaultHalfLifeMs = 6 * 3_600_000;

/** What a beacon says of its creative. */
export type CountedBeacon = Pick<AdBeacon, 'event' | 'creative' | 'campaign' | 'advertiser'>;

export const emptyScoreRecord: ScoreRecord = { position: 0, as_of: 0, creatives: [] };

type CountField =
  | 'impressions_milli'
  | 'starts_milli'
  | 'completes_milli'
  | 'clicks_milli'
  | 'skips_milli'
  | 'errors_milli';

const fieldOfEvent: ReadonlyMap<string, CountField> = new Map([
  ['impression', 'impressions_milli'],
  ['start', 'starts_milli'],
  ['complete', 'completes_milli'],
  ['click', 'clicks_milli'],
  ['skip', 'skips_milli'],
  ['error', 'errors_milli'],
]);

/** Decay goes by steps of this share of a half-life: small enough to be smooth, large enough for whole numbers to fall. */
export const stepsPerHalfLife = 36;
const stepsUntilNothing = stepsPerHalfLife * 40;

/**
 * Brings the counts to a later moment (epoch ms). Decay happens only as the clock passes fixed steps, and one step at a time, so
 * the result depends on the two moments and not on how often one looked in between. An earlier moment changes nothing.
 */
export function decayCounts(record: ScoreRecord, at: number, halfLifeMs = defaultHalfLifeMs): ScoreRecord {
  if (at <= record.as_of) return record;
  const steps = stepsBetween(record.as_of, at, halfLifeMs);
  if (steps === 0 || record.creatives.length === 0) return { ...record, as_of: at };
  if (steps >= stepsUntilNothing) return { ...record, as_of: at, creatives: [] };
  const creatives = record.creatives.map((counts) => decayed(counts, steps)).filter(isSomething);
  return { ...record, as_of: at, creatives };
}

function stepsBetween(from: number, to: number, halfLifeMs: number): number {
  const stepMs = Math.max(1, Math.floor(halfLifeMs / stepsPerHalfLife));
  return Math.floor(to / stepMs) - Math.floor(from / stepMs);
}

/** A beacon and when it was appended, epoch ms. */
export interface Counting {
  readonly beacon: CountedBeacon;
  readonly appendedAt: number;
}

/** Counts beacons in their order, each after decay to its append time. The caller passes each (reservation, event) once, and keeps `position`. */
export function applyBeacons(
  record: ScoreRecord,
  beacons: readonly Counting[],
  halfLifeMs = defaultHalfLifeMs,
): ScoreRecord {
  let { as_of } = record;
  let counts = byCreative(record.creatives);
  for (const { beacon, appendedAt } of beacons) {
    if (appendedAt > as_of) {
      if (stepsBetween(as_of, appendedAt, halfLifeMs) > 0) {
        const before = { ...record, as_of, creatives: [...counts.values()] };
        counts = byCreative(decayCounts(before, appendedAt, halfLifeMs).creatives);
      }
      as_of = appendedAt;
    }
    const field = fieldOfEvent.get(beacon.event);
    if (field === undefined) continue;
    const { creative, campaign, advertiser } = beacon;
    const own = counts.get(creative) ?? { creative, campaign, advertiser, ...noCounts };
    counts.set(creative, { ...own, [field]: own[field] + 1_000 });
  }
  return { ...record, as_of, creatives: [...counts.values()].sort(inOrder) };
}

const noCounts: Readonly<Record<CountField, number>> = {
  impressions_milli: 0,
  starts_milli: 0,
  completes_milli: 0,
  clicks_milli: 0,
  skips_milli: 0,
  errors_milli: 0,
};

function decayed(counts: CreativeCounts, steps: number): CreativeCounts {
  return {
    ...counts,
    impressions_milli: decayedCount(counts.impressions_milli, steps),
    starts_milli: decayedCount(counts.starts_milli, steps),
    completes_milli: decayedCount(counts.completes_milli, steps),
    clicks_milli: decayedCount(counts.clicks_milli, steps),
    skips_milli: decayedCount(counts.skips_milli, steps),
    errors_milli: decayedCount(counts.errors_milli, steps),
  };
}

const stepFactor = 2 ** (-1 / stepsPerHalfLife);

/** Below some 26 thousandths rounding would stand still: less than a thirtieth of a view is nothing. */
export function decayedCount(milli: number, steps: number): number {
  let count = milli;
  for (let step = 0; step < steps && count > 0; step++) {
    const next = Math.round(count * stepFactor);
    count = next === count ? 0 : next;
  }
  return count;
}

function isSomething(counts: CreativeCounts): boolean {
  return [...fieldOfEvent.values()].some((field) => counts[field] > 0);
}

function byCreative(counts: readonly CreativeCounts[]): Map<string, CreativeCounts> {
  return new Map(counts.map((each) => [each.creative, each]));
}

function inOrder(a: CreativeCounts, b: CreativeCounts): number {
  return a.creative < b.creative ? -1 : 1;
}
