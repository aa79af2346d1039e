import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../engines/clock.ts';
import { seededRandom } from '../../engines/random.ts';
import { openClickHouse } from '../../engines/warehouse/clickhouse-warehouse.ts';
import { eraseRows } from '../../engines/warehouse/erase-rows.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { WorkerRecord } from '../worker.ts';
import { findFirstSights, isRepeated } from './first-sights.ts';
import { contextOf } from './test-context.ts';
import { madeUpLogs, START_MS } from './test-records.ts';
import { warehouseWorker } from './warehouse.ts';

const clock = systemClock();
const random = seededRandom(clock, 13);
let server: TestWarehouse;
let warehouse: Warehouse;

beforeAll(async () => {
  server = await startTestWarehouse();
  warehouse = openClickHouse({ url: server.url });
  await migrateWarehouse(warehouse, () => undefined);
});

afterAll(async () => {
  await warehouse?.close();
  await server?.remove();
});

test('requests of very many minutes are looked up within what the warehouse takes', async () => {
  const [asked = []] = madeUpLogs(random, 1, 1);
  const [{ record, ...origin }] = asked as [WorkerRecord];
  if (record.name !== 'ad-request') throw new Error('nothing was made up');
  const records = Array.from({ length: 6_000 }, (_, offset): WorkerRecord => {
    const value = { ...record.value, request_id: '’'.repeat(128), received_at: START_MS + offset * 600_000 };
    return { ...origin, offset, record: { name: 'ad-request', value } };
  });
  const firsts = await findFirstSights(warehouse, records);
  expect(records.filter((each) => isRepeated(each, firsts))).toEqual([]);
});

test('a request_id of another viewer is another request; of the same it is repeated, also once the viewer is erased', async () => {
  const [asked = []] = madeUpLogs(random, 1, 1);
  const [{ record, ...origin }] = asked as [WorkerRecord];
  if (record.name !== 'ad-request') throw new Error('nothing was made up');
  const viewers = ['one', 'other', 'one', 'other'];
  const records = viewers.map((viewer, offset): WorkerRecord => {
    const said = { request_id: 'counted-1', viewer, received_at: START_MS + offset * 30_000, experiments: [] };
    const value = { ...record.value, ...said };
    return { ...origin, partition: 5, offset, record: { name: 'ad-request', value } };
  });
  const repeated = async (of: readonly WorkerRecord[]) => {
    const firsts = await findFirstSights(warehouse, of);
    return of.map((each) => isRepeated(each, firsts));
  };
  expect(await repeated(records)).toEqual([false, false, true, true]);
  const { topic } = origin;
  const first = { topic, partition: 5, records: records.slice(0, 2), watermark: 0 };
  await warehouseWorker({ flushMs: 0 }).handle(first, contextOf(warehouse));
  expect(await repeated(records.slice(2))).toEqual([true, true]);
  await eraseRows(warehouse, ['one'], START_MS + 3_600_000);
  expect(await repeated(records.slice(2))).toEqual([true, true]);
});

test('a request_id that returns later is another request, also to the arms of an experiment', async () => {
  const [asked = [], played = []] = madeUpLogs(random, 1, 30);
  const request = asked.flatMap(({ record }) =>
    record.name === 'ad-request' && record.value.ads.length > 0 ? [record.value] : [],
  )[0];
  const beacon = played[0]?.record;
  if (!request || beacon?.name !== 'ad-beacon') throw new Error('nothing was made up');
  const logs: [WorkerRecord[], WorkerRecord[]] = [[], []];
  for (const [offset, arm] of ['red', 'blue'].entries()) {
    const at = START_MS + offset * 7_200_000;
    const place = { reservation: random.uuid(), minute: Math.floor(at / 60_000), expires_at: at + 60_000 };
    const ads = request.ads.slice(0, 1).map((ad) => ({ ...ad, ...place }));
    const said = { request_id: 'break-1', viewer: `watches ${arm}`, received_at: at };
    const experiments = [{ experiment: 'colours', arm }];
    const paid = { event: 'impression', pricing_model: 'cpm', price_micros: 12_000, invalid: null };
    const origin = { partition: 0, offset, appendedAt: at };
    const decided = { ...request, ...said, ads, experiments };
    const seen = { ...beacon.value, ...said, ...place, ...paid };
    logs[0].push({ ...origin, topic: 'ad-requests', record: { name: 'ad-request', value: decided } });
    logs[1].push({ ...origin, topic: 'ad-beacons', record: { name: 'ad-beacon', value: seen } });
  }
  const worker = warehouseWorker({ flushMs: 0 });
  for (const records of logs) {
    const topic = records[0]?.topic ?? '';
    await worker.handle({ topic, partition: 0, records, watermark: 0 }, contextOf(warehouse));
  }
  const arms = await warehouse.query(
    `SELECT arm, toUInt32(requests) AS asked, toUInt32(impressions) AS shown, toInt32(spend_micros) AS spent
     FROM breakwater.experiment_results ORDER BY arm`,
  );
  const sums = await warehouse.query(
    `SELECT arm, numerator FROM breakwater.experiment_moments WHERE measure = 'impressions_per_request' ORDER BY arm`,
  );
  expect(arms).toEqual(['blue', 'red'].map((arm) => ({ arm, asked: 1, shown: 1, spent: 12_000 })));
  expect(sums).toEqual(['blue', 'red'].map((arm) => ({ arm, numerator: 1 })));
});
