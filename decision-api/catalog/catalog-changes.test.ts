import { afterEach, expect, test } from 'vitest';
import type { Campaign, Condition } from '../../domain/campaign.ts';
import { normaliseContext } from '../../domain/targeting/context.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import { systemClock } from '../../engines/clock.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { encode } from '../../schemas/codec.ts';
import { openHouse, type TestHouse, testCampaign, testId } from '../test-house.ts';
import { CatalogCache } from './catalog-cache.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const served = ['US', 'CA', 'GB', 'FR', 'DE', 'JP', 'BR', 'MX'];

function fenced(given: Partial<Campaign>, countries: readonly string[]): Campaign {
  const conditions: Condition[] = [{ dimension: 'geo_countries', mode: 'include', values: countries }];
  return testCampaign({ ...given, targeting: [{ id: 'r', conditions }] });
}

function changeOf(campaign: Campaign, changedAt: number) {
  return {
    kind: 'campaign',
    id: campaign.id,
    version: campaign.version,
    deleted: false,
    document: JSON.stringify(campaign),
    changed_at: changedAt,
  };
}

test('a changed campaign is served within a second, in the countries that it has now', async () => {
  const before = fenced({}, ['US']);
  const running = await openHouse([before]);
  house = running;
  const ask = async (country: string) =>
    (await running.post({ pod_duration: 30, geo: { country } })).json.pod.ads.length;
  expect([await ask('US'), await ask('FR')]).toEqual([1, 0]);
  const topic = 'catalog-changes';
  const partition = partitionOf(before.id, await running.log.partitions(topic));
  const clock = systemClock();
  const took: number[] = [];
  for (let version = 2; version <= 9; version++) {
    const [now, other] = version % 2 === 0 ? ['FR', 'US'] : ['US', 'FR'];
    const changed = { ...before, ...fenced({ id: before.id }, [now]), version };
    const value = encode('catalog-change', changeOf(changed, clock.now()));
    const began = clock.now();
    await running.log.append(topic, [{ partition, key: before.id, value }]);
    while ((await ask(now)) === 0) {
      expect(clock.now() - began).toBeLessThan(1_000);
      await clock.sleep(5);
    }
    took.push(clock.now() - began);
    expect(await ask(other)).toBe(0);
  }
  expect(took).toHaveLength(8);
});

test('one change touches one campaign: the others stay in the index as they are, however many', () => {
  const cache = new CatalogCache();
  const count = 5_000;
  const campaigns = Array.from({ length: count }, (_, n) =>
    fenced({ id: testId() }, [served[n % served.length] ?? 'US', served[(n * 3) % served.length] ?? 'US']),
  );
  const loading = process.cpuUsage();
  cache.load({ campaigns, pods: [] });
  const loaded = process.cpuUsage(loading);
  const inFrance = normaliseContext({ geo: { country: 'FR' } }, 0);
  const held = new Map(campaigns.map((campaign) => [campaign.id, campaign]));
  let changes = 0;
  let compared = 0;
  const changing = process.cpuUsage();
  for (let n = 0; n < 200; n++) {
    const old = campaigns[(n * 37) % count] as Campaign;
    const changed = { ...fenced({ id: old.id }, [served[n % 7] ?? 'US']), version: n + 2 };
    if (cache.apply(changeOf(changed, 0))) changes += 1;
    held.set(old.id, changed);
  }
  const changed = process.cpuUsage(changing);
  const found = cache.match(inFrance).map(({ campaign }) => campaign.id);
  const expected = [...held.values()].filter((campaign) => matchCampaign(campaign, inFrance).ok).map(({ id }) => id);
  expect(found).toEqual(expected.sort());
  compared += expected.length;
  expect([changes, cache.campaigns.length]).toEqual([200, count]);
  expect(compared).toBeGreaterThan(500);
  // The very same objects: nothing was read or put again.
  expect(cache.campaigns.filter((campaign) => campaigns.includes(campaign)).length).toBe(count - 200);
  expect(changed.user / 200).toBeLessThan(loaded.user / 10);
});
