import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock, VirtualClock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import { seededRandom } from '../../engines/random.ts';
import { openClickHouse } from '../../engines/warehouse/clickhouse-warehouse.ts';
import { eraseRows, personal } from '../../engines/warehouse/erase-rows.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { WorkerRecord } from '../worker.ts';
import { Forgotten } from './forgotten.ts';
import { contextOf } from './test-context.ts';
import { madeUpLogs } from './test-records.ts';
import { warehouseWorker } from './warehouse.ts';

const clock = systemClock();
const random = seededRandom(clock, 11);
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

const ann = 'pseudonym-of-ann-000000';
const box = 'pseudonym-of-the-box-00';
const stream = 'pseudonym-of-a-stream-0';

/** Every other viewer is Ann, on the box that she shares; a third of the streams are one. */
function withAnn(logs: readonly WorkerRecord[][]): WorkerRecord[][] {
  const viewers = new Map<string, string>();
  const of = (request: string) => {
    if (!viewers.has(request)) viewers.set(request, viewers.size % 2 === 0 ? ann : `somebody-${viewers.size}`);
    return viewers.get(request) as string;
  };
  return logs.map((log, index) =>
    log.map((each, at): WorkerRecord => {
      const { record } = each;
      if (record.name !== 'ad-request' && record.name !== 'ad-beacon') return each;
      const viewer = of(record.value.request_id);
      const identities = [
        { scope: 'user' as const, hash: viewer },
        ...(Math.floor(index / 2) % 2 === 0 ? [{ scope: 'household' as const, hash: box }] : []),
      ];
      if (record.name === 'ad-beacon')
        return { ...each, record: { ...record, value: { ...record.value, viewer, identities } } };
      const context = {
        ...record.value.context,
        age: 40,
        gender: 'female',
        city: 'Graz',
        ip_truncated: '192.0.2.0/24',
      };
      const value = { ...record.value, viewer, identities, context, session: at % 3 === 0 ? stream : null };
      return { ...each, record: { ...record, value } };
    }),
  );
}

async function apply(logs: readonly WorkerRecord[][], suppressed: readonly { hash: string; erasedAt: number }[] = []) {
  const all = async () => suppressed.map((each) => ({ scope: 'user', ...each }));
  const worker = warehouseWorker({ flushMs: 0, suppressions: { all } });
  for (const records of logs) {
    const [first] = records;
    if (first)
      await worker.handle(
        { topic: first.topic, partition: first.partition, records, watermark: 0 },
        contextOf(warehouse),
      );
  }
}

const tables = ['requests', 'request_ads', 'beacons'] as const;

/** What each table holds, without whose it is; and every place where one of the pseudonyms still stands. */
async function look(...hashes: readonly string[]) {
  const sums: object[] = [];
  let places = 0;
  for (const table of tables) {
    const columns = await warehouse.query<{ name: string }>(
      `SELECT name FROM system.columns WHERE database = 'breakwater' AND table = '${table}' ORDER BY name`,
    );
    const kept = columns.map(({ name }) => name).filter((name) => !(name in personal));
    sums.push(
      ...(await warehouse.query<object>(
        `SELECT count() AS n, sum(cityHash64(${kept.join()})) AS digest FROM breakwater.${table} FINAL`,
      )),
    );
    const rows = await warehouse.query<object>(`SELECT * FROM breakwater.${table} FINAL`);
    places += rows.filter((row) => hashes.some((hash) => JSON.stringify(row).includes(hash))).length;
  }
  for (const rollUp of ['delivery_minutes', 'delivery_days', 'request_minutes', 'request_days']) {
    const all = await warehouse.query<object>(
      `SELECT * EXCEPT (viewers, version) FROM breakwater.${rollUp} FINAL ORDER BY ALL`,
    );
    sums.push(all);
  }
  return { sums, places };
}

const everybody = async () =>
  Number(
    (
      await warehouse.query<{ n: string }>(
        'SELECT uniqCombined64Merge(viewers) AS n FROM breakwater.request_days FINAL',
      )
    )[0]?.n,
  );

test('a viewer’s rows become nobody’s: what they count stays, in raw rows and in roll-ups, and no replay brings them back', async () => {
  const logs = withAnn(madeUpLogs(random, 2, 30));
  await apply(logs);
  const before = await look(ann);
  expect(before.places).toBeGreaterThan(20);
  const viewers = await everybody();
  const last = Math.max(...logs.flat().map(({ appendedAt }) => appendedAt));
  expect(await eraseRows(warehouse, [ann], last)).toBeGreaterThan(20);
  const erased = await look(ann);
  expect(erased).toEqual({ sums: before.sums, places: 0 });
  // Ann and nobody are both one.
  expect(await everybody()).toBe(viewers);
  const [ages] = await warehouse.query(`SELECT count() AS n FROM breakwater.requests FINAL
    WHERE viewer = '' AND (age IS NOT NULL OR gender != '' OR city != '' OR ip_truncated != '' OR session != '' OR length(identities) > 0)`);
  expect(Number((ages as { n: string }).n)).toBe(0);
  // Read again by a worker that knows of it, and by one that does not: the second is what the first is for.
  await apply(logs, [{ hash: ann, erasedAt: last }]);
  expect(await look(ann)).toEqual({ sums: before.sums, places: 0 });
  await apply(logs);
  expect((await look(ann)).places).toBe(before.places);
  expect(await eraseRows(warehouse, [ann], last)).toBeGreaterThan(20);
  expect(await eraseRows(warehouse, [ann], last)).toBe(0);
});

