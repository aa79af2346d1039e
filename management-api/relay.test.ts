import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Campaign, Condition } from '../domain/campaign.ts';
import { micros } from '../domain/money.ts';
import type { Catalog } from '../engines/catalog/catalog.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/catalog/embedded-postgres.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openPostgresCatalog } from '../engines/catalog/postgres-catalog.ts';
import { openPool } from '../engines/catalog/postgres-client.ts';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import { APPEND_BYTES_MAX, bytesOf } from '../engines/event-log/append-bytes.ts';
import type { EventLog, LogRecord } from '../engines/event-log/event-log.ts';
import { openLmdbEventLog } from '../engines/event-log/lmdb-event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { decode } from '../schemas/codec.ts';
import { startManagement } from './main.ts';
import { relayOutbox } from './relay.ts';

const PARTITIONS = 4;
const clock = systemClock();
let folder: string;
let server: EmbeddedPostgres;
let catalog: Catalog;
let log: EventLog;
let pool: pg.Pool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-relay-'));
  server = await startEmbeddedPostgres({ path: join(folder, 'catalog'), port: 0 });
  await migrateCatalog(server.url);
  catalog = openPostgresCatalog({ url: server.url });
  pool = openPool(server.url, 2);
  log = openLmdbEventLog({ path: join(folder, 'log'), clock });
  await log.ensureTopics([{ name: 'catalog-changes', partitions: PARTITIONS, retentionMs: 86_400_000 }]);
});

afterAll(async () => {
  await log?.close();
  await catalog?.close();
  await pool?.end();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

function campaign(id: number): Omit<Campaign, 'version'> {
  return {
    id: `00000000-0000-7000-8000-${String(id).padStart(12, '0')}`,
    name: `Campaign ${id}`,
    advertiserId: '00000000-0000-7000-9000-000000000000',
    advertiserName: 'Advertiser',
    status: 'active',
    startsAt: 0,
    endsAt: 1,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(12_000) },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: [],
    caps: [],
    categories: [],
    creatives: [],
  };
}

/** Reads the topic from its beginning up to its ends. */
async function readAll(group: string): Promise<readonly LogRecord[]> {
  const wanted = (await log.ends('catalog-changes')).reduce((sum, end) => sum + end, 0);
  const found: LogRecord[] = [];
  const subscription = await log.subscribe(group, ['catalog-changes'], {
    resume: async () => 0,
    apply: async (records) => {
      found.push(...records);
    },
  });
  await expect.poll(() => found.length, { timeout: 10_000 }).toBe(wanted);
  await subscription.stop();
  return found;
}

const changes = (records: readonly LogRecord[]) =>
  records.map((record) => {
    const { name, value } = decode(record.value);
    if (name !== 'catalog-change') throw new Error(`a ${name} in catalog-changes`);
    return { ...value, partition: record.partition, key: record.key };
  });

test('changes arrive in order, in the partition of their id, as the documents that were put', async () => {
  await catalog.putCampaign(campaign(1));
  await catalog.putCampaign(campaign(2));
  await catalog.setStatus(campaign(1).id, 'paused');
  expect(await relayOutbox(catalog, log)).toBe(3);
  expect(await relayOutbox(catalog, log)).toBe(0);
  const found = changes(await readAll('order'));
  const { id } = campaign(1);
  const own = found.filter((change) => change.id === id);
  expect(own.map(({ version }) => version)).toEqual([1, 2]);
  expect(own.map((change) => JSON.parse(change.document ?? ''))).toEqual([
    { ...campaign(1), version: 1 },
    { ...campaign(1), status: 'paused', version: 2 },
  ]);
  for (const { partition, key } of own) expect([partition, key]).toEqual([partitionOf(id, PARTITIONS), id]);
});

test('a death between the log and the mark repeats a change, and loses none', async () => {
  await catalog.putCampaign(campaign(3));
  const dying: Catalog = { ...catalog, relayed: () => Promise.reject(new EngineError('unavailable', 'gone')) };
  await expect(relayOutbox(dying, log)).rejects.toThrow('gone');
  expect(await relayOutbox(catalog, log)).toBe(1);
  const found = changes(await readAll('repeat')).filter(({ id }) => id === campaign(3).id);
  expect(found.map(({ version }) => version)).toEqual([1, 1]);
});

/** A campaign whose document has about so many bytes. */
function heavy(id: number, bytes: number): Omit<Campaign, 'version'> {
  return { ...campaign(id), targeting: [{ id: ruleOf(id), conditions: cities(bytes) }] };
}

const ruleOf = (id: number) => `00000000-0000-7000-a000-${String(id).padStart(12, '0')}`;
const cities = (bytes: number): readonly Condition[] => [
  { dimension: 'geo_cities', mode: 'include', values: Array(bytes / 100).fill('x'.repeat(97)) },
];

/** As it may lie there from before there was a limit. */
async function weighDown(id: number, bytes: number): Promise<void> {
  await pool.query('UPDATE targeting_rules SET conditions = $2 WHERE id = $1', [
    ruleOf(id),
    JSON.stringify(cities(bytes)),
  ]);
}

/** Takes no more in one call than Kafka does. */
function narrow(calls: number[]): EventLog {
  return {
    ...log,
    append: (topic, records) => {
      const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0);
      if (bytes > APPEND_BYTES_MAX) throw new EngineError('refused', `${bytes} bytes`);
      calls.push(records.length);
      return log.append(topic, records);
    },
  };
}

