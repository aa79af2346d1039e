import { randomUUID } from 'node:crypto';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { PlainBeacon } from './reports-facts.ts';

/** Something that was billed and is not owed; it is no beacon, and all that it does not say is unknown. */
export interface PlainAdjustment {
  /** Epoch ms, a whole minute. */
  readonly at: number;
  readonly impressions: number;
  readonly micros: number;
  readonly of: Readonly<Record<string, string | number>>;
}

const nobody = '00000000-0000-0000-0000-000000000000';

/** One for every fiftieth billed beacon, each fifth of them taking back instead. */
export function adjustmentsOf(beacons: readonly PlainBeacon[]): readonly PlainAdjustment[] {
  return beacons
    .filter(({ spend }) => spend > 0)
    .filter((_, index) => index % 50 === 0)
    .map(({ at, spend, of }, index) => {
      const sign = index % 5 === 4 ? -1 : 1;
      return {
        at: Math.floor(at / 60_000) * 60_000,
        impressions: sign * (1 + (index % 3)),
        micros: sign * spend,
        of: {
          campaign: String(of.campaign),
          advertiser: String(of.advertiser),
          creative: nobody,
          position: 0,
          duration_seconds: 0,
        },
      };
    });
}

/** These and no others. */
export async function writeAdjustments(warehouse: Warehouse, all: readonly PlainAdjustment[]): Promise<void> {
  await warehouse.run('TRUNCATE TABLE breakwater.adjustments');
  await warehouse.run(
    `INSERT INTO breakwater.adjustments (id, campaign, advertiser, at, until, reason, impressions, amount_micros, recorded_at)
     SELECT t.6, t.1, t.2, toDateTime(t.3, 'UTC'), toDateTime(t.3 + 60, 'UTC'), 'invalid_traffic', t.4, t.5, now64(3)
     FROM (SELECT arrayJoin(arrayZip({campaigns:Array(UUID)}, {advertisers:Array(UUID)}, {at:Array(UInt32)}, {impressions:Array(Int64)}, {micros:Array(Int64)}, {ids:Array(UUID)})) AS t)`,
    {
      ids: all.map(() => randomUUID()),
      campaigns: all.map(({ of }) => String(of.campaign)),
      advertisers: all.map(({ of }) => String(of.advertiser)),
      at: all.map(({ at }) => at / 1000),
      impressions: all.map(({ impressions }) => impressions),
      micros: all.map(({ micros }) => micros),
    },
  );
}
