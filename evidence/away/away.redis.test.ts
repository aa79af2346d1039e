import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { seedHeads } from '../../decision-api/test-heads.ts';
import { testCampaign } from '../../decision-api/test-house.ts';
import { micros } from '../../domain/money.ts';
import { systemClock } from '../../engines/clock.ts';
import { systemRandom } from '../../engines/random.ts';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import { makeFolder, PARTITIONS, removeFolder, serve } from './house.ts';

const CALLS = 40;

it('Redis that falls silent costs one deadline; then uncapped campaigns without budgets serve within 50 ms, until it answers', async () => {
  const clock = systemClock();
  const free = testCampaign();
  const capped = testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 500 }] });
  const budgeted = testCampaign({ totalBudgetMicros: micros(1_000_000_000_000) });
  await using redis = await startRedisServer();
  const store = await openRedisStateStore({ url: redis.url, random: systemRandom(clock) });
  await seedHeads(store, { beacons: PARTITIONS, requests: PARTITIONS });
  const folder = await makeFolder([free, capped, budgeted]);
  const serving = await serve(folder, { STATE_STORE: redis.url });
  const ask = async (): Promise<{ readonly ms: number; readonly campaigns: readonly string[] }> => {
    const began = performance.now();
    const body = JSON.stringify({ pod_duration: 90, user: { id: 'u' } });
    const response = await fetch(`${serving.url}/api/v2/ad-request`, { method: 'POST', body });
    expect(response.status).toBe(200);
    const { pod } = (await response.json()) as { pod: { ads: { campaign_id: string }[] } };
    return { ms: performance.now() - began, campaigns: pod.ads.map((ad) => ad.campaign_id) };
  };
  try {
    await expect.poll(async () => (await ask()).campaigns.length, { timeout: 20_000 }).toBe(3);
    redis.pause();
    const first = await ask();
    expect(first.ms).toBeLessThan(1_500);
    expect(first.campaigns).toEqual([free.id]);
    const calls = [];
    for (let n = 0; n < CALLS; n++) {
      calls.push(await ask());
      await sleep(20);
    }
    expect(calls.filter(({ campaigns }) => campaigns.join() !== free.id)).toEqual([]);
    const sorted = calls.map(({ ms }) => ms).sort((a, b) => a - b);
    expect(sorted[CALLS / 2]).toBeLessThan(50);
    expect((await serving.degraded()).join()).toContain('state store: away');
    expect(await serving.metric('breaker_open', 'state_store')).toBe(1);
    redis.resume();
    await expect.poll(async () => (await ask()).campaigns.length, { timeout: 20_000 }).toBe(3);
    expect(await serving.metric('breaker_open', 'state_store')).toBe(0);
    expect((await serving.degraded()).join()).not.toContain('state store');
  } finally {
    serving.process.kill('SIGTERM');
    await serving.ended;
    await store.close();
    await removeFolder(folder);
  }
}, 90_000);
