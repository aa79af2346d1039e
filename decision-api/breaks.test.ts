import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign } from './test-house.ts';

let house: TestHouse;

beforeAll(async () => {
  house = await openHouse([testCampaign()], { environment: { PLAYBACK_SPEED: '1', TOKEN_LIFE: '15m' } });
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
