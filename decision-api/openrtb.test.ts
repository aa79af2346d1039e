import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { micros } from '../domain/money.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse;

/** Twelve advertisers, CPM 10 to 21 dollars, of 15 and 30 seconds; one blocked domain, one house ad. */
const campaigns = Array.from({ length: 12 }, (_, at) =>
  testCampaign({
    pricing: { model: 'cpm', priceMicros: micros(10_000 + at * 1_000) },
    creatives: [
      testCreative({
        durationSeconds: at % 2 === 0 ? 15 : 30,
        domains: [`brand${at}.example`],
        adCategories: { taxonomy: 1, ids: [`IAB${at + 1}-1`] },
      }),
    ],
  }),
);

beforeAll(async () => {
  house = await openHouse([...campaigns, testCampaign({ tier: 'house' })]);
});
afterAll(() => house?.close());

interface Bid {
  readonly id: string;
  readonly impid: string;
  readonly price: number;
  readonly adm: string;
  readonly dur: number;
  readonly exp: number;
  readonly lurl: string;
  readonly crid: string;
  readonly adomain: readonly string[];
  readonly protocol: number;
  readonly mtype: number;
  readonly cattax: number;
}

let auctions = 0;

async function ask(body: object, id = `auction-${++auctions}`) {
  const response = await house.api.app.inject({
    method: 'POST',
    url: '/api/v2/openrtb',
    headers: { 'content-type': 'application/json' },
    payload: { id, ...body },
  });
  const json = response.body === '' ? null : JSON.parse(response.body);
  const bids: readonly Bid[] = json?.seatbid?.[0]?.bid ?? [];
  return { status: response.statusCode, headers: response.headers, json, bids };
}

const video = { mimes: ['video/mp4'], protocols: [3, 7, 11, 13], w: 1920, h: 1080, linearity: 1 };

test('a structured pod: a bid for each slot, within its length, no advertiser twice', async () => {
  const slot = (id: string, maxduration: number, slotinpod = 0) => ({
    id,
    video: { ...video, podid: 'pod_1', podseq: 1, slotinpod, maxduration, minduration: 5 },
  });
  const { status, json, bids, headers } = await ask({ imp: [slot('1', 15, 1), slot('2', 30), slot('3', 30, -1)] });
  expect(status).toBe(200);
  expect(headers['x-openrtb-version']).toBe('2.6');
  expect(json).toMatchObject({ id: 'auction-1', cur: 'USD' });
  expect(bids.map(({ impid }) => impid).toSorted()).toEqual(['1', '2', '3']);
  expect(bids.find(({ impid }) => impid === '1')?.dur).toBe(15);
  expect(new Set(bids.flatMap(({ adomain }) => adomain)).size).toBe(3);
  for (const bid of bids) {
    expect(bid).toMatchObject({ mtype: 2, protocol: 13, cattax: 1 });
    expect(bid.adm).toContain('<VAST version="4.2"');
    expect(bid.adm).not.toContain(' sequence="1"><InLine');
    expect(bid.price).toBeGreaterThanOrEqual(10);
  }
});

test('a dynamic pod: many bids for one impression, together no longer than the pod, at most as many as it takes', async () => {
  const { bids } = await ask({
    imp: [{ id: '1', video: { ...video, podid: 1, poddur: 90, maxseq: 4, minduration: 5, maxduration: 30 } }],
  });
  expect(bids.length).toBeGreaterThan(1);
  expect(bids.length).toBeLessThanOrEqual(4);
  expect(bids.reduce((sum, { dur }) => sum + dur, 0)).toBeLessThanOrEqual(90);
  expect(new Set(bids.map(({ impid }) => impid))).toEqual(new Set(['1']));
});

test('a hybrid pod: slots and a dynamic part of one podid share no advertiser', async () => {
  const { bids } = await ask({
    imp: [
      { id: 'first', video: { ...video, podid: 'h', slotinpod: 1, maxduration: 15 } },
      { id: 'rest', video: { ...video, podid: 'h', slotinpod: 0, poddur: 60, maxseq: 3, rqddurs: [15, 30] } },
    ],
  });
  expect(bids.filter(({ impid }) => impid === 'first')).toHaveLength(1);
  expect(bids.filter(({ impid }) => impid === 'rest').length).toBeGreaterThan(0);
  expect(new Set(bids.flatMap(({ adomain }) => adomain)).size).toBe(bids.length);
});

