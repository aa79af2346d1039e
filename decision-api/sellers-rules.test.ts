import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Creative, CreativeParts } from '../domain/creative.ts';
import { micros } from '../domain/money.ts';
import { admissionFor } from './dialects/openrtb/admission.ts';
import { attributesOf, plainDomain } from './dialects/openrtb/blocked.ts';
import type { BidRequest, Imp, Video } from './dialects/openrtb/request.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

const https = (at: string) => `https://cdn.example/${at}`;
const file = { ...testCreative().media[0], type: 'video/mp4' } as ReturnType<typeof testCreative>['media'][number];
const brand = testCreative({
  durationSeconds: 15,
  domains: ['brand.example'],
  adCategories: { taxonomy: 1, ids: ['IAB1-1'] },
  media: [{ ...file, url: https('ad.mp4'), bitrateKbps: 4_000 }],
});
const campaign = testCampaign({ creatives: [brand], pricing: { model: 'cpm', priceMicros: micros(10_000) } });

const asked = (creative: Creative) => ({ creative, hasFiles: creative.media.length > 0 });

/** Why the brand's ad is not for this seller; null: it is. */
function reason(request: Partial<BidRequest>, video: Video = {}, imp: Partial<Imp> = {}, parts: CreativeParts = {}) {
  const whole = { id: 'a', imp: [], ...request };
  const slot = { imp: { id: '1', ...imp }, video };
  return admissionFor(whole, slot, [], 'https://ads.example').admits(asked({ ...brand, ...parts }), campaign);
}

test.each([
  'brand.example',
  'BRAND.example',
  'www.brand.example',
  'brand.example.',
  '.brand.example',
  '*.brand.example',
  ' https://www.brand.example/shop?x#y ',
  'brand.example:443',
  'example',
])('an advertiser of brand.example is blocked by badv %j', (domain) => {
  expect(reason({ badv: ['', domain] })).toBe('blocked_by_seller');
});

test('badv blocks what is below it and nothing beside it; it and the creative may have letters of any alphabet', () => {
  for (const other of ['', '.', 'shop.brand.example', 'rand.example', 'brand.example.org', '%%%', 'https://']) {
    expect([other, reason({ badv: [other] })]).toEqual([other, null]);
  }
  expect(reason({ badv: ['brand.example'] }, {}, {}, { domains: ['www.shop.brand.example'] })).toBe(
    'blocked_by_seller',
  );
  expect(plainDomain('WWW.Bücher.example.')).toBe('xn--bcher-kva.example');
});

test.each<[Partial<BidRequest>, string | null]>([
  [{ bcat: ['iab1'] }, 'blocked_by_seller'],
  [{ bcat: ['IAB1-1'] }, 'blocked_by_seller'],
  [{ bcat: ['IAB10', 'IAB1-2', 'IAB1-11'] }, null],
  [{ bcat: ['IAB1'], cattax: 7 }, null],
  [{ acat: ['iab1'] }, null],
  [{ acat: ['IAB1-1', 'IAB9'] }, null],
  [{ acat: ['IAB2'] }, 'blocked_by_seller'],
  [{ acat: ['IAB1'], cattax: 7 }, 'blocked_by_seller'],
  [{ acat: [] }, null],
])('categories %j: %s', (request, wanted) => {
  expect(reason(request)).toBe(wanted);
});

test.each<[Video, string | null]>([
  [{ poddur: 30, rqddurs: [60] }, 'length_not_allowed'],
  [{ poddur: 30, rqddurs: [60, 15] }, null],
  [{ rqddurs: [30] }, 'length_not_allowed'],
  [{ minbitrate: 4_001 }, 'not_playable'],
  [{ maxbitrate: 3_999 }, 'not_playable'],
  [{ minbitrate: 4_000, maxbitrate: 4_000 }, null],
  [{ minbitrate: 0, maxbitrate: 0 }, null],
])('video %j: %s', (video, wanted) => {
  expect(reason({}, video)).toBe(wanted);
});