test('many changes of a large campaign travel in as many calls as the log needs', async () => {
  const large = heavy(6, 400_000);
  for (let round = 0; round < 5; round++) await catalog.putCampaign(large);
  const calls: number[] = [];
  expect(await relayOutbox(catalog, narrow(calls))).toBe(5);
  expect(calls).toEqual([2, 2, 1]);
  const found = changes(await readAll('large')).filter(({ id }) => id === large.id);
  expect(found.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
});

test('a campaign that no record can carry is refused, unless it only becomes smaller or changes its status', async () => {
  const large = heavy(7, 750_000);
  await expect(catalog.putCampaign(large)).rejects.toMatchObject({ code: 'too_large' });
  await catalog.putCampaign(heavy(7, 100));
  await weighDown(7, 750_000);
  await catalog.putCampaign({ ...large, status: 'completed' });
  await catalog.putCampaign({ ...heavy(7, 740_000), status: 'completed' });
  await expect(catalog.putCampaign(large)).rejects.toMatchObject({ code: 'too_large' });
  await relayOutbox(catalog, log);
});

test('a change that is too large for the log is passed over, and those around it are relayed', async () => {
  const ids = [8, 9, 10].map((id) => campaign(id).id);
  for (const id of [8, 9, 10]) {
    await catalog.putCampaign(heavy(id, 100));
    if (id !== 9) continue;
    await weighDown(9, 1_000_000);
    await catalog.setStatus(campaign(9).id, 'paused');
  }
  const passed: string[] = [];
  expect(await relayOutbox(catalog, narrow([]), ({ id, version }) => passed.push(`${id} ${version}`))).toBe(3);
  expect(passed).toEqual([`${campaign(9).id} 2`]);
  expect(await catalog.outbox(10)).toEqual([]);
  const found = changes(await readAll('passed')).filter(({ id }) => ids.includes(id));
  expect(found.map(({ version }) => version)).toEqual([1, 1, 1]);
});

test('the process relays by itself, goes on after a failure that it reports once, and stops when closed', async () => {
  const said: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => said.push(JSON.parse(line).msg) });
  let away = true;
  const flaky: Catalog = {
    ...catalog,
    outbox: (limit) => (away ? Promise.reject(new EngineError('unavailable', 'the catalog')) : catalog.outbox(limit)),
  };
  const management = await startManagement({ config: readConfig({}), clock, log, catalog: flaky, logger });
  await catalog.putCampaign(campaign(4));
  await clock.sleep(350);
  away = false;
  await expect.poll(() => catalog.outbox(10), { timeout: 5_000 }).toEqual([]);
  await expect.poll(() => said).toEqual(['catalog changes wait in the outbox', 'catalog changes are relayed again']);
  await management.close();
  await catalog.putCampaign(campaign(5));
  await clock.sleep(250);
  expect(await catalog.outbox(10)).toHaveLength(1);
});
