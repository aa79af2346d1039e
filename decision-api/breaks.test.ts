import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign, testId } from './test-house.ts';

let house: TestHouse;

const seventh = {
  id: testId(),
  version: 1,
  name: '7',
  durationSeconds: 30,
  minAds: 1,
  maxAds: 1,
  competitiveSeparation: true,
  minSeparationSeconds: null,
  allowDuplicateAdvertisers: false,
  objective: 'revenue' as const,
};

beforeAll(async () => {
  house = await openHouse([testCampaign()], {
    environment: { PLAYBACK_SPEED: '1', TOKEN_LIFE: '15m' },
    pods: [seventh, { ...seventh, id: testId(), name: 'prime time', durationSeconds: 600 }],
  });
});
afterAll(() => house?.close());

const get = (url: string) => house.api.app.inject({ method: 'GET', url });

const placesIn = (xml: string) => [...xml.matchAll(/<vmap:AdBreak timeOffset="([^"]*)"/g)].map(([, place]) => place);

test.each(['360000', '999999', '12.5%', '101%', '00:60:00'])(
  'a break at %s is refused: VMAP has no words for it',
  async (place) => {
    const { statusCode, ...response } = await get(`/api/v2/vmap?breaks=start,${encodeURIComponent(place)}`);
    expect([statusCode, response.json().errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
      400,
      ['/breaks'],
    ]);
  },
);

test('the last place is a millisecond before a hundred hours, and percents are whole', async () => {
  const { statusCode, body } = await get('/api/v2/vmap?breaks=359999.999,99:59:59,007%25,100%25');
  expect(statusCode).toBe(200);
  expect(placesIn(body)).toEqual(['99:59:59.999', '99:59:59.000', '7%', '100%']);
});

test('a body’s break of a hundred hours is refused as VMAP alone, by its place', async () => {
  const late = { pod_duration: 30, break: { offset_seconds: 1e9 } };
  const several = { breaks: [{ pod_duration: 30 }, { pod_duration: 30, offset: 359_999.9996 }] };
  const vmap = (body: object) => house.post({ ...body, format: 'vmap' });
  for (const [body, pointer] of [
    [late, '/break/offset_seconds'],
    [several, '/breaks/1/offset'],
  ] as const) {
    const { status, json } = await vmap(body);
    expect([status, json.errors.map((each) => each.pointer)]).toEqual([400, [pointer]]);
    expect((await house.post(body)).status).toBe(200);
  }
  expect((await get('/api/v2/vast?pod_duration=30&break_offset=400000')).statusCode).toBe(200);
});

test('breaks whose ids would be kept as one are refused, by the place of the first', async () => {
  const halves = [{ pod_duration: 30, id: 'mid' }, ...['\ud800', '\ud801'].map((id) => ({ pod_duration: 30, id }))];
  const { status, json } = await house.post({ breaks: halves });
  expect([status, json.errors.map((each) => each.pointer)]).toEqual([400, ['/breaks/1/id']]);
  expect((await house.post({ breaks: [{ pod_duration: 30, id: '\ud83d\ude00' }] })).status).toBe(200);
});

test('a break at a part of a content of any length is told by a tag that answers', async () => {
  const { body } = await get('/api/v2/vmap?breaks=33%25,67%25&content_duration=5400.123456789&pod_duration=30');
  const tags = [...body.matchAll(/<vmap:AdTagURI[^>]*><!\[CDATA\[([^\]]*)/g)].map(([, tag = '']) => new URL(tag));
  expect(tags.map(({ searchParams }) => searchParams.get('break_offset'))).toEqual(['1782.041', '3618.083']);
  for (const { pathname, search } of tags) expect((await get(pathname + search)).statusCode).toBe(200);
});

test('of a kept pod the own length says whether its break is over in time', async () => {
  // Tokens live for 900 s.
  expect((await get('/api/v2/vmap?breaks=600&pod=prime+time')).body).toContain('AdTagURI');
  expect((await get('/api/v2/vmap?breaks=600&pod_duration=30')).body).not.toContain('AdTagURI');
});

test.each([
  ['pod=2', 1],
  ['pod=1&pod_duration=30', 0],
  ['pod=2&mridx=5', 5],
  ['pod=2&pod_name=', 1],
  ['pod=0', null],
  ['pod=123456789', null],
])('a pod’s number in its stream, as Google’s tags have it, is no name: %s', async (query, index) => {
  const tag = '/api/v2/vast?sz=640x480&env=vp&gdfp_req=1&pmxd=60000&pmad=2&scor=7';
  expect((await get(`${tag}&${query}&request_id=${encodeURIComponent(query)}`)).statusCode).toBe(200);
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === query);
  expect(record?.event.break_index).toBe(index);
});

test('a kept pod may be called by a number', async () => {
  expect((await get('/api/v2/vast?pod=7&request_id=seven')).statusCode).toBe(200);
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'seven');
  expect([record?.event.pod, record?.event.break_index]).toEqual([seventh.id, null]);
});

test.each(['pod_name=2', 'pod=two', 'pod=2a'])('a name that no pod has is refused: %s', async (query) => {
  const { statusCode, ...response } = await get(`/api/v2/vast?${query}`);
  expect([statusCode, response.json().errors[0].pointer]).toEqual([422, '/pod/name']);
});
