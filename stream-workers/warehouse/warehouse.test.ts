import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import { seededRandom } from '../../engines/random.ts';
import { openClickHouse } from '../../engines/warehouse/clickhouse-warehouse.ts';
import { type EmbeddedWarehouse, startEmbeddedWarehouse } from '../../engines/warehouse/embedded-server.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { WorkerRecord } from '../worker.ts';
import { contextOf } from './test-context.ts';
import { madeUpLogs, START_MS } from './test-records.ts';
import { recountDelivery, recountRequests } from './test-recount.ts';
import { warehouseWorker } from './warehouse.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-warehouse-'));
const clock = systemClock();
const random = seededRandom(clock, 7);
let server: EmbeddedWarehouse;
let warehouse: Warehouse;

beforeAll(async () => {
  server = await startEmbeddedWarehouse({ path: folder, port: 0 });
  warehouse = openClickHouse({ url: server.url });
  await migrateWarehouse(warehouse, () => undefined);
});

afterAll(async () => {
  await warehouse?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  const tables = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = 'breakwater' AND engine LIKE '%MergeTree' AND name NOT IN ('migrations', 'roll_up_epochs')`,
  );
  for (const { name } of tables) await warehouse.run(`TRUNCATE TABLE breakwater.${name}`);
});

/** Applies the logs from `heads` on, in batches of random size, as the runner does: a head moves after its batch. */
async function apply(logs: readonly WorkerRecord[][], heads: number[], through: Warehouse): Promise<void> {
  const worker = warehouseWorker({ flushMs: 0 });
  const partitions = logs.map(async (log, index) => {
    for (let head = heads[index] ?? 0; head < log.length; head = heads[index] ?? 0) {
      const records = log.slice(head, head + 1 + Math.floor(random.unit() * 40));
      const { topic, partition } = log[0] as WorkerRecord;
      const outcomes = await worker.handle({ topic, partition, records, watermark: 0 }, contextOf(through));
      expect(outcomes.map(({ offset }) => offset)).toEqual(records.map(({ offset }) => offset));
      heads[index] = head + records.length;
    }
  });
  const failed = (await Promise.allSettled(partitions)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** A warehouse whose process dies at its n-th call: before the call is done, or after it and before the answer. */
function dyingAt(call: number, afterDoing: boolean): Warehouse {
  let calls = 0;
  const guard = async <T>(run: () => Promise<T>): Promise<T> => {
    calls++;
    if (calls > call || (calls === call && !afterDoing)) throw new EngineError('unavailable', 'killed');
    const result = await run();
    if (calls === call) throw new EngineError('unavailable', 'killed');
    return result;
  };
  return {
    query: (sql, parameters) => guard(() => warehouse.query(sql, parameters)),
    run: (sql, parameters) => guard(() => warehouse.run(sql, parameters)),
    insertAvro: (table, container) => guard(() => warehouse.insertAvro(table, container)),
    close: async () => undefined,
  };
}

async function expectExact(logs: readonly WorkerRecord[][]): Promise<void> {
  const records = logs.flat();
  const [raw] = await warehouse.query(`
    SELECT toUInt32((SELECT count() FROM breakwater.requests FINAL)) AS requests,
      toUInt32((SELECT count() FROM breakwater.beacons FINAL)) AS beacons`);
  expect(raw).toEqual({
    requests: records.filter(({ topic }) => topic === 'ad-requests').length,
    beacons: records.filter(({ topic }) => topic === 'ad-beacons').length,
  });
  const delivery = recountDelivery(records);
  const requests = recountRequests(records);
  for (const [table, column, seconds] of [
    ['minutes', 'minute', 60],
    ['hours', 'hour', 3600],
    ['days', 'day', 86_400],
  ] as const) {
    expect(await delivered(table, column), `delivery_${table}`).toEqual(delivery(seconds));
    expect(await requested(table, column), `request_${table}`).toEqual(requests(seconds));
  }
}

function delivered(table: string, column: string) {
  return warehouse.query(`
    SELECT toUInt32(toDateTime(${column}, 'UTC')) AS at, source_partition AS partition, campaign, country,
      toUInt32(sum(impressions)) AS impressions, toUInt32(sum(completes)) AS completes, toUInt32(sum(clicks)) AS clicks,
      toUInt32(sum(duplicates)) AS duplicates, toUInt32(sum(late)) AS late, toInt32(sum(spend_micros)) AS spend,
      toUInt32(uniqCombined64Merge(viewers)) AS viewers
    FROM breakwater.delivery_${table} FINAL
    GROUP BY at, partition, campaign, country ORDER BY at, partition, campaign::String, country`);
}

function requested(table: string, column: string) {
  return warehouse.query(`
    SELECT toUInt32(toDateTime(${column}, 'UTC')) AS at, source_partition AS partition, country, no_fill_reason,
      toUInt32(sum(requests)) AS requests, toUInt32(sum(ads)) AS ads, toUInt32(sum(requested_seconds)) AS requested,
      toUInt32(sum(paid_seconds)) AS paid, toUInt32(sum(duplicates)) AS duplicates
    FROM breakwater.request_${table} FINAL
    GROUP BY at, partition, country, no_fill_reason ORDER BY at, partition, country, no_fill_reason`);
}

test('roll-ups are what a recount of the log gives, by minute, hour and day, across the end of a month', async () => {
  const logs = madeUpLogs(random, 2, 12);
  await apply(logs, [], warehouse);
  await expectExact(logs);
});

test('applying the whole log a second time changes nothing', async () => {
  const logs = madeUpLogs(random, 2, 8);
  await apply(logs, [], warehouse);
  await apply(logs, [], warehouse);
  await expectExact(logs);
});

test('kills at any call, before or after it is done, leave nothing lost and nothing twice', async () => {
  const logs = madeUpLogs(random, 2, 10);
  const heads: number[] = logs.map(() => 0);
  for (const call of [2, 9, 5, 12, 7, 3]) {
    await expect(apply(logs, heads, dyingAt(call, random.unit() < 0.5))).rejects.toThrow('killed');
  }
  await apply(logs, heads, warehouse);
  await expectExact(logs);
});

test('a recompute that saw less of the log cannot replace one that saw more', async () => {
  const logs = madeUpLogs(random, 1, 8);
  await apply(logs, [], warehouse);
  await warehouse.run(`
    INSERT INTO breakwater.delivery_minutes SELECT * REPLACE (impressions + 7 AS impressions, version - 1 AS version)
    FROM breakwater.delivery_minutes FINAL`);
  await expectExact(logs);
});

test('in a new epoch, groups that vanished from raw become zeros at every grain', async () => {
  const logs = madeUpLogs(random, 1, 8);
  await apply(logs, [], warehouse);
  await warehouse.run('TRUNCATE TABLE breakwater.beacons');
  await warehouse.run(`INSERT INTO breakwater.roll_up_epochs (epoch, why) VALUES (2, 'a viewer was erased')`);
  const { recompute } = await import('../../engines/warehouse/roll-ups.ts');
  const minutes = await warehouse.query<{ minute: number }>(
    'SELECT DISTINCT toUInt32(minute) AS minute FROM breakwater.delivery_minutes',
  );
  await recompute(
    warehouse,
    'delivery',
    minutes.map(({ minute }) => ({ partition: 0, minute })),
  );
  for (const table of ['minutes', 'hours', 'days']) {
    const [sums] = await warehouse.query(`
      SELECT toUInt32(count() > 0) AS rows, toUInt32(sum(impressions) + sum(duplicates) + sum(clicks)) AS counted,
        toInt32(sum(spend_micros)) AS spend, toUInt32(uniqCombined64Merge(viewers)) AS viewers
      FROM breakwater.delivery_${table} FINAL`);
    expect(sums).toEqual({ rows: 1, counted: 0, spend: 0, viewers: 0 });
  }
});

test('a batch whose partition was lost meanwhile is refused, so its position stays', async () => {
  const [log] = madeUpLogs(random, 1, 2);
  const lost = new AbortController();
  lost.abort();
  const handled = warehouseWorker({ flushMs: 0 }).handle(
    { topic: 'ad-requests', partition: 0, records: log ?? [], watermark: 0 },
    contextOf(warehouse, lost.signal),
  );
  await expect(handled).rejects.toMatchObject({ code: 'lease_lost' });
});

test('the analysts\u2019 views agree with each other on spend and impressions', async () => {
  const logs = madeUpLogs(random, 2, 8);
  await apply(logs, [], warehouse);
  const [sums] = await warehouse.query<Record<string, string>>(`
    SELECT (SELECT sum(spend_micros) FROM breakwater.analytics_events) AS events,
      (SELECT sum(total_spend_micros) FROM breakwater.campaign_performance) AS performance,
      (SELECT sum(spend_micros) FROM breakwater.campaign_days) AS days,
      (SELECT sum(spend_micros) FROM breakwater.deliveries) AS deliveries`);
  expect(new Set(Object.values(sums ?? {})).size).toBe(1);
  expect(Number(sums?.events)).toBeGreaterThan(0);
});

test('the arms of an experiment add up to all that happened, repeated requests and late beacons left out', async () => {
  const logs = madeUpLogs(random, 2, 8);
  await apply(logs, [], warehouse);
  const [sums] = await warehouse.query<Record<string, string>>(`
    SELECT (SELECT count() FROM breakwater.requests FINAL WHERE NOT duplicate) AS requests,
      (SELECT sum(spend_micros) FROM breakwater.campaign_days) AS spend,
      (SELECT sum(impressions) FROM breakwater.campaign_days) AS impressions`);
  const arms = await warehouse.query<Record<string, string>>('SELECT * FROM breakwater.experiment_results');
  expect(arms.map(({ experiment, arm }) => `${experiment} ${arm}`).sort()).toEqual(['colours blue', 'colours red']);
  for (const [what, column] of [
    ['requests', 'requests'],
    ['spend', 'spend_micros'],
    ['impressions', 'impressions'],
  ] as const) {
    expect(arms.reduce((sum, each) => sum + Number(each[column]), 0)).toBe(Number(sums?.[what]));
    expect(Number(sums?.[what])).toBeGreaterThan(0);
  }
});

test('a conversion that is repeated where partitions were added counts once, also when the first one is applied again', async () => {
  const worker = warehouseWorker({ flushMs: 0 });
  const advertiser = random.uuid();
  const conversion = (partition: number, offset: number, conversion_id: string): WorkerRecord => ({
    topic: 'conversions',
    partition,
    offset,
    appendedAt: START_MS + offset,
    record: {
      name: 'conversion',
      value: {
        arrival_id: random.uuid(),
        conversion_id,
        received_at: START_MS + offset,
        occurred_at: START_MS + offset,
        viewer: 'v',
        advertiser,
        type: 'purchase',
        value_micros: 1,
        source: 'server',
        identities: [],
        reservation: null,
        invalid: null,
      },
    },
  });
  const handle = (...records: readonly WorkerRecord[]) => {
    const { topic, partition } = records[0] as WorkerRecord;
    return worker.handle({ topic, partition, records, watermark: 0 }, contextOf(warehouse));
  };
  const counted = async () =>
    (
      await warehouse.query<{ id: string; source_partition: number }>(
        'SELECT conversion_id AS id, source_partition FROM breakwater.conversions FINAL WHERE NOT duplicate ORDER BY id',
      )
    ).map(({ id, source_partition }) => [id, Number(source_partition)]);
  await handle(conversion(1, 5, 'order-1'), conversion(1, 6, 'order-2'));
  await handle(conversion(5, 0, 'order-2'), conversion(5, 1, 'order-3'), conversion(5, 2, 'order-3'));
  const once = [
    ['order-1', 1],
    ['order-2', 1],
    ['order-3', 5],
  ];
  expect(await counted()).toEqual(once);
  await handle(conversion(1, 5, 'order-1'), conversion(1, 6, 'order-2'));
  await handle(conversion(5, 0, 'order-2'), conversion(5, 1, 'order-3'), conversion(5, 2, 'order-3'));
  expect(await counted()).toEqual(once);
  // Gathered into one flush, where raw has neither; then applied again.
  const both = () => Promise.all([handle(conversion(1, 7, 'order-4')), handle(conversion(5, 3, 'order-4'))]);
  await both();
  await both();
  expect((await counted()).filter(([id]) => id === 'order-4')).toEqual([['order-4', 5]]);
});