test('a household and a stream are found wherever they stand; what came after the wish stays', async () => {
  const logs = withAnn(madeUpLogs(random, 2, 20));
  await apply(logs);
  const times = logs.flat().map(({ appendedAt }) => appendedAt);
  const middle = (Math.min(...times) + Math.max(...times)) / 2;
  const at = Math.round(middle);
  await eraseRows(warehouse, [box, stream], at);
  for (const table of tables) {
    const rows = await warehouse.query<{ appended_at: string }>(
      `SELECT toUnixTimestamp64Milli(appended_at) AS appended_at, * EXCEPT appended_at FROM breakwater.${table} FINAL`,
    );
    const named = rows.filter((row) => JSON.stringify(row).includes(box) || JSON.stringify(row).includes(stream));
    expect(
      named.filter((row) => Number(row.appended_at) <= at),
      table,
    ).toEqual([]);
    if (table !== 'request_ads') expect(named.length, table).toBeGreaterThan(0);
  }
  const after = await look();
  await apply(
    logs,
    [box, stream].map((hash) => ({ hash, erasedAt: at })),
  );
  expect(await look()).toEqual(after);
});

test('what came before the wish and was appended after it is nobody’s, and found where it was written before anybody knew', async () => {
  const logs = withAnn(madeUpLogs(random, 2, 20));
  const wish = Date.UTC(2026, 1, 1, 12);
  const late = logs.map((log) => log.map((each) => ({ ...each, appendedAt: each.appendedAt + 86_400_000 })));
  expect(Math.min(...late.flat().map(({ appendedAt }) => appendedAt))).toBeGreaterThan(wish);
  await apply(late);
  expect((await look(ann)).places).toBeGreaterThan(10);
  expect(await eraseRows(warehouse, [ann], wish)).toBeGreaterThan(10);
  expect((await look(ann)).places).toBe(0);
  await apply(late, [{ hash: ann, erasedAt: wish }]);
  expect((await look(ann)).places).toBe(0);
});

test('another’s request with the id of an erased one stays whose it is', async () => {
  const logs = madeUpLogs(random, 1, 20);
  for (const log of logs) {
    for (const each of log)
      if (each.record.name === 'ad-request') Object.assign(each.record.value, { request_id: '1' });
  }
  await apply(logs);
  const [all] = await warehouse.query<{ n: string }>(
    `SELECT count() AS n FROM breakwater.request_ads FINAL WHERE request_id = '1' AND viewer != 'viewer-1'`,
  );
  await eraseRows(warehouse, ['viewer-1'], Date.UTC(2030, 0));
  const [left] = await warehouse.query<{ n: string }>(
    `SELECT count() AS n FROM breakwater.request_ads FINAL WHERE request_id = '1' AND viewer NOT IN ('', 'viewer-1')`,
  );
  expect(Number(all?.n)).toBeGreaterThan(0);
  expect(left).toEqual(all);
});

test('a conversion is known by every pseudonym of who converted, and forgotten by each', async () => {
  const at = Date.UTC(2026, 5, 1);
  const identities = ['before', 'now'].map((hash) => ({ scope: 'device', hash: `device ${hash}` }));
  const said = { arrival_id: random.uuid(), conversion_id: 'order', received_at: at, occurred_at: at };
  const what = { advertiser: random.uuid(), type: 'sale', value_micros: 1, source: 'server', invalid: null };
  const value = { ...said, ...what, viewer: 'device now', identities, reservation: null };
  await apply([
    [{ topic: 'conversions', partition: 0, offset: 0, appendedAt: at, record: { name: 'conversion', value } }],
  ]);
  const known = async () =>
    (await warehouse.query<{ known_as: string[] }>('SELECT known_as FROM breakwater.conversions FINAL'))[0]?.known_as;
  expect(await known()).toEqual(['device now', 'device before']);
  await eraseRows(warehouse, ['device before'], at);
  expect(await known()).toEqual([]);
});

test('who asked is read again in seconds, and goes on being known while the catalog is away', async () => {
  const time = new VirtualClock(1_000_000);
  let answer: () => Promise<{ scope: string; hash: string; erasedAt: number }[]> = async () => {
    throw new EngineError('unavailable', 'the catalog is away');
  };
  const forgotten = new Forgotten({ all: () => answer() });
  await expect(forgotten.known(time)).rejects.toMatchObject({ code: 'unavailable' });
  answer = async () => [{ scope: 'user', hash: ann, erasedAt: 5 }];
  expect([...(await forgotten.known(time))]).toEqual([[ann, 5]]);
  answer = async () => {
    throw new EngineError('unavailable', 'the catalog is away');
  };
  await time.advance(1_010_000);
  expect([...(await forgotten.known(time))]).toEqual([[ann, 5]]);
  answer = async () => [{ scope: 'user', hash: box, erasedAt: 7 }];
  expect([...(await forgotten.known(time))]).toEqual([[box, 7]]);
});
