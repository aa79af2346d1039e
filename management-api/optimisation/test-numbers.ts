import { openWarehouse } from '../../engines/open.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { AnalyticsParts } from '../analytics/parts.ts';

/** A log that holds nothing, so that workers are at its end. */
export const atItsEnd = {
  log: { ends: async () => [0], partitions: async () => 1 },
  store: { read: async (names: readonly string[]) => names.map(() => ({ version: 0, bytes: null, store: 'one' })) },
  logClockMarginMs: 0,
} as unknown as AnalyticsParts;

/** A migrated warehouse for tests of numbers, with rows put straight into its tables. */
export interface TestNumbers {
  readonly warehouse: Warehouse;
  /** Adds to the minutes of delivery, and to its hours and days. */
  deliver(rows: readonly DeliveryRow[]): Promise<void>;
  /** Each of so many viewers sees the campaign so often; the first views all finish, of later ones every other viewer's. */
  tire(view: TiringViews): Promise<void>;
  /** Adds requests, one for each row. */
  ask(rows: readonly RequestRow[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeliveryRow {
  /** Epoch ms: its beginning, or a minute of it. */
  readonly hour: number;
  readonly campaign: string;
  readonly creative: string;
  readonly impressions: number;
  readonly starts?: number;
  readonly completes?: number;
  readonly micros: number;
}

export interface TiringViews {
  readonly campaign: string;
  /** Epoch ms. */
  readonly at: number;
  readonly viewers: number;
  readonly views: number;
  readonly fresh: number;
}

export interface RequestRow {
  readonly at: number;
  /** Absent: one of its own. */
  readonly id?: string;
  readonly country?: string;
  readonly device?: string;
  readonly candidates?: readonly {
    readonly campaign: string;
    readonly outcome: string;
    readonly value: number;
    readonly score: number;
  }[];
}

export async function openTestNumbers(): Promise<TestNumbers> {
  const server = await startTestWarehouse();
  const warehouse = await openWarehouse(server.url);
  await migrateWarehouse(warehouse, () => undefined);
  let offset = 0;
  return {
    warehouse,
    async deliver(rows) {
      const values = rows.map(
        (row) =>
          `(${Math.floor(row.hour / 1_000)}, '${row.campaign}', '${row.creative}', ${row.impressions}, ${row.starts ?? row.impressions}, ${row.completes ?? row.impressions}, ${row.micros})`,
      );
      const fields = 'campaign, creative, impressions, starts, completes, spend_micros';
      await warehouse.run(`INSERT INTO breakwater.delivery_minutes (minute, ${fields}) VALUES ${values.join(', ')}`);
      // As the recompute does: the hours from the minutes, the days from the hours.
      for (const [into, span, from] of [
        ['delivery_hours (hour', 'toStartOfHour(minute)', 'delivery_minutes'],
        ['delivery_days (day', 'toDate(hour)', 'delivery_hours'],
      ]) {
        await warehouse.run(
          `INSERT INTO breakwater.${into}, ${fields}, version)
           SELECT ${span}, campaign, creative, sum(d.impressions), sum(d.starts), sum(d.completes), sum(d.spend_micros), ${++offset}
           FROM breakwater.${from} AS d FINAL GROUP BY ${span}, campaign, creative`,
        );
      }
    },
    async tire({ campaign, at, viewers, views, fresh }) {
      await warehouse.run(
        `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, minute, event, viewer, reservation, campaign, billable)
         SELECT 'ad-beacons', 0, number, ${at / 1_000} + view, toDateTime(${Math.floor(at / 60_000) * 60}), event, toString(who),
           reservation, '${campaign}', true
         FROM (SELECT number, number % ${viewers} AS who, generateUUIDv4() AS reservation, intDiv(number, ${viewers}) AS view FROM numbers(${viewers * views}))
         ARRAY JOIN if(view < ${fresh} OR who % 2 = 0, ['impression', 'complete'], ['impression']) AS event`,
      );
    },
    async ask(rows) {
      const values = rows.map((row) => {
        const { at, id = `r${offset + 1}`, country = '', device = '', candidates = [] } = row;
        const list = (of: (one: (typeof candidates)[number]) => string) => `[${candidates.map(of).join(', ')}]`;
        const second = Math.floor(at / 1_000);
        return `('ad-requests', 0, ${++offset}, ${second}, ${second}, ${second - (second % 60)}, '${id}', '${country}', '${device}',
          ${list((one) => `'${one.campaign}'`)}, ${list((one) => `'${one.outcome}'`)}, ${list((one) => `${one.value}`)}, ${list((one) => `${one.score}`)})`;
      });
      await warehouse.run(
        `INSERT INTO breakwater.requests (topic, source_partition, offset, appended_at, received_at, minute, request_id, country,
           device_type, candidate_campaigns, candidate_outcomes, candidate_values_micros, candidate_scores_micros)
         VALUES ${values.join(', ')}`,
      );
    },
    async close() {
      await warehouse.close();
      await server.remove();
    },
  };
}