test('what may be skipped has the attribute 16, which a seller may block, and says so where its document does', async () => {
  const skippable = { ...brand, skipAfterSeconds: 5 };
  expect(reason({}, { battr: [16] })).toBeNull();
  expect(reason({}, { battr: [3, 16] }, {}, { skipAfterSeconds: 5 })).toBe('blocked_by_seller');
  expect(reason({}, { battr: [1] }, {}, { skipAfterSeconds: 5 })).toBeNull();
  expect(attributesOf({ ...skippable, attributes: [1] })).toEqual([1, 16]);
  expect(attributesOf({ ...skippable, attributes: [16] })).toEqual([16]);
  const seller = await openHouse([testCampaign({ creatives: [skippable] })]);
  try {
    const attrs = [];
    for (const protocol of [2, 3, 13]) {
      const imp = [{ id: '1', video: { protocols: [protocol] } }];
      const payload = { id: `skip-${protocol}`, imp };
      const { seatbid } = (await seller.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload })).json();
      attrs.push([seatbid[0].bid[0].attr, seatbid[0].bid[0].adm.includes('skipoffset')]);
    }
    expect(attrs).toEqual([
      [undefined, false],
      [[16], true],
      [[16], true],
    ]);
  } finally {
    await seller.close();
  }
});

test('a place in the pod is kept with exact lengths too', () => {
  const last = testCreative({ ...brand, place: 'last' });
  const slot = { imp: { id: '1' }, video: { rqddurs: [15], slotinpod: 1 } };
  expect(admissionFor({ id: 'a', imp: [] }, slot, [], '').admits(asked(last), campaign)).toBe('not_playable');
});

test('a language of two letters is `language`, any other of BCP 47 is `langb`', async () => {
  const languages = ['de', 'en-US', 'fil', undefined];
  const campaigns = languages.map((language) =>
    testCampaign({ creatives: [{ ...testCreative(), ...(language === undefined ? {} : { language }) }] }),
  );
  const seller = await openHouse(campaigns);
  try {
    const payload = { id: 'languages', imp: [{ id: '1', video: { poddur: 120 } }] };
    const { seatbid } = (await seller.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload })).json();
    const told = new Map(
      seatbid[0].bid.map(({ cid, language, langb }: Record<string, string>) => [cid, [language, langb]]),
    );
    expect(campaigns.map(({ id }) => told.get(id))).toEqual([
      ['de', undefined],
      [undefined, 'en-US'],
      [undefined, 'fil'],
      [undefined, undefined],
    ]);
  } finally {
    await seller.close();
  }
});

test.each<['first' | 'last', Video, string | null]>([
  ['first', { podid: 'p' }, 'not_playable'],
  ['first', { podid: 'p', slotinpod: 0 }, 'not_playable'],
  ['first', { podid: 'p', slotinpod: 2 }, 'not_playable'],
  ['first', { podid: 'p', slotinpod: -1 }, 'not_playable'],
  ['first', { podid: 'p', slotinpod: 1 }, null],
  ['last', { podid: 1, slotinpod: 1 }, 'not_playable'],
  ['last', { podid: 1, slotinpod: -1 }, null],
  ['last', { podid: 1, poddur: 60 }, null],
  ['first', {}, null],
  ['last', { slotinpod: 1 }, 'not_playable'],
])('an ad that may only be %s, of its own or its campaign’s, in %j: %s', (place, video, wanted) => {
  const slot = { imp: { id: '1' }, video };
  const { admits } = admissionFor({ id: 'a', imp: [] }, slot, [], '');
  expect(admits(asked({ ...brand, place }), campaign)).toBe(wanted);
  expect(admits(asked(brand), { ...campaign, place })).toBe(wanted);
  expect(admits(asked({ ...brand, place }), { ...campaign, place: place === 'first' ? 'last' : 'first' })).toBe(wanted);
});

