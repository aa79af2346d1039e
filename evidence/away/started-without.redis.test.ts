import { expect, it } from 'vitest';
import { seedHeads } from '../../decision-api/test-heads.ts';
import { testCampaign } from '../../decision-api/test-house.ts';
import { micros } from '../../domain/money.ts';
import { systemClock } from '../../engines/clock.ts';
import { systemRandom } from '../../engines/random.ts';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import { makeFolder, PARTITIONS, removeFolder, serve } from './house.ts';

it('a decision API that starts without Redis serves what has no limits, says so, and serves all of it once Redis is there', async () => {
  const clock = systemClock();
  const free = testCampaign();
  const capped = testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 500 }] });
  const budgeted = testCampaign({ totalBudgetMicros: micros(1_000_000_000_000) });
  await using redis = await startRedisServer();
  await redis.kill();
  const folder = await makeFolder([free, capped, budgeted]);
  const serving = await serve(folder, { STATE_STORE: redis.url });
  const ask = async (): Promise<readonly string[]> => {
    const body = JSON.stringify({ pod_duration: 90, user: { id: 'u' } });
    const response = await fetch(`${serving.url}/api/v2/ad-request`, { method: 'POST', body });
    expect(response.status).toBe(200);
    const { pod } = (await response.json()) as { pod: { ads: { campaign_id: string }[] } };
    return pod.ads.map((ad) => ad.campaign_id);
  };
  const ready = async () => (await fetch(`${serving.url}/health/ready`)).status;
  try {
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
    expect(await serving.degraded()).toContain('state store: away, capped and budgeted campaigns wait');
    expect(await serving.metric('breaker_open', 'state_store')).toBe(1);
    expect(await ask()).toEqual([free.id]);

    await redis.restart();
    const store = await openRedisStateStore({ url: redis.url, random: systemRandom(clock) });
    await seedHeads(store, { beacons: PARTITIONS, requests: PARTITIONS });
    await store.close();
    await expect.poll(async () => (await ask()).length, { timeout: 20_000 }).toBe(3);
    expect((await serving.degraded()).join()).not.toContain('state store');
    expect(await serving.metric('breaker_open', 'state_store')).toBe(0);
  } finally {
    serving.process.kill('SIGTERM');
    await serving.ended;
    await removeFolder(folder);
  }
}, 90_000);