test('a cap of a pod holds over the slots of a structured one, whatever the seller lets come twice', async () => {
  const caps = [{ scope: 'pod', creativeId: null, windowSeconds: null, max: 1 }] as const;
  const creatives = [testCreative({ durationSeconds: 90 }), testCreative({ durationSeconds: 90 })];
  const capped = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(90_000) }, caps, creatives });
  const other = await openHouse([capped]);
  const slot = (id: string) => ({ id, video: { ...video, podid: 'c', maxduration: 90, poddedupe: [3] } });
  const payload = { id: 'capped', imp: [slot('1'), slot('2')] };
  const answer = await other.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload });
  expect(answer.json().seatbid[0].bid).toHaveLength(1);
  const rest = { id: 'rest', video: { ...video, podid: 'c', poddur: 180, maxduration: 90, poddedupe: [3] } };
  const hybrid = { id: 'hybrid', imp: [slot('1'), rest] };
  const both = await other.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload: hybrid });
  expect(both.json().seatbid[0].bid).toHaveLength(1);
  await other.close();
});

test('what the seller blocks is not bid: domains, categories, floors by second, exact lengths', async () => {
  const one = (more: object, imp: object = {}, top: object = {}) =>
    ask({ imp: [{ id: '1', ...imp, video: { ...video, ...more } }], ...top });
  const badv = await one({}, {}, { badv: ['brand11.example'] });
  expect(badv.bids.map(({ adomain }) => adomain[0])).toEqual(['brand10.example']);
  const bcat = await one({}, {}, { bcat: ['IAB12'], cattax: 1 });
  expect(bcat.bids.map(({ adomain }) => adomain[0])).toEqual(['brand10.example']);
  expect((await one({}, { bidfloor: 20.5 })).bids.map(({ price }) => price)).toEqual([21]);
  // Of 30 s the dearest is 21, 0.7 a second; of 15 s it is 20, 1.33 a second.
  expect((await one({ mincpmpersec: 1.2 })).bids).toMatchObject([{ dur: 15, price: 20 }]);
  expect((await one({ rqddurs: [15] })).bids).toMatchObject([{ dur: 15 }]);
  expect((await one({ protocols: [2] })).bids).toMatchObject([{ protocol: 2 }]);
});

test.each([
  ['no video', { imp: [{ id: '1', banner: {} }] }, 'no_video'],
  ['another currency', { cur: ['EUR'], imp: [{ id: '1', video }] }, 'currency'],
  ['protocols that nobody writes', { imp: [{ id: '1', video: { ...video, protocols: [1, 9] } }] }, 'protocols'],
  [
    'files that there are not',
    { imp: [{ id: '1', video: { ...video, mimes: ['video/x-flv'] } }] },
    'no_eligible_campaigns',
  ],
  ['a floor above all', { imp: [{ id: '1', bidfloor: 999, video }] }, 'no_eligible_campaigns'],
  ['a private auction', { imp: [{ id: '1', pmp: { private_auction: 1, deals: [] }, video }] }, 'private_auction'],
  ['only what stands beside the content', { imp: [{ id: '1', video: { ...video, linearity: 2 } }] }, 'no_video'],
  ['another seat', { wseat: ['other'], imp: [{ id: '1', video }] }, 'seat'],
])('%s: 204 with the reason', async (_, body, reason) => {
  const { status, headers } = await ask(body);
  expect(status).toBe(204);
  expect(headers['breakwater-no-bid']).toBe(reason);
});

test.each([
  [{ imp: [] }, '/imp'],
  [{ imp: [{ video }] }, '/imp/0/id'],
  [
    {
      imp: [
        { id: 'a', video },
        { id: 'a', video },
      ],
    },
    '/imp/1/id',
  ],
  [{ imp: [{ id: '\ud800', video }] }, '/imp/0/id'],
  [{ imp: [{ id: '1', video: { ...video, poddur: 'long' } }] }, '/imp/0/video/poddur'],
  [{ imp: [{ id: '1', video: { ...video, startdelay: 1e308 } }] }, '/imp/0/video/startdelay'],
])('%j is refused with a pointer', async (body, pointer) => {
  const { status, json } = await ask(body);
  expect(status).toBe(400);
  expect(json.errors.map((each: { pointer: string }) => each.pointer)).toContain(pointer);
});

