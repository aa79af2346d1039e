import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Campaign } from '../domain/campaign.ts';
import { micros } from '../domain/money.ts';
import type { Catalog } from '../engines/catalog/catalog.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/catalog/embedded-postgres.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openPostgresCatalog } from '../engines/catalog/postgres-catalog.ts';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
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

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-relay-'));
  server = await startEmbeddedPostgres({ path: join(folder, 'catalog'), port: 0 });
  await migrateCatalog(server.url);
  catalog = openPostgresCatalog({ url: server.url });
  log = openLmdbEventLog({ path: join(folder, 'log'), clock });
  await log.ensureTopics([{ name: 'catalog-changes', partitions: PARTITIONS, retentionMs: 86_400_000 }]);
});

afterAll(async () => {
  await log?.close();
  await catalog?.close();
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
