import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { answerKey, encodeMark, hashBody } from './recording/answers.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse;

beforeAll(async () => {
  house = await openHouse([testCampaign({ creatives: [testCreative({ durationSeconds: 15 })] })]);
});
afterAll(() => house?.close());

const each = { pod_duration: 15 };
const imp = (id: string, more: object = {}) => ({ id, video: { maxduration: 15, ...more } });

let made = 0;
const fresh = () => `repeated-${++made}`;

async function ask(body: object) {
  return (await house.post(body)).status;
}

async function bid(body: object) {
  return await house.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload: body });
}

/** Ids of the log's requests that begin so, each as often as it was decided. */
async function decided(begin: string) {
  const records = (await house.records('ad-request')).filter(({ event }) => event.request_id.startsWith(begin));
  const arrivals = new Map(records.map(({ event }) => [event.arrival_id, event.request_id]));
  return [...arrivals.values()].toSorted();
}

test.each([
  ['a pod, then breaks', each, { breaks: [each] }],
  ['a pod, then several', each, { breaks: [each, each] }],
  ['breaks, then a pod', { breaks: [each, each] }, each],
  ['a break, then another', { breaks: [{ id: 'a', ...each }] }, { breaks: [{ id: 'b', ...each }] }],
  [
    'breaks, then others',
    {
      breaks: [
        { id: 'a', ...each },
        { id: 'b', ...each },
      ],
    },
    {
      breaks: [
        { id: 'c', ...each },
        { id: 'd', ...each },
      ],
    },
  ],
  ['one break, then one more before it', { breaks: [{ id: 'b', ...each }] }, { breaks: [{ id: 'a', ...each }, each] }],
])('one id, %s: a 409 that decides nothing, and the first is told again', async (_, first, second) => {
  const request_id = fresh();
  expect(await ask({ request_id, ...first })).toBe(200);
  const before = await decided(request_id);
  expect(await ask({ request_id, ...second })).toBe(409);
  expect(await ask({ request_id, ...first })).toBe(200);
  expect(await decided(request_id)).toEqual(before);
});

test('so it is on another instance, and while the store is away', async () => {
  const other = await house.another();
  await other.ready();
  const request_id = fresh();
  const stream = { request_id, breaks: [each, each] };
  expect(await ask(stream)).toBe(200);
  const there = (payload: object) => other.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
  expect((await there({ request_id, ...each })).statusCode).toBe(409);
  expect((await there(stream)).statusCode).toBe(200);
  house.away.store = true;
  const late = fresh();
  expect(await ask({ request_id: late, breaks: [each, each] })).toBe(200);
  for (const id of [request_id, late]) expect(await ask({ request_id: id, ...each })).toBe(409);
  house.away.store = false;
  const degraded = async () => (await house.api.app.inject({ url: '/health/ready' })).json().degraded;
  await expect.poll(degraded, { timeout: 3_000 }).toEqual([]);
});

test.each([
  ['another impression', [imp('1')], [imp('2')]],
  ['one more before it', [imp('y')], [imp('x'), imp('y')]],
  ['one less', [imp('x'), imp('y')], [imp('x')]],
])('a bid request of one id with %s is a 409 that decides nothing', async (_, first, second) => {
  const id = fresh();
  const bids = await bid({ id, imp: first });
  expect(bids.statusCode).toBe(200);
  const before = await decided(id);
  const refused = await bid({ id, imp: second });
  expect([refused.statusCode, refused.json().errors[0].pointer]).toEqual([409, '/id']);
  expect((await bid({ id, imp: first })).json().seatbid[0].bid.map((each: { id: string }) => each.id)).toEqual(
    bids.json().seatbid[0].bid.map((each: { id: string }) => each.id),
  );
  expect(await decided(id)).toEqual(before);
});

test('ids that only look alike when they are joined are not one, nor is an exchange’s a player’s', async () => {
  const id = fresh();
  for (const [whole, own] of [
    [`${id}/b`, 'c'],
    [id, 'b/c'],
  ] as const) {
    expect((await bid({ id: whole, imp: [imp(own), imp('z')] })).statusCode).toBe(200);
  }
  expect(await ask({ request_id: id, breaks: [{ id: 'pre', ...each }, each] })).toBe(200);
  expect(await ask({ request_id: `${id}/pre`, ...each })).toBe(200);
  expect(await ask({ request_id: `${id}/b/c`, ...each })).toBe(200);
});

test('where only a later pod is known to be another’s, what was decided before it is given back', async () => {
  const id = fresh();
  for (const names of [[id], [id, '']]) {
    const key = answerKey({ id: names, pod: 'y' }, HOUSE_ORGANISATION);
    const [absent] = await house.store.read([key]);
    if (absent) await house.store.swap(key, absent, encodeMark(hashBody('another')), 60_000);
  }
  const breaks = [
    { id: 'x', ...each },
    { id: 'y', ...each },
  ];
  expect(await ask({ request_id: id, breaks })).toBe(409);
  expect((await bid({ id, imp: [imp('x'), imp('y')] })).statusCode).toBe(409);
  const served = (await house.records('ad-request')).filter(({ event }) => event.request_id === `${id}/x`);
  const given = (await house.records('ad-beacon')).filter(({ event }) => event.request_id === `${id}/x`);
  expect(given.map(({ event }) => event.event)).toEqual(['notUsed', 'notUsed']);
  expect(given.map(({ event }) => event.reservation).toSorted()).toEqual(
    served.flatMap(({ event }) => event.ads.map(({ reservation }) => reservation)).toSorted(),
  );
});

test('a break of a stream may be asked for alone under its own id, and is told again', async () => {
  const request_id = fresh();
  expect(await ask({ request_id, breaks: [each, each] })).toBe(200);
  const alone = { request_id: `${request_id}/2`, ...each };
  expect([await ask(alone), await ask(alone), await ask({ ...alone, max_ads: 1 })]).toEqual([200, 200, 409]);
});
