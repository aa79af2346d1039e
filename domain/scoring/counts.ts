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
const stepsPerHalfLife = 36;
const stepsUntilNothing = stepsPerHalfLife * 40;

/**
 * Brings the counts to a later moment (epoch ms). Decay happens only as the clock passes fixed steps, and one step at a time, so
 * the result depends on the two moments and not on how often one looked in between. An earlier moment changes nothing.
 */
export function decayCounts(record: ScoreRecord, at: number, halfLifeMs = defaultHalfLifeMs): ScoreRecord {
  if (at <= record.as_of) return record;
  const stepMs = Math.max(1, Math.floor(halfLifeMs / stepsPerHalfLife));
  const steps = Math.floor(at / stepMs) - Math.floor(record.as_of / stepMs);
  if (steps === 0 || record.creatives.length === 0) return { ...record, as_of: at };
  if (steps >= stepsUntilNothing) return { ...record, as_of: at, creatives: [] };
  const creatives = record.creatives.map((counts) => decayed(counts, steps)).filter(isSomething);
  return { ...record, as_of: at, creatives };
}

/** Counts one beacon, after decay to its append time. The caller passes each (reservation, event) once, and keeps `position`. */
export function applyBeacon(
  record: ScoreRecord,
  beacon: CountedBeacon,
  appendedAt: number,
  halfLifeMs = defaultHalfLifeMs,
): ScoreRecord {
  const now = decayCounts(record, appendedAt, halfLifeMs);
  const field = fieldOfEvent.get(beacon.event);
  if (field === undefined) return now;
  const { creative, campaign, advertiser } = beacon;
  const known = now.creatives.findIndex((counts) => counts.creative === creative);
  const before = now.creatives[known] ?? { creative, campaign, advertiser, ...noCounts };
  const after = { ...before, [field]: before[field] + 1_000 };
  const creatives = known < 0 ? [...now.creatives, after].sort(byCreative) : now.creatives.with(known, after);
  return { ...now, creatives };
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
function decayedCount(milli: number, steps: number): number {
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

function byCreative(a: CreativeCounts, b: CreativeCounts): number {
  return a.creative < b.creative ? -1 : 1;
}