test('a bid holds its place for exp seconds, and lurl gives it back with the reason; only the impression bills', async () => {
  const { bids } = await ask({ imp: [{ id: '1', exp: 60, video }] });
  const [bid] = bids;
  expect(bid?.exp).toBeGreaterThan(55);
  expect(bid?.exp).toBeLessThanOrEqual(60);
  const lost = String(bid?.lurl).replace(/\$\{AUCTION_LOSS\}/, '102');
  expect((await house.api.app.inject({ method: 'GET', url: lost })).statusCode).toBe(200);
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.ads[0]?.reservation === bid?.id);
  expect(record?.event.dialect).toBe('openrtb');
  const expires = (record?.event.ads[0]?.expires_at ?? 0) - (record?.event.received_at ?? 0);
  expect(expires).toBe(60_000);
  const beacons = (await house.records('ad-beacon')).filter(({ event }) => event.reservation === bid?.id);
  expect(beacons.map(({ event }) => [event.event, event.error_code])).toEqual([['notUsed', 102]]);
});

test('an ad that began while its place was held is told of to its end, and its complete is in time', async () => {
  const { bids } = await ask({ imp: [{ id: '1', exp: 5, video }] });
  const { adm = '', id } = bids[0] ?? {};
  const urls = [...adm.matchAll(/http[^\]<]*beacons\/(?:impression|complete|error|click)\?t=[\w.~-]+/g)].map(
    ([url]) => url,
  );
  for (const url of new Set(urls)) await house.api.app.inject({ method: 'GET', url });
  const beacons = (await house.records('ad-beacon')).filter(({ event }) => event.reservation === id);
  const [request] = (await house.records('ad-request')).filter(({ event }) => event.ads[0]?.reservation === id);
  const held = (request?.event.received_at ?? 0) + 5_000;
  const click = ((request?.event.ads[0]?.minute ?? 0) + 1) * 60_000 + house.config.clickTokenLifeMs;
  const expiries = Object.fromEntries(beacons.map(({ event }) => [event.event, event.expires_at]));
  expect(expiries).toEqual({ impression: held, error: held, click, complete: Math.max(held, click) });
});

test('a bid request that comes again gets the same bids and holds no second place; with another body a 409', async () => {
  const imp = [
    { id: 'x', video },
    { id: 'y', video: { ...video, podid: 'p', poddur: 60, maxseq: 3 } },
  ];
  const [first, again] = [await ask({ imp }, 'twice'), await ask({ imp }, 'twice')];
  expect(first.bids.length).toBeGreaterThan(2);
  expect(again.bids.map(({ id, price }) => [id, price])).toEqual(first.bids.map(({ id, price }) => [id, price]));
  const records = (await house.records('ad-request')).filter(({ event }) => event.request_id.startsWith('twice/'));
  expect(new Set(records.map(({ event }) => `${event.request_id} ${event.arrival_id}`)).size).toBe(2);
  expect(new Set(records.map(({ event }) => event.request_id))).toEqual(new Set(['twice/x', 'twice/y']));
  const other = await ask({ imp, bcat: ['IAB1'] }, 'twice');
  expect([other.status, other.json.errors]).toMatchObject([409, [{ pointer: '/id' }]]);
});

test('what was too late for its exchange is given back, and told to no repetition of the request', async () => {
  const body = {
    tmax: 1,
    imp: [{ id: '1', video }, ...Array.from({ length: 9 }, (_, at) => ({ id: `m${at}`, video }))],
  };
  const late = await ask(body, 'late');
  expect([late.status, late.headers['breakwater-no-bid']]).toEqual([204, 'tmax']);
  const back = async () =>
    (await house.records('ad-beacon')).filter(
      ({ event }) => event.request_id.startsWith('late/') && event.event === 'notUsed',
    ).length;
  await vi.waitFor(async () => expect(await back()).toBeGreaterThan(0), 5_000);
  const given = await back();
  const again = await ask(body, 'late');
  expect([again.status, again.headers['breakwater-no-bid']]).toEqual([204, 'tmax']);
  expect(await back()).toBe(given);
});

