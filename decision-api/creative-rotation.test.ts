import { afterEach, expect, test } from 'vitest';
import { micros } from '../domain/money.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { encode } from '../schemas/codec.ts';
import type { CampaignSignal } from '../schemas/records.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse;

afterEach(() => house.close());

const asked = (request_id: string, more: object = {}) => ({ request_id, pod_duration: 30, ...more });

/** How often each creative was served to some requests. */
async function served(requests: number, more: object = {}, prefix = 'r'): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let request = 0; request < requests; request++) {
    const { json } = await house.post(asked(`${prefix}${request}`, more));
    for (const ad of json.pod.ads) counts.set(ad.creative_id, (counts.get(ad.creative_id) ?? 0) + 1);
  }
  return counts;
}

async function score(
  campaign: string,
  given: Pick<CampaignSignal, 'creatives' | 'contexts'> & Partial<CampaignSignal>,
) {
  const signal: CampaignSignal = {
    kind: 'SCORE',
    campaign,
    version: 7,
    computed_at: 1,
    caused_by_received_at: null,
    mu_ppm: 0,
    pacing_status: 'on_track',
    spent_micros: 0,
    target_micros: 0,
    impressions: 0,
    ctr_ppm: 10_000,
    vtr_ppm: 800_000,
    completion_ppm: 800_000,
    quality_centi: 500,
    relevance_centi: 500,
    ...given,
  };
  const partition = partitionOf(campaign, await house.log.partitions('campaign-signals'));
  await house.log.append('campaign-signals', [{ partition, key: campaign, value: encode('campaign-signal', signal) }]);
  await expect.poll(() => house.metric('signals_applied_total')).toBe(1);
}

const rates = { ctr_ppm: 10_000, vtr_ppm: 800_000, completion_ppm: 800_000 };

test('creatives of one length are served by their weights, another length is not part of it', async () => {
  const [often, seldom] = [testCreative({ weight: 9 }), testCreative()];
  const short = testCreative({ durationSeconds: 15 });
  house = await openHouse([testCampaign({ creatives: [often, seldom, short] })]);
  const counts = await served(400);
  expect((counts.get(often.id) ?? 0) + (counts.get(seldom.id) ?? 0)).toBe(400);
  expect(counts.get(often.id)).toBeGreaterThan(330);
  expect(counts.get(seldom.id)).toBeGreaterThan(15);
  expect((await house.post({ pod_duration: 20 })).json.pod.ads[0]?.creative_id).toBe(short.id);
});

test('without weights draws go by shares, and one of which nothing was said is tried too', async () => {
  const [good, bad, fresh] = [testCreative(), testCreative(), testCreative()];
  const campaign = testCampaign({ creatives: [good, bad, fresh] });
  house = await openHouse([campaign]);
  const even = await served(150, {}, 'before');
  for (const { id } of campaign.creatives) expect(even.get(id)).toBeGreaterThan(20);
  const creatives = [
    { creative: good.id, ...rates, share_ppm: 990_000 },
    { creative: bad.id, ...rates, share_ppm: 10_000 },
  ];
  await score(campaign.id, { creatives, contexts: [] });
  const counts = await served(300);
  expect(counts.get(good.id)).toBeGreaterThan(160);
  expect(counts.get(bad.id) ?? 0).toBeLessThan(15);
  expect(counts.get(fresh.id)).toBeGreaterThan(60);
});

test('the same request draws the same creative on another house, and only who was let in is in the record', async () => {
  const campaign = testCampaign({ creatives: [testCreative(), testCreative(), testCreative()] });
  const draw = async () => {
    house = await openHouse([campaign]);
    await served(30);
    return (await house.records('ad-request')).map(({ event }) => [
      event.request_id,
      event.candidates.map((one) => one.creative),
    ]);
  };
  const first = await draw();
  await house.close();
  const second = await draw();
  expect(Object.fromEntries(second)).toEqual(Object.fromEntries(first));
  expect(first.every(([, candidates]) => candidates?.length === 1)).toBe(true);
});

test('where the drawn creative has reached its cap, the next one is shown', async () => {
  const [one, two] = [testCreative({ weight: 1_000 }), testCreative()];
  const caps = [{ scope: 'user' as const, creativeId: one.id, windowSeconds: 3600, max: 1 }];
  house = await openHouse([testCampaign({ caps, creatives: [one, two] })]);
  const counts = await served(6, { user: { id: 'u' } });
  expect([counts.get(one.id), counts.get(two.id)]).toEqual([1, 5]);
});