test('a bit rate is one of a file that the seller plays, by either name of HLS; what nobody states fits, a range by any part of it', () => {
  const stream = { ...file, url: https('m3u8'), type: 'application/x-mpegURL', bitrateKbps: null };
  const media = [
    { ...file, bitrateKbps: 9_000 },
    { ...stream, minBitrateKbps: 400, maxBitrateKbps: 8_000 },
  ];
  const rated = (video: Video) =>
    admissionFor({ id: 'a', imp: [] }, { imp: { id: '1' }, video }, [], '').admits(
      asked({ ...brand, media }),
      campaign,
    );
  expect(rated({ maxbitrate: 500 })).toBeNull();
  expect(rated({ maxbitrate: 500, mimes: ['video/mp4'] })).toBe('not_playable');
  expect(rated({ minbitrate: 8_500, mimes: ['application/x-mpegurl'] })).toBe('not_playable');
  expect(rated({ maxbitrate: 500, mimes: ['application/vnd.apple.mpegurl'] })).toBeNull();
  const unsaid = { ...brand, media: [{ ...file, bitrateKbps: null }] };
  const slot = { imp: { id: '1' }, video: { minbitrate: 5_000 } };
  expect(admissionFor({ id: 'a', imp: [] }, slot, [], '').admits(asked(unsaid), campaign)).toBeNull();
});

const drawn = { width: 1, height: 1 };
const insecure = 'http://cdn.example/x';
test.each<[string, CreativeParts]>([
  ['a tracker', { trackers: [{ event: 'start', url: insecure }] }],
  ['a companion', { companions: [{ ...drawn, resource: { kind: 'iframe', content: insecure } }] }],
  ['its tracker', { companions: [{ ...drawn, resource: { kind: 'html', content: 'x' }, viewTrackers: [insecure] }] }],
  ['markup', { companions: [{ ...drawn, resource: { kind: 'html', content: `<img src="${insecure}">` } }] }],
  ['an icon', { icons: [{ ...drawn, program: 'p', x: 0, y: 0, resource: { kind: 'static', content: insecure } }] }],
  ['a script of OMID', { verifications: [{ vendor: 'v', url: insecure }] }],
  ['captions', { captions: [{ url: insecure, type: 'text/vtt' }] }],
  ['a program', { interactive: [{ url: insecure, type: 'text/html', framework: 'SIMID' }] }],
])('%s by http is not for an impression that wants https', (_, parts) => {
  expect(reason({}, {}, { secure: 1 }, parts)).toBe('not_playable');
  expect(reason({}, {}, { secure: 0 }, parts)).toBeNull();
  expect(reason({}, {}, { secure: 1 })).toBeNull();
});

test('a floor by length comes before the one of the impression, the highest of those that fit', () => {
  const durfloors = [
    { mindur: 0, maxdur: 14, bidfloor: 99 },
    { mindur: 15, maxdur: 15, bidfloor: 9 },
    { mindur: 16, bidfloor: 99 },
  ];
  const clears = (video: Video, imp: Partial<Imp> = {}) =>
    admissionFor({ id: 'a', imp: [] }, { imp: { id: '1', ...imp }, video }, [], '').clears?.(campaign, 10_000, 15);
  expect([clears({}, { bidfloor: 50 }), clears({ durfloors }, { bidfloor: 50 })]).toEqual([false, true]);
  expect([clears({ durfloors, mincpmpersec: 0.6 }), clears({ durfloors, mincpmpersec: 0.7 })]).toEqual([true, false]);
  expect(clears({ durfloors: [{ mindur: 15, maxdur: 15, bidfloor: 10.01 }] })).toBe(false);
});

