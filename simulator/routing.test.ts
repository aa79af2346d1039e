import { expect, test } from 'vitest';
import type { Call } from './call.ts';
import { routeOver } from './routing.ts';

const urls = ['http://a:1', 'http://b:2', 'http://c:3'];
const beacon = (cb: string, base = urls[0], attempt = 1): Call => ({
  kind: 'beacon',
  intent: 'normal',
  viewer: 'v',
  userAgent: 'tv',
  method: 'GET',
  url: `${base}/api/v2/beacons/impression?t=x&cb=${cb}`,
  accept: null,
  dialect: 'json',
  body: null,
  payload: null,
  cb,
  event: 'impression',
  adId: 'ad',
  requestId: 'r',
  beacons: 1,
  visit: null,
  attempt,
  firstAt: null,
});
const hostOf = ({ url }: Call) => url.slice(0, 10);

test('with one address every call goes where it leads', () => {
  const call = beacon('1', 'http://elsewhere:9');
  expect(routeOver(['http://a:1'])(call)).toBe(call);
});

test('with several, calls are spread over all of them, wherever their URLs lead, and keep the rest of it', () => {
  const route = routeOver(urls);
  const counts = new Map<string, number>();
  for (let n = 0; n < 3_000; n++) {
    const call = beacon(`cb-${n}`, urls[n % 3]);
    const routed = route(call);
    expect(routed.url.slice(10)).toBe(call.url.slice(10));
    counts.set(hostOf(routed), (counts.get(hostOf(routed)) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(urls);
  for (const count of counts.values()) expect(count).toBeGreaterThan(850);
});

test('the same call goes the same way, its next attempt another, and one that leads outside is left alone', () => {
  const route = routeOver(urls);
  const hosts = [1, 2, 3].map((attempt) => hostOf(route(beacon('x', urls[1], attempt))));
  expect(new Set(hosts).size).toBe(3);
  expect(hostOf(route(beacon('x', urls[1])))).toBe(hosts[0]);
  const outside = beacon('x', 'http://elsewhere:9');
  expect(route(outside)).toBe(outside);
});
