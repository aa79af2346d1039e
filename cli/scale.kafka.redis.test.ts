import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCampaign } from '../decision-api/test-house.ts';
import { systemClock } from '../engines/clock.ts';
import { environmentWith, readConfig } from '../engines/config.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { startTestKafka, type TestKafka } from '../engines/event-log/test-kafka.ts';
import { openCatalog, openEventLog, openStateStore } from '../engines/open.ts';
import { secretSettings, withSecrets } from '../engines/secrets.ts';
import { keys } from '../engines/state-store/keys.ts';
import { type RedisServer, startRedisServer } from '../engines/state-store/redis-fixture.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, decodeOf } from '../schemas/codec.ts';
import { topics } from '../schemas/events.ts';
import { type House, startHouse } from './house.ts';
import { catchUp, type Group, groups } from './lag.ts';
import { readTopic } from './read-topic.ts';
import { Supervised } from './supervised.ts';
import { startViewers } from './test-viewers.ts';

const PARTITIONS = 4;
const GROWN = 10;
const CAP = 40;
const folder = mkdtempSync(join(tmpdir(), 'breakwater-scale-'));
const began = systemClock().now();
const campaign = { status: 'active', startsAt: began - 60_000, endsAt: began + 86_400_000 } as const;
const free = testCampaign({ ...campaign, totalBudgetMicros: null });
const capped = testCampaign({
  ...campaign,
  caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: CAP }],
});

let kafka: TestKafka;
let redis: RedisServer;
let house: House;
let log: EventLog;
let store: StateStore;
const more: Supervised[] = [];
let settings: Record<string, string>;

beforeAll(async () => {
  kafka = await startTestKafka();
  redis = await startRedisServer();
  settings = {
    DATA_DIR: folder,
    EVENT_LOG: kafka.freshUrl(),
    STATE_STORE: redis.url,
    PARTITIONS: `${PARTITIONS}`,
    LOG_CLOCK_MARGIN: '1s',
    TICK_AFTER: '1s',
    PORT: '0',
    MANAGEMENT_PORT: '0',
  };
  const config = readConfig(environmentWith(settings));
  settings = { ...settings, ...secretSettings(withSecrets(config)) };
  house = await startHouse({
    config,
    settings,
    report: () => undefined,
    async prepare({ catalogUrl }) {
      const catalog = await openCatalog(catalogUrl);
      for (const one of [free, capped]) await catalog.putCampaign(one);
      await catalog.close();
    },
  });
  log = await openEventLog(config, systemClock());
  store = await openStateStore(config, systemClock());
}, 150_000);

