import type { CarriedDay } from '../catalog/carried-over.ts';
import { containerWriter } from './avro-container.ts';
import type { Warehouse } from './warehouse.ts';

const EPOCH_DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 10_000;

const writer = containerWriter<object>({
  type: 'record',
  name: 'CarriedDay',
  fields: [
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'campaign', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'advertiser', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'impressions', type: 'long' },
    { name: 'clicks', type: 'long' },
    { name: 'completes', type: 'long' },
    { name: 'spend_micros', type: 'long' },
    { name: 'source', type: 'string' },
  ],
} as never);

/** Brings what the MVP counted into the warehouse; rows that are there already are replaced by themselves. */
export async function insertCarriedOver(
  warehouse: Warehouse,
  days: readonly CarriedDay[],
  onProgress: (line: string) => void,
): Promise<void> {
  const known = await warehouse.query<{ rows: string }>(
    'SELECT count() AS rows FROM breakwater.carried_over_days FINAL',
  );
  if (days.length === 0 || Number(known[0]?.rows) === days.length) return;
  for (let at = 0; at < days.length; at += ROWS_AT_ONCE) {
    const rows = days
      .slice(at, at + ROWS_AT_ONCE)
      .map((each) => ({ ...each, day: Date.parse(each.day) / EPOCH_DAY_MS }));
    await warehouse.insertAvro('breakwater.carried_over_days', writer.write(rows));
    onProgress(`warehouse: carried over ${Math.min(at + ROWS_AT_ONCE, days.length)} of ${days.length} days`);
  }
}
