import { recompute } from '../../engines/warehouse/roll-ups.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { Spread } from './reports-drawn.ts';

const DAY_MS = 86_400_000;
/** Changes of clocks of 2026 in America/New_York, Europe/Paris, Australia/Lord_Howe and America/Havana lie in it. */
const start = Date.UTC(2026, 9, 1);
const DAYS = 40;

/**
 * Moves the rows of a copied warehouse so that its seconds become days, and says how an instant moved. Everything else of a row
 * stays. Whole numbers only, so that both sides compute the same.
 */
export async function stretch(warehouse: Warehouse, { from, to }: Spread): Promise<(at: number) => number> {
  const factor = Math.floor((DAYS * DAY_MS) / Math.max(1, to - from));
  const moved = (at: string) =>
    `fromUnixTimestamp64Milli(toInt64(${start}) + (toUnixTimestamp64Milli(${at}) - ${from}) * ${factor}, 'UTC')`;
  for (const table of ['beacons', 'requests', 'request_ads']) {
    const decided =
      table === 'requests'
        ? ''
        : `, toDateTime(${moved("toDateTime64(decision_minute, 3, 'UTC')")}, 'UTC') AS decision_minute`;
    await warehouse.run(`CREATE TABLE breakwater.moved_${table} AS breakwater.${table}`);
    await warehouse.run(
      `INSERT INTO breakwater.moved_${table}
       SELECT * REPLACE(${moved('received_at')} AS received_at, toStartOfMinute(toDateTime(${moved('received_at')}, 'UTC')) AS minute${decided})
       FROM breakwater.${table} AS t FINAL`,
    );
    await warehouse.run(`EXCHANGE TABLES breakwater.${table} AND breakwater.moved_${table}`);
  }
  for (const family of ['delivery', 'request']) {
    for (const grain of ['minutes', 'hours', 'days'])
      await warehouse.run(`TRUNCATE TABLE breakwater.${family}_${grain}`);
  }
  return (at) => start + (at - from) * factor;
}

export async function recomputeAll(warehouse: Warehouse): Promise<void> {
  for (const [family, table] of [
    ['delivery', 'beacons'],
    ['request', 'requests'],
  ] as const) {
    const slices = await warehouse.query<{ partition: number; minute: number }>(
      `SELECT DISTINCT source_partition AS partition, toUnixTimestamp(minute) AS minute FROM breakwater.${table}`,
    );
    await recompute(warehouse, family, slices);
  }
}