afterAll(async () => {
  await Promise.all(more.map((child) => child.stop(9_000)));
  await log?.close();
  await store?.close();
  await house?.stop();
  await kafka?.remove();
  await redis?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** One more process with every worker, beside those of the house. */
async function addWorkers(name: string): Promise<string> {
  const environment = environmentWith({ ...settings, CATALOG: house.catalogUrl, WAREHOUSE: house.warehouseUrl });
  const logFile = join(folder, 'logs', `${name}.log`);
  const child = new Supervised(
    { name, role: 'workers', args: ['worker', ...groups], environment, listens: true, stopsLast: false, logFile },
    () => undefined,
  );
  more.push(child);
  child.start();
  const { workers = {} } = await child.announced;
  return Object.values(workers)[0] ?? '';
}

/** Partitions that each process holds, by group and topic; and in all, by group. */
async function shares(urls: readonly string[]) {
  const byTopic = new Map<string, number>();
  const byProcess = new Map<string, number>();
  for (const url of urls) {
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const [, group, topic, held] of text.matchAll(
      /^breakwater_assigned_partitions\{group="([\w-]+)",topic="([\w-]+)"\} (\d+)$/gm,
    )) {
      const add = (sums: Map<string, number>, name: string) => sums.set(name, (sums.get(name) ?? 0) + Number(held));
      add(byTopic, `${group} ${topic}`);
      add(byProcess, `${group} at ${url}`);
    }
  }
  return { byTopic, byProcess };
}

function say(what: string, since: number): void {
  process.stdout.write(`${what} after ${Math.round((systemClock().now() - since) / 1000)} s\n`);
}

/** Each topic's partitions are held once in all, and each group has this many members that hold some. */
async function untilShared(urls: readonly string[], members: number, partitions: number): Promise<void> {
  const since = systemClock().now();
  let seen = await shares(urls);
  while (systemClock().now() - since < 75_000) {
    seen = await shares(urls);
    const isWhole = seen.byTopic.size === 9 && [...seen.byTopic.values()].every((held) => held === partitions);
    const isShared = [...seen.byProcess.values()].filter((held) => held > 0).length === members * groups.length;
    if (isWhole && isShared) return say(`${partitions} partitions shared by ${members}`, since);
    await sleep(1_000);
  }
  expect.fail(
    `not ${partitions} partitions shared by ${members}: ${JSON.stringify([...seen.byTopic, ...seen.byProcess])}`,
  );
}

async function ask(sql: string): Promise<number> {
  const response = await fetch(`${house.warehouseUrl}/?database=breakwater`, { method: 'POST', body: sql });
  return Number(await response.text());
}

/** Impressions that pacing has billed, by its own records. */
async function billed(): Promise<number> {
  const last = Math.floor(systemClock().now() / 60_000);
  const names: string[] = [];
  for (let minute = Math.floor(began / 60_000) - 1; minute <= last; minute++)
    for (let partition = 0; partition < GROWN; partition++) names.push(keys.sums(partition, minute));
  const entries = await store.read(names);
  return entries
    .flatMap(({ bytes }) => (bytes ? decodeBare('sums-record', bytes).campaigns : []))
    .reduce((sum, { impressions }) => sum + impressions, 0);
}

/** Every place of the capped campaign in Redis, by identity. */
async function places(): Promise<readonly (readonly string[])[]> {
  const client = new Redis(redis.url);
  try {
    const names = (await client.keys('*')).filter((name) => name.includes('f:user:'));
    const found = names.map((name) => name.slice(name.indexOf('f:user:')));
    const entries = await store.read(found);
    return entries.map(({ bytes }) =>
      bytes ? decodeBare('frequency-record', bytes).entries.map(({ state }) => state) : [],
    );
  } finally {
    client.disconnect();
  }
}

/** Reservation -> its beacons in the log, with where they are. */
async function beaconsByReservation() {
  const found = new Map<string, { event: string; partition: number; offset: number }[]>();
  await readTopic(log, 'ad-beacons', ({ topic, partition, offset, value }) => {
    const { name, value: beacon } = decodeOf(topic, value);
    if (name !== 'ad-beacon') return;
    const known = found.get(beacon.reservation) ?? [];
    found.set(beacon.reservation, [...known, { event: beacon.event, partition, offset }]);
  });
  return found;
}

test('workers scaled 1 → 4 → 1 and partitions grown under traffic lose and double nothing', async () => {
  const viewers = startViewers(house.decisionApis[0] ?? '', 3);
  const own = Object.values(house.workers);
  await untilShared(own, 1, PARTITIONS);
  const added = await Promise.all(['worker-2', 'worker-3', 'worker-4'].map(addWorkers));
  await untilShared([...own, ...added], 4, PARTITIONS);

  const before = viewers.watched.requests;
  await log.ensureTopics(
    topics.map(({ name, retentionDays }) => ({ name, partitions: GROWN, retentionMs: retentionDays * 86_400_000 })),
  );
  await untilShared([...own, ...added], 4, GROWN);
  const grownAt = systemClock().now();
  while ((await log.ends('ad-requests')).slice(PARTITIONS).reduce((a, b) => a + b) < 40) {
    expect(systemClock().now() - grownAt, 'requests in new partitions').toBeLessThan(30_000);
    await sleep(1_000);
  }
  say('requests in the new partitions', grownAt);
  await Promise.all(more.splice(0).map((child) => child.stop(9_000).then((clean) => expect(clean).toBe(true))));
  await untilShared(own, 1, GROWN);
  await sleep(2_000);
  await viewers.stop();

  const { watched } = viewers;
  expect(watched.failures).toEqual([]);
  expect(watched.requests).toBeGreaterThan(before + 50);
  for (const group of groups as readonly Group[])
    expect(await catchUp(log, store, group, 40_000, sleep), group).toEqual([]);

  const reservations = await beaconsByReservation();
  const told = { impressions: watched.impressions, completes: watched.completes };
  expect(reservations.size).toBe(told.impressions);
  let moved = 0;
  for (const beacons of reservations.values()) {
    const [first, second, ...rest] = beacons;
    expect([first?.event, second?.event, rest.length]).toEqual(['impression', 'complete', 0]);
    expect(second?.partition).toBe(first?.partition);
    expect(second?.offset).toBeGreaterThan(first?.offset ?? 0);
    if ((first?.partition ?? 0) >= PARTITIONS) moved++;
  }
  expect(moved).toBeGreaterThan(20);

  expect(await billed()).toBe(told.impressions);
  const rows = await ask("SELECT count() FROM analytics_events WHERE event_type = 'impression'");
  expect([rows, await ask('SELECT sum(total_impressions) FROM campaign_performance')]).toEqual([rows, rows]);
  expect(rows).toBe(told.impressions);
  expect(await ask("SELECT count() FROM analytics_events WHERE event_type = 'complete'")).toBe(told.completes);
  // These viewers complete in an instant what takes half a minute: kept, and no completion.
  expect(await ask('SELECT sum(total_completions) FROM campaign_performance')).toBe(0);

  const byIdentity = await places();
  const all = byIdentity.flat();
  const cappedRows = await ask(
    `SELECT count() FROM analytics_events WHERE event_type = 'impression' AND campaign_id = '${capped.id}'`,
  );
  expect(cappedRows).toBeGreaterThan(100);
  expect(all.filter((state) => state === 'CONFIRMED')).toHaveLength(cappedRows);
  expect(Math.max(...byIdentity.map((states) => states.length))).toBeLessThanOrEqual(CAP);
  process.stdout.write(
    `scaled 1, 4, 1 and ${PARTITIONS} to ${GROWN} partitions: ${JSON.stringify({ ...told, requests: watched.requests, in_new_partitions: moved, capped: cappedRows, viewers: watched.viewers.size })}\n`,
  );
}, 200_000);
