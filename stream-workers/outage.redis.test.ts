import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Catalog } from '../engines/catalog/catalog.ts';
import { systemClock } from '../engines/clock.ts';
import { openLmdbEventLog } from '../engines/event-log/lmdb-event-log.ts';
import { systemRandom } from '../engines/random.ts';
import { startRedisServer } from '../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../engines/state-store/redis-state-store.ts';
import { encode } from '../schemas/codec.ts';
import { topics } from '../schemas/events.ts';
import { openBench, PARTITIONS, plainBeacon } from './fixture.ts';
import { startWorkers } from './main.ts';

const emptyCatalog = { snapshot: async () => ({ campaigns: [], pods: [] }) } as unknown as Catalog;

it('workers that lose Redis are degraded and count what fails; once it is back they go on and are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-outage-'));
  await using bench = await openBench();
  await using redis = await startRedisServer();
  const clock = systemClock();
  const random = systemRandom(clock);
  const log = openLmdbEventLog({ path: folder, clock, onError: () => undefined });
  await log.ensureTopics(topics.map(({ name }) => ({ name, partitions: PARTITIONS, retentionMs: 1e12 })));
  const store = await openRedisStateStore({ url: redis.url, random });
  const logger = pino({ level: 'silent' });
  const names = ['frequency', 'pacing'] as const;
  const workers = await startWorkers({
    ...bench,
    ...{ clock, random, log, store, logger, names },
    catalog: emptyCatalog,
    ports: [0],
  });
  const health = async () =>
    (await (await fetch(`${workers.url}/health/ready`)).json()) as { ready: boolean; degraded: string[] };
  const measured = async (name: string) => {
    const lines = (await (await fetch(`${workers.url}/metrics`)).text()).split('\n');
    const found = lines.filter((line) => line.startsWith(`breakwater_${name}`));
    return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  };
  const send = () => {
    const value = encode('ad-beacon', plainBeacon(clock.now()));
    return log.append('ad-beacons', [{ partition: 0, key: 'viewer', value }]);
  };
  const lag = () => measured('consumer_lag_records');
  try {
    await send();
    await expect.poll(health, { timeout: 10_000 }).toMatchObject({ ready: true, degraded: [] });
    await expect.poll(() => measured('outcomes_total'), { timeout: 10_000 }).toBeGreaterThanOrEqual(names.length);
    await expect.poll(lag, { timeout: 10_000 }).toBe(0);

    await redis.kill();
    await send();
    await expect.poll(async () => (await health()).degraded.length, { timeout: 10_000 }).toBe(names.length);
    const [frequency, pacing] = (await health()).degraded;
    expect(frequency).toMatch(/^frequency cannot apply ad-\w+\/\d.*: redis: /);
    expect(pacing).toMatch(/^pacing cannot apply ad-\w+\/\d.*: redis: /);
    await expect.poll(lag, { timeout: 10_000 }).toBeGreaterThanOrEqual(names.length);
    const counted = await measured('batch_failures_total');
    await expect.poll(() => measured('batch_failures_total'), { timeout: 20_000 }).toBeGreaterThan(counted + 2);

    await redis.restart();
    await expect.poll(async () => (await health()).degraded, { timeout: 20_000 }).toEqual([]);
    await expect.poll(lag, { timeout: 20_000 }).toBe(0);
  } finally {
    await workers.close();
    await log.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 90_000);
