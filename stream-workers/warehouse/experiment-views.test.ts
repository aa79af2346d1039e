import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../engines/clock.ts';
import { seededRandom } from '../../engines/random.ts';
import { openClickHouse } from '../../engines/warehouse/clickhouse-warehouse.ts';
import { eraseRows } from '../../engines/warehouse/erase-rows.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { WorkerRecord } from '../worker.ts';
import { contextOf } from './test-context.ts';
import { madeUpLogs, START_MS } from './test-records.ts';
import { warehouseWorker } from './warehouse.ts';

const random = seededRandom(systemClock(), 17);
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

/** A request with one ad, a second after the one before, and the beacon of its impression. */
function* asked(partition: number) {
  const [requests = [], beacons = []] = madeUpLogs(random, 1, 30);
  const request = requests.flatMap(({ record }) =>
    record.name === 'ad-request' && record.value.ads.length > 0 ? [record.value] : [],
  )[0];
  const beacon = beacons[0]?.record;
  if (!request || beacon?.name !== 'ad-beacon') throw new Error('nothing was made up');
  for (let offset = 0; ; offset++) {
    const at = START_MS + offset * 1_000;
    const place = { reservation: random.uuid(), minute: Math.floor(at / 60_000), expires_at: at + 60_000 };
    const said = { request_id: random.uuid(), received_at: at };
    const ads = request.ads.slice(0, 1).map((ad) => ({ ...ad, ...place, house: false, duration_seconds: 15 }));
    const origin = { partition, offset, appendedAt: at };
    const paid = { event: 'impression', pricing_model: 'cpm', price_micros: 12_000 };
    yield {
      origin,
      request: { ...request, ...said, ads, backups: [], requested_seconds: 30, filled_seconds: 15, invalid: null },
      beacon: { ...beacon.value, ...said, ...place, ...paid, invalid: null },
    };
  }
}

async function keep(topic: string, records: readonly Omit<WorkerRecord, 'topic'>[]): Promise<void> {
  const worker = warehouseWorker({ flushMs: 0 });
  const all = records.map((record) => ({ ...record, topic }));
  await worker.handle({ topic, partition: 0, records: all, watermark: 0 }, contextOf(warehouse));
}

test('invalid traffic counts in no arm; a pod that was made too long counts in its own', async () => {
  const requests: Omit<WorkerRecord, 'topic'>[] = [];
  const beacons: Omit<WorkerRecord, 'topic'>[] = [];
  for (const { origin, request, beacon } of asked(0)) {
    if (origin.offset === 1_002) break;
    const invalid = origin.offset < 2 ? null : 'test';
    const viewer = invalid === null ? `watches ${origin.offset}` : 'is a test';
    const filled_seconds = origin.offset === 1 ? 45 : request.filled_seconds;
    const experiments = [{ experiment: 'colours', arm: 'red' }];
    const value = { ...request, viewer, invalid, experiments, filled_seconds };
    requests.push({ ...origin, record: { name: 'ad-request', value } });
    beacons.push({ ...origin, record: { name: 'ad-beacon', value: { ...beacon, viewer, invalid } } });
  }
  await keep('ad-requests', requests);
  await keep('ad-beacons', beacons);
  const results = await warehouse.query(
    `SELECT toUInt32(requests) AS requests, toUInt32(viewers) AS viewers, toUInt32(ads) AS ads, paid_fill_rate,
       toUInt32(impressions) AS impressions FROM breakwater.experiment_results WHERE experiment = 'colours'`,
  );
  expect(results).toEqual([{ requests: 2, viewers: 2, ads: 2, paid_fill_rate: 0.5, impressions: 2 }]);
  const moments = await warehouse.query(
    `SELECT measure, toUInt32(viewers) AS viewers, numerator, denominator, denominator_squares FROM breakwater.experiment_moments
     WHERE experiment = 'colours' AND measure IN ('fill', 'impressions_per_request') ORDER BY measure`,
  );
  expect(moments).toEqual([
    { measure: 'fill', viewers: 2, numerator: 30, denominator: 60, denominator_squares: 1_800 },
    { measure: 'impressions_per_request', viewers: 2, numerator: 2, denominator: 2, denominator_squares: 2 },
  ]);
});

test("of two viewers whose requests have one id, each has what it saw; what came of a request that became nobody's stays in its arm", async () => {
  const requests: Omit<WorkerRecord, 'topic'>[] = [];
  const beacons: Omit<WorkerRecord, 'topic'>[] = [];
  const ids = ['shared', 'shared', 'of a household', 'wholly'];
  const whose = ['v', 'w', 'x', 'y'];
  for (const { origin, request, beacon } of asked(1)) {
    const { offset } = origin;
    if (offset === ids.length) break;
    const said = { request_id: ids[offset] ?? '', viewer: whose[offset] ?? '' };
    const experiments = [{ experiment: 'shapes', arm: said.viewer }];
    const household = { scope: 'household' as const, hash: `household of ${said.viewer}` };
    requests.push({
      ...origin,
      record: { name: 'ad-request', value: { ...request, ...said, experiments, identities: [household] } },
    });
    const value = { ...beacon, ...said, price_micros: 12_000 * (offset + 1), identities: [] };
    beacons.push({ ...origin, record: { name: 'ad-beacon', value } });
  }
  await keep('ad-requests', requests);
  await keep('ad-beacons', beacons);
  const each = { requests: 1, viewers: 1, impressions: 1 };
  const arms = whose.map((arm, index) => ({ arm, ...each, spend: 12_000 * (index + 1) }));
  expect(await shapes()).toEqual(arms);
  // Beacons name no household here: those of w and x keep their viewer, as one that comes after the erasure does.
  await eraseRows(warehouse, ['household of w', 'household of x', 'household of y', 'y'], START_MS + 60_000);
  expect(await shapes()).toEqual(arms);
  const moments = await warehouse.query(
    `SELECT arm, numerator FROM breakwater.experiment_moments
     WHERE experiment = 'shapes' AND measure = 'impressions_per_request' ORDER BY arm`,
  );
  expect(moments).toEqual(whose.map((arm) => ({ arm, numerator: 1 })));
  expect(await shapes(`experiment_results_since(since = ${START_MS + 2_000})`)).toEqual(arms.slice(2));
});

function shapes(view = 'experiment_results') {
  return warehouse.query(
    `SELECT arm, toUInt32(requests) AS requests, toUInt32(viewers) AS viewers, toUInt32(impressions) AS impressions,
       toUInt32(spend_micros) AS spend FROM breakwater.${view} WHERE experiment = 'shapes' ORDER BY arm`,
  );
}
