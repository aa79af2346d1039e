import { afterEach, expect, test } from 'vitest';
import { micros } from '../domain/money.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const seconds = (durationSeconds: number) => ({ creatives: [testCreative({ durationSeconds })] });
const cpm = (priceMicros: number) => ({ pricing: { model: 'cpm' as const, priceMicros: micros(priceMicros) } });

test('backups are reserved beside the pod, with tracking of their own, and only where they are asked for', async () => {
  const household = { scope: 'household' as const, creativeId: null, windowSeconds: 3600, max: 1 };
  const best = testCampaign(cpm(50_000));
  const spare = testCampaign({ ...cpm(20_000), caps: [household] });
  const long = testCampaign({ ...cpm(40_000), ...seconds(45) });
  house = await openHouse([best, spare, long]);
  const ask = { pod_duration: 30, max_ads: 1, user: { id: 'u', household_id: 'h' } };
  expect((await house.post(ask)).json).not.toHaveProperty('backups');
  const { json } = await house.post({ ...ask, pod: { backup_ads: 2 } });
  const { backups } = json as unknown as { backups: { campaign_id: string; tracking: { impression: string } }[] };
  expect(json.pod.ads.map((ad) => ad.campaign_id)).toEqual([best.id]);
  expect(backups.map((ad) => ad.campaign_id)).toEqual([spare.id]);
  expect(backups[0]?.tracking.impression).toContain('/api/v2/beacons/impression?t=');
  expect(backups[0]).not.toHaveProperty('position');
  const records = (await house.records('ad-request')).map(({ event }) => event);
  expect(records.flatMap((each) => each.backups.map((ad) => [ad.campaign, ad.capped_by.length]))).toEqual([
    [spare.id, 1],
  ]);
  // Its only place in the household is taken.
  const next = await house.post({ ...ask, pod: { backup_ads: 2 } });
  expect(next.json).toMatchObject({ backups: [] });
});

test('guaranteed ads come before richer ones, house ads fill what is left, and who wants a place has it', async () => {
  const guaranteed = testCampaign({ ...cpm(1_000), tier: 'guaranteed' });
  const rich = testCampaign(cpm(90_000));
  const first = testCampaign({ ...cpm(5_000), place: 'first' });
  const filler = testCampaign({ tier: 'house', place: 'last' });
  house = await openHouse([filler, first, rich, guaranteed]);
  const served = async (ask: object) => (await house?.post(ask))?.json.pod.ads.map((ad) => ad.campaign_id);
  expect(await served({ pod_duration: 30 })).toEqual([guaranteed.id]);
  expect(await served({ pod_duration: 60 })).toEqual([guaranteed.id, rich.id]);
  expect(await served({ pod_duration: 120 })).toEqual([first.id, guaranteed.id, rich.id, filler.id]);
});

test('exact and allowed lengths are kept', async () => {
  house = await openHouse([testCampaign(seconds(20)), testCampaign(seconds(30)), testCampaign(seconds(45))]);
  const filled = async (pod: object) => (await house?.post({ pod_duration: 90, pod }))?.json.pod.filled_seconds;
  expect(await filled({})).toBe(75);
  expect(await filled({ exact_duration: true })).toBe(0);
  expect(await filled({ duration_seconds: 65, allowed_durations: [20, 30] })).toBe(50);
  const { json } = await house.post({ pod_duration: 65, pod: { exact_duration: true } }, '?explain=1');
  expect(json.pod.filled_seconds).toBe(65);
});

test('a whole stream is asked for at once: a pod for each break, and the caps hold over all of them', async () => {
  const once = testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 1 }] });
  house = await openHouse([once, testCampaign({ tier: 'house' })]);
  const body = {
    request_id: 'stream',
    user: { id: 'u' },
    session: { id: 's' },
    breaks: [
      { id: 'pre', offset: 0, pod_duration: 30, max_ads: 1 },
      { id: 'mid', offset: 600, pod: { duration_seconds: 30, shape: 'round' } },
    ],
  };
  const { status, json } = await house.post(body);
  const { breaks } = json as unknown as { breaks: { id: string; offset: number; pod: typeof json.pod }[] };
  expect(status).toBe(200);
  expect(breaks.map(({ id, offset, pod }) => [id, offset, pod.filled_seconds])).toEqual([
    ['pre', 0, 30],
    ['mid', 600, 30],
  ]);
  const ids = breaks.flatMap(({ pod }) => pod.ads.map((ad) => ad.campaign_id));
  expect(ids.filter((id) => id === once.id)).toHaveLength(1);
  expect(json.warnings.map(({ pointer }) => pointer)).toEqual(['/breaks/1/pod/shape']);
  expect((await house.post(body)).json).toEqual(json);
  const records = (await house.records('ad-request')).map(({ event }) => event);
  const told = new Set(records.map((each) => `${each.request_id} ${each.break_id} ${each.break_index}`));
  expect([...told].sort()).toEqual(['stream/mid mid 1', 'stream/pre pre 0']);
});

test('a decision is explained from memory: each campaign of the catalog once, as the answer itself explained it', async () => {
  const rule = {
    id: 'r',
    conditions: [{ dimension: 'geo_countries' as const, mode: 'include' as const, values: ['DE'] }],
  };
  const campaigns = [
    testCampaign(),
    testCampaign({ targeting: [rule] }),
    testCampaign({ status: 'paused' }),
    testCampaign(seconds(90)),
    testCampaign({ ...cpm(1), tier: 'house' }),
    testCampaign({ caps: [{ scope: 'household', creativeId: null, windowSeconds: 3600, max: 1 }] }),
  ];
  house = await openHouse(campaigns);
  const { json } = await house.post({ request_id: 'r/1', pod_duration: 30, geo: { country: 'US' } }, '?explain=1');
  const answer = await house.api.app.inject({ url: `/api/v2/requests/${encodeURIComponent('r/1')}/explain` });
  const told = answer.json() as typeof json.explain & { slots: { campaign_id: string }[] };
  const outcomes = (explained: typeof json.explain) =>
    explained.campaigns.map(({ campaign_id, outcome, detail }) => [campaign_id, outcome, detail]);
  expect(outcomes(told)).toEqual(outcomes(json.explain));
  expect(new Set(told.campaigns.map(({ outcome }) => outcome))).toEqual(
    new Set(['won', 'targeting', 'not_active', 'too_long', 'lost', 'no_identity']),
  );
  expect(told.slots.map(({ campaign_id }) => campaign_id)).toEqual(json.pod.ads.map((ad) => ad.campaign_id));
  const missing = await house.api.app.inject({ url: '/api/v2/requests/nobody/explain' });
  expect(missing.statusCode).toBe(404);
  await house.post({ request_id: 'stream', breaks: [{ pod_duration: 30 }, { id: 'b', pod_duration: 30 }] });
  await house.post({ request_id: 'stream/c', pod_duration: 30 });
  const stream = await house.api.app.inject({ url: '/api/v2/requests/stream/explain' });
  expect([stream.statusCode, stream.json().detail]).toEqual([
    404,
    'its pods are explained one by one: stream/0, stream/b',
  ]);
});