test('a pod that may hold several of one advertiser holds several of one campaign', async () => {
  const creatives = [testCreative(), testCreative(), testCreative(), testCreative()];
  house = await openHouse([testCampaign({ creatives })]);
  const { json } = await house.post(asked('r', { pod_duration: 90, pod: { allow_duplicate_advertisers: true } }));
  expect(new Set(json.pod.ads.map((ad) => ad.creative_id)).size).toBe(3);
  const explained = await house.post({ pod_duration: 30 }, '?explain=1');
  const [campaign] = explained.json.explain.campaigns as unknown as {
    outcome: string;
    creatives: { outcome: string }[];
  }[];
  expect(campaign?.outcome).toBe('won');
  expect(campaign?.creatives.map(({ outcome }) => outcome).sort()).toEqual(['rotated', 'rotated', 'rotated', 'won']);
});

test('what a view is worth where clicks or completes are paid goes by the context, and what was predicted is in the record', async () => {
  const perClick = { model: 'cpc' as const, priceMicros: micros(1_000_000) };
  const campaign = testCampaign({ pricing: perClick });
  house = await openHouse([campaign]);
  const ask = (request_id: string, type: string) => house.post(asked(request_id, { device: { type } }));
  await ask('unknown', 'roku');
  await score(campaign.id, {
    creatives: [],
    contexts: [
      { dimension: 'device_type', value: 'roku', ctr_ppm: 2_000_000, completion_ppm: 900_000 },
      { dimension: 'position', value: '1', ctr_ppm: 1_500_000, completion_ppm: 1_000_000 },
    ],
  });
  await ask('there', 'roku');
  await ask('elsewhere', 'samsung_tv');
  const records = new Map((await house.records('ad-request')).map(({ event }) => [event.request_id, event]));
  const of = (id: string) => {
    const record = records.get(id);
    const [ad] = record?.ads ?? [];
    return [record?.candidates[0]?.value_micros, ad?.predicted_ctr_ppm, ad?.predicted_completion_ppm];
  };
  // Worth: 1 % of 1,000,000 micros, twice that on this device. Where it stands is known once it stands there.
  expect(of('unknown')).toEqual([2_000, null, null]);
  expect(of('there')).toEqual([20_000, 30_000, 720_000]);
  expect(of('elsewhere')).toEqual([10_000, 15_000, 800_000]);
});

test('a completed view is worth what views to the end per impression lead to expect: not every impression begins to play', async () => {
  const campaign = testCampaign({ pricing: { model: 'cpv', priceMicros: micros(20_000) } });
  house = await openHouse([campaign]);
  const contexts = [{ dimension: 'device_type' as const, value: 'roku', ctr_ppm: 1_000_000, completion_ppm: 500_000 }];
  await score(campaign.id, { vtr_ppm: 400_000, completion_ppm: 900_000, creatives: [], contexts });
  const worth = async (request_id: string, type: string) => {
    await house.post(asked(request_id, { device: { type } }));
    const found = (await house.records('ad-request')).find(({ event }) => event.request_id === request_id)?.event;
    return [found?.candidates[0]?.value_micros, found?.ads[0]?.predicted_completion_ppm];
  };
  expect(await worth('elsewhere', 'samsung_tv')).toEqual([8_000, 900_000]);
  expect(await worth('there', 'roku')).toEqual([4_000, 450_000]);
});

test.each(['its own', 'its campaign’s'])(
  'an ad that may only be first, by a place that is %s, is worth what it is there',
  async (whose) => {
    const own = whose === 'its own' ? 'first' : null;
    const campaign = testCampaign({
      pricing: { model: 'cpc', priceMicros: micros(1_000_000) },
      place: own === null ? 'first' : null,
      creatives: [testCreative({ place: own })],
    });
    house = await openHouse([campaign]);
    const contexts = [{ dimension: 'position' as const, value: '1', ctr_ppm: 1_500_000, completion_ppm: 1_000_000 }];
    await score(campaign.id, { creatives: [], contexts });
    await house.post(asked('r', { pod_duration: 60 }));
    const [record] = await house.records('ad-request');
    expect(record?.event.candidates.map(({ value_micros }) => value_micros)).toEqual([15_000]);
  },
);

test('where advertisers may repeat, creatives of one film are drawn as one, and the pod is filled', async () => {
  const film = (name: string) => [{ ...testCreative().media[0], url: `https://cdn.example/${name}.mp4` }] as never;
  const creatives = ['one', 'one', 'two'].map((name) => testCreative({ media: film(name) }));
  house = await openHouse([testCampaign({ creatives })]);
  for (let request = 0; request < 30; request++) {
    const { json } = await house.post({
      request_id: `r${request}`,
      pod: { duration_seconds: 60, allow_duplicate_advertisers: true },
    });
    expect(json.pod.ads).toHaveLength(2);
  }
});
