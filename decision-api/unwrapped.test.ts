import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Creative, Tracker, Unwrapped } from '../domain/creative.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

const tag = 'https://ads.example/vast?cb=[CACHEBUSTING]';
const unwrapped = {
  tag,
  wrappers: 1,
  durationSeconds: 30,
  media: [
    {
      url: 'https://cdn.example/theirs.mp4',
      type: 'video/mp4',
      delivery: 'progressive',
      width: 1920,
      height: 1080,
      bitrateKbps: 4000,
    },
  ],
  clickThrough: 'https://shop.example/theirs',
  trackers: [
    { event: 'impression', url: 'https://wrapper.example/impression?cb=[CACHEBUSTING]' },
    { event: 'impression', url: 'https://end.example/impression' },
    { event: 'start', url: 'https://wrapper.example/start' },
    { event: 'start', url: 'https://end.example/start' },
    { event: 'playerExpand', url: 'https://end.example/expand' },
    { event: 'progress', url: 'https://end.example/7', offsetSeconds: 7 },
  ],
  universalAdId: { registry: 'ad-id.org', value: 'CNPA0484000H' },
} satisfies Unwrapped;
const asked: Partial<Creative> = { media: [], vastTagUrl: tag, unwrap: true, durationSeconds: 30 };
const own = { event: 'impression', url: 'https://agency.example/impression' } as const;

let house: TestHouse;
const known = testCreative({ ...asked, clickThrough: null, trackers: [own], unwrapped });
const waiting = testCreative({ ...asked });
const changed = testCreative({ ...asked, unwrapped: { ...unwrapped, tag: 'https://ads.example/before' } });

beforeAll(async () => {
  house = await openHouse([known, waiting, changed].map((creative) => testCampaign({ creatives: [creative] })));
});
afterAll(() => house?.close());

const lists = new Set(['Ad', 'Impression', 'Tracking', 'MediaFile']);
const reader = new XMLParser({ ignoreAttributes: false, isArray: (name) => lists.has(name) });

async function vast(version: string) {
  const url = `/api/v2/vast?pod_duration=90&max_ads=3&version=${version}`;
  const { body } = await house.api.app.inject({ method: 'GET', url });
  return reader.parse(body).VAST.Ad as {
    readonly InLine?: InLine;
    readonly Wrapper?: { readonly VASTAdTagURI: string };
  }[];
}

interface InLine {
  readonly Impression: readonly (string | { readonly '#text': string })[];
  readonly Creatives: {
    readonly Creative: {
      readonly '@_id': string;
      readonly UniversalAdId?: { readonly '#text': string };
      readonly Linear: {
        readonly MediaFiles: { readonly MediaFile: readonly { readonly '#text': string }[] };
        readonly TrackingEvents: {
          readonly Tracking: readonly { readonly '@_event': string; readonly '#text': string }[];
        };
        readonly VideoClicks: { readonly ClickThrough: string };
      };
    };
  };
}

test.each(['2.0', '3.0', '4.0', '4.1', '4.2', '4.3'])(
  'VAST %s is InLine where the tag’s end is known, with all trackers in the order of the chain, else the tag',
  async (version) => {
    const ads = await vast(version);
    expect(ads.flatMap(({ Wrapper }) => Wrapper?.VASTAdTagURI ?? [])).toEqual([tag, tag]);
    const [inLine] = ads.flatMap(({ InLine }) => InLine ?? []);
    if (!inLine) throw new Error('no ad is InLine');
    const impressions = inLine.Impression.map((each) => (typeof each === 'string' ? each : each['#text']));
    expect(impressions[0]).toContain('/api/v2/beacons/impression?t=');
    expect(impressions.slice(1)).toEqual([own.url, ...unwrapped.trackers.slice(0, 2).map(({ url }) => url)]);
    const { Linear, UniversalAdId, '@_id': id } = inLine.Creatives.Creative;
    expect(id).toBe(known.id);
    expect(UniversalAdId?.['#text']).toBe(version < '4.0' ? undefined : 'CNPA0484000H');
    expect(Linear.MediaFiles.MediaFile.map((file) => file['#text'])).toEqual(['https://cdn.example/theirs.mp4']);
    expect(Linear.VideoClicks.ClickThrough).toBe('https://shop.example/theirs');
    const tracking = Linear.TrackingEvents.Tracking;
    const starts = tracking.filter((each) => each['@_event'] === 'start').map((each) => each['#text']);
    expect(starts[0]).toContain('/api/v2/beacons/start?t=');
    expect(starts.slice(1)).toEqual(['https://wrapper.example/start', 'https://end.example/start']);
    const expanded = tracking.find((each) => each['#text'] === 'https://end.example/expand');
    expect(expanded?.['@_event']).toBe(version < '4.0' ? 'fullscreen' : 'playerExpand');
  },
);

test('JSON tells its trackers beside the files, and a click leads where the ad wants', async () => {
  const { json } = await house.post({ pod_duration: 90, max_ads: 3 });
  expect(json.pod.ads.map(({ creative_id }) => creative_id)).toEqual([known.id]);
  expect(json.pod.ads[0]).toMatchObject({
    media: [{ url: 'https://cdn.example/theirs.mp4' }],
    click_through: 'https://shop.example/theirs',
    trackers: [
      own,
      ...unwrapped.trackers.map(({ offsetSeconds, ...each }: Tracker) => ({
        ...each,
        ...(offsetSeconds === undefined ? {} : { offset_seconds: offsetSeconds }),
      })),
    ],
  });
  const click = await house.api.app.inject({ method: 'GET', url: json.pod.ads[0]?.tracking.click ?? '' });
  expect([click.statusCode, click.headers.location]).toEqual([302, 'https://shop.example/theirs']);
});

test('the MVP’s answer has no word for others’ trackers, so it has none of these', async () => {
  const answer = await house.api.app.inject({
    method: 'POST',
    url: '/api/v1/ad-request',
    headers: { 'content-type': 'application/json' },
    payload: { device_id: 'd', device_type: 'smart_tv' },
  });
  expect(answer.statusCode).toBe(204);
});
