import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoCatalog } from '../cli/demo/catalog.ts';
import { catchUp } from '../cli/lag.ts';
import { systemClock } from '../engines/clock.ts';
import { type Config, environmentWith, readConfig } from '../engines/config.ts';
import { startTestKafka, type TestKafka } from '../engines/event-log/test-kafka.ts';
import { type Embedded, openCatalog, openEventLog, openStateStore, startEmbedded } from '../engines/open.ts';
import { keys } from '../engines/state-store/keys.ts';
import { startAnyRedis } from '../engines/state-store/redis-fixture.ts';
import { type Dump, dump, rawOfRedis } from '../evidence/forget/dump.ts';
import { block, run, settings, shareOf, startWatching, until } from './operations-house.ts';
import { type Staying, stayBlock } from './page-commands.ts';

const TOPICS_OF_WAREHOUSE = 4;
const PARTITIONS = 24;
const MINUTE_MS = 60_000;

/** One house of real servers and several processes; its cases follow each other. */
export function onRealServers(): void {
  const clock = systemClock();
  let folder = '';
  let kafka: TestKafka;
  let redis: Awaited<ReturnType<typeof startAnyRedis>>;
  let servers: Embedded;
  let config: Config;
  let env: Record<string, string>;
  let api: Staying;
  let state: Staying;
  let stopWatching: () => Promise<void>;
  /** Epoch minute. */
  let watchedFrom = 0;
  const warehouses: Staying[] = [];

  const stays = (command: string) =>
    stayBlock({ name: command, why: null, stays: true, text: `breakwater ${command}` }, env);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'breakwater-operations-real-'));
    [kafka, redis] = await Promise.all([startTestKafka(), startAnyRedis()]);
    const urls = { EVENT_LOG: kafka.freshUrl(), STATE_STORE: redis.url, WAREHOUSE: '', CATALOG: '' };
    const secrets = { PEPPER: 'p'.repeat(32), TOKEN_KEYS: `k1:${'s'.repeat(32)}` };
    const own = { ...settings, ...urls, ...secrets, DATA_DIR: folder, LOG_CLOCK_MARGIN: '1s' };
    config = readConfig(environmentWith(own));
    servers = await startEmbedded(config, () => undefined);
    env = environmentWith({ ...own, WAREHOUSE: servers.warehouseUrl, CATALOG: servers.catalogUrl });
    await run('migrate', env);
    const catalog = await openCatalog(servers.catalogUrl);
    const now = clock.now();
    const plans = demoCatalog({ startsAt: now, endsAt: now + 1e9, pacedUntil: now + 120_000, scale: 1 });
    for (const campaign of plans) await catalog.putCampaign(campaign);
    await catalog.close();
    state = await stays('worker frequency pacing');
    warehouses.push(await stayBlock(block('add-a-warehouse-worker'), env));
    api = await stays('serve decision');
    await until(120, 'the decision API is ready', async () => (await fetch(`${api.url}/health/ready`)).ok);
    watchedFrom = Math.floor((clock.now() + 10_000) / MINUTE_MS);
    stopWatching = startWatching(api.url, join(folder, 'viewers.jsonl'));
  }, 240_000);

  afterAll(async () => {
    await stopWatching?.();
    await Promise.allSettled([api, state, ...warehouses].map((one) => one?.stop()));
    await servers?.stop();
    await redis?.[Symbol.asyncDispose]();
    await kafka?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 90_000);

  it('from 1 to 4 warehouse workers: their partitions sum to all, each applies batches, the lag reaches 0', async () => {
    const alone = await shareOf(warehouses[0]?.url ?? '', env);
    expect(alone.partitions).toBe(PARTITIONS * TOPICS_OF_WAREHOUSE);
    for (let more = 0; more < 3; more++) warehouses.push(await stayBlock(block('add-a-warehouse-worker'), env));
    const shares = () => Promise.all(warehouses.map(({ url }) => shareOf(url, env)));
    const fair = (PARTITIONS * TOPICS_OF_WAREHOUSE) / warehouses.length;
    await until(120, 'each has its share', async () => (await shares()).every(({ partitions }) => partitions === fair));
    const before = await shares();
    await until(120, 'each applies', async () =>
      (await shares()).every(({ applied }, at) => applied > (before[at]?.applied ?? 0)),
    );
    await stopWatching();
    await until(120, 'the lag is gone', async () => (await shares()).every(({ lag }) => lag === 0));
    expect((await shares()).map(({ partitions }) => partitions / TOPICS_OF_WAREHOUSE)).toEqual([6, 6, 6, 6]);
  }, 240_000);

  it('a Redis that was wiped and rebuilt by the page equals before, record by record', async () => {
    await betweenClosings();
    stopWatching = startWatching(api.url, join(folder, 'again.jsonl'));
    await sleep(10_000);
    await stopWatching();
    // Pods that nobody has watched yet: their places and money are out.
    for (let n = 0; n < 40; n++) await askForPod(api.url, `late viewer ${n}`);
    expect(await api.stop()).toBe(0);
    const log = await openEventLog(config, clock);
    const store = await openStateStore(config, clock);
    try {
      for (const group of ['frequency', 'pacing'] as const) {
        expect(await catchUp(log, store, group, 30_000, clock.sleep)).toEqual([]);
      }
      expect(await state.stop()).toBe(0);
      const before = await dump(store, await rawOfRedis(redis));
      checkThereIsMuch(before);
      await redis.ask('FLUSHALL');
      const { out } = await run('rebuild-a-wiped-redis', env);
      expect(out).toMatch(/^outstanding +[1-9]/m);
      expect(withoutHeads(await dump(store, await rawOfRedis(redis)))).toEqual(withoutHeads(before));
      await checkHeads(before, await dump(store, await rawOfRedis(redis)), (topic) => log.ends(topic));
      const { out: checked } = await run('check-the-store', env);
      expect(checked.match(/^putRight +0$/gm)).toHaveLength(2);
    } finally {
      await log.close();
      await store.close();
    }
  }, 240_000);

  /**
   * A minute that was watched is closed, and the next closing is far off: tokens end and minutes close some seconds after each
   * minute, and what is compared must not straddle that.
   */
  async function betweenClosings(): Promise<void> {
    const store = await openStateStore(config, clock);
    try {
      await until(100, 'a minute is closed, and the next is not about to be', async () => {
        const [entry] = await store.read([keys.closed]);
        const into = clock.now() % MINUTE_MS;
        return Number(entry?.bytes?.readBigInt64BE() ?? 0) >= watchedFrom && into > 7_000 && into < 30_000;
      });
    } finally {
      await store.close();
    }
  }
}