test('a bid at the floor clears it, for every price in cents, and one a cent below does not', () => {
  const request = { id: 'a', imp: [] };
  const dearest = (imp: Partial<Imp>, video: Video, cents: number, seconds: number) => {
    const { clears } = admissionFor(request, { imp: { id: '1', ...imp }, video }, [], '');
    const at = (priced: number) =>
      clears?.({ ...campaign, pricing: { model: 'cpm', priceMicros: micros(priced * 10) } }, 0, seconds);
    return at(cents) === true && at(cents - 1) === false;
  };
  const wrong: unknown[] = [];
  for (let cents = 1; cents <= 100_000; cents++) {
    if (!dearest({ bidfloor: cents / 100 }, {}, cents, 15)) wrong.push(cents);
  }
  for (const seconds of [6, 10, 15, 20, 30, 45, 60, 90, 120]) {
    for (let cents = 1; cents * seconds <= 100_000; cents++) {
      if (!dearest({}, { mincpmpersec: cents / 100 }, cents * seconds, seconds)) wrong.push([cents, seconds]);
    }
  }
  expect(wrong).toEqual([]);
});

test('a floor of nothing a second leaves the floor of the impression', () => {
  const slot = { imp: { id: '1', bidfloor: 50 }, video: { mincpmpersec: 0 } };
  expect(admissionFor({ id: 'a', imp: [] }, slot, [], '').clears?.(campaign, 10_000, 15)).toBe(false);
});

let house: TestHouse;
beforeAll(async () => {
  house = await openHouse([campaign]);
});
afterAll(() => house?.close());

let auctions = 0;
async function ask(body: object) {
  const response = await house.api.app.inject({
    method: 'POST',
    url: '/api/v2/openrtb',
    payload: { id: `rules-${++auctions}`, ...body },
  });
  const bids: readonly { dur: number }[] = response.body === '' ? [] : (response.json().seatbid?.[0].bid ?? []);
  return { status: response.statusCode, noBid: response.headers['breakwater-no-bid'], bids };
}

test('where no wanted length fits the pod there is no bid, and none for https where our own trackers have http', async () => {
  const one = (video: object, more: object = {}) => ask({ imp: [{ id: '1', video, ...more }] });
  expect(await one({ poddur: 30, rqddurs: [60] })).toMatchObject({ status: 204, noBid: 'no_eligible_campaigns' });
  expect((await one({ poddur: 30, rqddurs: [60, 15] })).bids).toMatchObject([{ dur: 15 }]);
  expect(await one({}, { secure: 1 })).toMatchObject({ status: 204, noBid: 'insecure' });
  expect(await one({ mincpmpersec: 1 }, { bidfloorcur: 'EUR' })).toMatchObject({ status: 204, noBid: 'currency' });
});

test.each([
  { imp: [{ id: '1', video: { poddur: 4_000, maxseq: 40, rqddurs: [15, 7_200] } }] },
  { imp: [{ id: '1', video: { maxduration: 1e9, minduration: 0, maxseq: 0 } }] },
  { tmax: 0, imp: [{ id: '1', exp: 0, video: {} }] },
  { tmax: 1e9, imp: [{ id: '1', exp: 1e9, video: {} }] },
  { user: { yob: 0 }, device: { geo: { country: 'USA', metro: 803 } }, imp: [{ id: '1', video: {} }] },
  { user: { yob: 99_999 }, imp: [{ id: '1', video: {} }] },
  { device: null, user: { id: null }, bcat: [null], badv: null, imp: [{ id: '1', pmp: null, video: { skip: null } }] },
])('%j is odd and lawful: it is bid for', async (body) => {
  const { status, bids } = await ask(body);
  expect([status, bids.map(({ dur }) => dur)]).toEqual([200, [15]]);
});

test('a place by number and an age of nobody come to the decision as what they are', async () => {
  const user = { yob: 0 };
  await ask({ id: 'odd', user, device: { geo: { country: 'USA', metro: 803 } }, imp: [{ id: '1', video: {} }] });
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'odd/1');
  expect(record?.event.context).toMatchObject({ country: 'US', dma: '803', age: null });
});
