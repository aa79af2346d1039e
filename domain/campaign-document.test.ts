import { expect, test } from 'vitest';
import { readCampaign, readPodConfig } from './campaign-document.ts';

const id = (n: number) => `00000000-0000-7000-8000-00000000000${n}`;

const campaign = {
  id: id(1),
  version: 1,
  name: 'Spring',
  advertiserId: id(2),
  advertiserName: 'Acme',
  status: 'active',
  startsAt: 0,
  endsAt: 1,
  timeZone: 'Europe/Berlin',
  pricing: { model: 'cpm', priceMicros: 12_000 },
  totalBudgetMicros: null,
  dailyBudgetMicros: 5_000_000,
  goalImpressions: null,
  pacingMode: 'even',
  tier: 'standard',
  targeting: [{ id: id(3), conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US', 5, null] }] }],
  caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 1 }],
  categories: [{ id: 'autos', name: 'Autos', ancestors: [] }],
  creatives: [
    {
      id: id(4),
      name: 'a',
      durationSeconds: 30,
      status: 'active',
      media: [
        { url: 'https://x/a', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1, bitrateKbps: null },
      ],
      clickThrough: null,
    },
  ],
};

test('a whole document is taken as it is, unknown fields and all', () => {
  const more = { ...campaign, later: true };
  expect(readCampaign(more)).toBe(more);
});

test.each(Object.keys(campaign))('a campaign without a right %s is not used', (field) => {
  const { [field as keyof typeof campaign]: _, ...rest } = campaign;
  expect(readCampaign(rest)).toBeNull();
  expect(readCampaign({ ...campaign, [field]: {} })).toBeNull();
});

test.each([
  ['nothing', null],
  ['a text', 'campaign'],
  ['an id that is no UUID', { ...campaign, id: '7' }],
  ['a zone that is none', { ...campaign, timeZone: 'Mars/Olympus' }],
  ['a price with a fraction', { ...campaign, pricing: { model: 'cpm', priceMicros: 0.5 } }],
  ['a creative that is null', { ...campaign, creatives: [null] }],
  ['a rule without conditions', { ...campaign, targeting: [{ id: id(3) }] }],
  ['a cap of no scope', { ...campaign, caps: [{ ...campaign.caps[0], scope: 'planet' }] }],
])('%s is no campaign', (_, value) => {
  expect(readCampaign(value)).toBeNull();
});

test('a pod needs all its rules', () => {
  const pod = {
    id: id(5),
    version: 1,
    name: 'prime',
    durationSeconds: 60,
    minAds: 1,
    maxAds: 4,
    competitiveSeparation: true,
    minSeparationSeconds: null,
    allowDuplicateAdvertisers: false,
    objective: 'revenue',
  };
  expect(readPodConfig(pod)).toBe(pod);
  for (const field of Object.keys(pod)) expect(readPodConfig({ ...pod, [field]: [] })).toBeNull();
});