async function askForPod(url: string, viewer: string): Promise<void> {
  const body = {
    pod_duration: 120,
    max_ads: 4,
    user: { id: viewer, age: 35, gender: 'male', time_zone: 'America/Los_Angeles' },
    device: { type: 'smart_tv', brand: 'samsung', os: 'tizen' },
    content: { category: 'sports', rating: 'PG' },
    geo: { country: 'US', region: 'CA', city: 'Los Angeles', dma: '803' },
  };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/v2/ad-request`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
}

function checkThereIsMuch(all: Dump): void {
  const of = (kind: string) => Object.entries(all).filter(([name]) => name.startsWith(kind));
  const entries = of('f:').flatMap(([, said]) => (said as { entries: { state: string }[] }).entries);
  expect(entries.filter(({ state }) => state === 'CONFIRMED').length).toBeGreaterThan(20);
  expect(entries.filter(({ state }) => state === 'OUTSTANDING').length).toBeGreaterThan(3);
  const money = of('m:').map(([, said]) => said as { billed_micros: number; taken: unknown[] });
  expect(money.filter(({ billed_micros }) => billed_micros > 0).length).toBeGreaterThan(1);
  expect(money.filter(({ taken }) => taken.length > 0).length).toBeGreaterThan(0);
  expect(of('s:').length).toBeGreaterThan(3);
  expect(of('k:').length).toBeGreaterThan(3);
  expect(of('h:').length).toBe(4 * PARTITIONS);
  expect(Number(all[keys.closed])).toBeGreaterThan(0);
}

function withoutHeads(all: Dump): Dump {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('h:')));
}

/** A tick of the workers' last moment may stand behind their heads: a rebuild reads it too. */
async function checkHeads(
  before: Dump,
  after: Dump,
  endsOf: (topic: string) => Promise<readonly number[]>,
): Promise<void> {
  for (const [name, said] of Object.entries(before).filter(([one]) => one.startsWith('h:'))) {
    const [, , topic = '', partition] = name.split(':');
    const then = said as { position: number; watermark: number };
    const now = after[name] as typeof then & { caughtUp: boolean };
    expect(now).toMatchObject({ position: (await endsOf(topic))[Number(partition)], caughtUp: true });
    expect(now.position - then.position).toBeLessThanOrEqual(50);
    expect(now.watermark).toBeGreaterThanOrEqual(then.watermark);
  }
}