test('an impression with a floor in another currency is left out, and the others are bid for', async () => {
  const { bids } = await ask({
    imp: [
      { id: 'euro', bidfloor: 1, bidfloorcur: 'EUR', video },
      { id: 'dollar', bidfloor: 1, bidfloorcur: 'USD', video },
    ],
  });
  expect(bids.map(({ impid }) => impid)).toEqual(['dollar']);
});

test.each([
  ['regs.us_privacy', { regs: { us_privacy: '1YYN' } }],
  ['regs.ext.us_privacy', { regs: { ext: { us_privacy: '1YYN' } } }],
  ['regs.ext.gdpr and no string', { regs: { ext: { gdpr: 1 } } }],
  ['regs.coppa', { regs: { coppa: 1 } }],
  ['regs.ext.gdpr, whatever regs says', { regs: { gdpr: 0, ext: { gdpr: 1 } } }],
  ['regs.ext.coppa, whatever regs says', { regs: { coppa: 0, ext: { coppa: 1 } } }],
  ['regs.ext.gpp_sid and no string', { regs: { ext: { gpp_sid: [2] } } }],
  ['a string that says nothing, in user.ext', { regs: { gdpr: 1 }, user: { id: 'u', ext: { consent: 'nonsense' } } }],
])('privacy in the words of an exchange, %s: no id is kept', async (_, privacy) => {
  const id = `private-${++auctions}`;
  await ask({ imp: [{ id: '1', video }], user: { id: 'u' }, device: { ifa: 'i-1' }, ...privacy }, id);
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === `${id}/1`);
  expect(['refused', 'child']).toContain(record?.event.consent);
  expect(record?.event.identities).toEqual([]);
});

test('where the law does not apply, a string that refuses is not read', async () => {
  await ask({ imp: [{ id: '1', video }], regs: { gdpr: 0 }, user: { id: 'u', consent: 'nonsense' } }, 'no-law');
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'no-law/1');
  expect(record?.event.consent).toBe('unstated');
});

test.each([[{ toString: 1 }], [['7']], [7]])('regs.ext.gpp_sid %j is refused by its place', async (gpp_sid) => {
  const payload = { id: 'sid', imp: [{ id: '1', video }], regs: { ext: { gpp: 'DBAA', gpp_sid } } };
  const response = await house.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload });
  expect(response.statusCode).toBe(400);
  expect(response.json().errors[0].pointer).toMatch('/regs/ext/gpp_sid');
});

test('a test is bid for, and nothing of it is paid for', async () => {
  const { bids } = await ask({ test: 1, imp: [{ id: '1', video }] }, 'a-test');
  const impression = /<Impression id="breakwater"><!\[CDATA\[([^\]]*)/.exec(bids[0]?.adm ?? '')?.[1] ?? '';
  await house.api.app.inject({ method: 'GET', url: impression });
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'a-test/1');
  const beacons = (await house.records('ad-beacon')).filter(({ event }) => event.request_id === 'a-test/1');
  expect([record?.event.invalid, ...beacons.map(({ event }) => event.invalid)]).toEqual(['test', 'test']);
});

test('an exchange is a server and no viewer: neither its bid request nor its lurl is a robot’s, and the place is free', async () => {
  const from = {
    method: 'POST',
    url: '/api/v2/openrtb',
    remoteAddress: '203.0.113.9',
    headers: { 'content-type': 'application/json', 'user-agent': 'Go-http-client/1.1' },
  } as const;
  const response = await house.api.app.inject({ ...from, payload: { id: 'served', imp: [{ id: '1', video }] } });
  const [bid]: readonly Bid[] = JSON.parse(response.body).seatbid[0].bid;
  await house.api.app.inject({ ...from, method: 'GET', url: bid?.lurl.replace(/\$\{AUCTION_LOSS\}/, '102') ?? '' });
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'served/1');
  const beacons = (await house.records('ad-beacon')).filter(({ event }) => event.request_id === 'served/1');
  expect(record?.event).toMatchObject({ invalid: null, context: { user_agent_class: 'unknown', ip_truncated: null } });
  expect(beacons.map(({ event }) => [event.event, event.invalid])).toEqual([['notUsed', null]]);
});
