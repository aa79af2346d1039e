import { afterEach, expect, test } from 'vitest';
import { micros } from '../domain/money.ts';
import { type AnswerJson, openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const at = (price: number) => ({ pricing: { model: 'cpm', priceMicros: micros(price) } }) as const;
const secondsOf = ({ pod }: AnswerJson) => pod.ads.reduce((sum, ad) => sum + ad.duration_seconds, 0);

test('a cap of a whole campaign that is full by now costs one round, however many creatives take turns', async () => {
  const cap = { scope: 'user', creativeId: null, windowSeconds: 86_400, max: 1 } as const;
  const creatives = Array.from({ length: 8 }, () => testCreative());
  const open = await openHouse([
    testCampaign({ ...at(20_000), caps: [cap], creatives }),
    testCampaign(at(9_000)),
    testCampaign(at(8_000)),
  ]);
  house = open;
  const asked = Array.from({ length: 10 }, () => open.post({ pod_duration: 60, user: { id: 'u' } }));
  const answers = (await Promise.all(asked)).map(({ json }) => json);
  expect(answers.map(secondsOf)).toEqual(answers.map(() => 60));
  const outcomes = (await open.records('ad-request')).flatMap(({ event }) => event.candidates);
  expect(outcomes.filter(({ outcome }) => outcome === 'cap_reached')).toHaveLength(9);
});

test('a pod whose best are refused round after round is filled with those that nobody can refuse', async () => {
  const cola = { id: 'cola', name: 'Cola', ancestors: [] };
  const colas = Array.from({ length: 9 }, (_, n) => testCampaign({ ...at(20_000 - n), categories: [cola] }));
  const free = [testCampaign(at(9_000)), testCampaign(at(8_000))];
  house = await openHouse([...colas, ...free]);
  const ask = (index: number, pod_duration: number) => ({
    pod_duration,
    pod: { min_separation_seconds: 30 },
    session: { id: 's' },
    break: { index },
  });
  expect(secondsOf((await house.post(ask(0, 30))).json)).toBe(30);
  const { json } = await house.post(ask(1, 60));
  expect(json.pod.ads.map((ad) => ad.campaign_id)).toEqual(free.map(({ id }) => id));
});

test('where the store goes away after it was read, what has no limit is served, and the reason is told', async () => {
  const cap = { scope: 'user', creativeId: null, windowSeconds: 3_600, max: 5 } as const;
  const capped = Array.from({ length: 14 }, (_, n) => testCampaign({ ...at(20_000 - n), caps: [cap] }));
  const free = testCampaign(at(9_000));
  house = await openHouse([...capped, free]);
  let calls = 0;
  Object.defineProperty(house.away, 'store', { configurable: true, get: () => calls++ > 0 });
  const { json } = await house.post({ pod_duration: 60, user: { id: 'u' } });
  expect(json.pod.ads.map((ad) => ad.campaign_id)).toEqual([free.id]);
  await house.close();

  house = await openHouse(capped);
  calls = 0;
  Object.defineProperty(house.away, 'store', { configurable: true, get: () => calls++ > 0 });
  const empty = await house.post({ pod_duration: 60, user: { id: 'u' } });
  expect(empty.json.no_fill_reason).toBe('store_unavailable');
});
