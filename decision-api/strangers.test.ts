import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign } from './test-house.ts';

const key = `bw_0123456789ab_${'k'.repeat(43)}`;
const playerKey = {
  prefix: '0123456789ab',
  hash: createHash('sha256').update(key).digest('hex'),
  organisation: 'org-1',
  scopes: ['ads:request'],
  expiresAt: null,
};
let house: TestHouse;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-strangers-'));
  const dataCentres = join(folder, 'data-centres');
  await writeFile(dataCentres, '192.0.2.0/24\n');
  house = await openHouse([testCampaign()], {
    environment: { PLAYBACK_SPEED: '1', DATA_CENTRES_FILE: dataCentres },
    callers: { playerKeys: [playerKey], advertisers: [] },
  });
});

afterEach(async () => {
  await house.close();
  await rm(folder, { recursive: true });
});

async function served(): Promise<Readonly<Record<string, string>>> {
  const { json } = await house.post({ pod_duration: 30, user: { id: 'u' } });
  return json.pod.ads[0]?.tracking ?? {};
}

function get(url: string | undefined) {
  const path = String(url).replace(house.api.url, '');
  return house.api.app.inject({ method: 'GET', url: path, headers: { 'user-agent': 'Roku/DVP-14.0' } });
}

test('a robot’s beacon is kept with its reason, and what follows from a robot’s request too', async () => {
  const robot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
  const tracking = await served();
  const path = String(tracking.start).replace(house.api.url, '');
  await house.api.app.inject({ method: 'GET', url: path, headers: { 'user-agent': robot } });
  const body = { pod_duration: 30, user: { id: 'u' }, device: { ua: robot } };
  const { json } = await house.post(body);
  await get(json.pod.ads[0]?.tracking.impression);
  await get(tracking.complete);
  await get(tracking.impression);
  const beacons = await house.records('ad-beacon');
  expect(beacons.map(({ event }) => `${event.event} ${event.invalid}`).sort()).toEqual([
    'complete too_fast',
    'impression bot',
    'impression null',
    'start bot',
  ]);
  const requests = await house.records('ad-request');
  expect(requests.map(({ event }) => event.invalid).sort()).toEqual(['bot', null]);
  expect(await house.metric('invalid_traffic_total', 'reason="bot"')).toBe(3);
});

test.each([
  ['a robot that calls itself a television', 'Googlebot/2.1', '203.0.113.9', {}, 'bot'],
  ['a tool that says it calls from this machine', 'curl/8.5.0', '203.0.113.9', {}, 'bot'],
  ['a data centre that tells a viewer’s address', 'Roku/DVP-14.0', '192.0.2.9', {}, 'data_centre'],
  ['a viewer', 'Roku/DVP-14.0', '203.0.113.9', {}, null],
  ['who holds a key', 'Googlebot/2.1', '192.0.2.9', { authorization: `Bearer ${key}` }, null],
])('what is told of a viewer does not hide who asks: %s', async (_, own, remoteAddress, headers, reason) => {
  const query = 'pod_duration=30&ip=127.0.0.1&ua=Roku%2FDVP-14.0&request_id=hidden';
  const url = `/api/v2/vast?${query}`;
  await house.api.app.inject({ method: 'GET', url, remoteAddress, headers: { 'user-agent': own, ...headers } });
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'hidden');
  expect(record?.event.invalid).toBe(reason);
});

test('pages of other origins may send beacons and ask for ads, with credentials; never more than that', async () => {
  const tracking = await served();
  const headers = { origin: 'https://player.example' };
  const path = String(tracking.start).replace(house.api.url, '');
  const beacon = await house.api.app.inject({ method: 'GET', url: path, headers });
  const asked = { ...headers, 'access-control-request-method': 'POST' };
  const preflight = await house.api.app.inject({ method: 'OPTIONS', url: '/api/v2/ad-request', headers: asked });
  for (const answer of [beacon, preflight]) {
    expect(answer.headers['access-control-allow-origin']).toBe('https://player.example');
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
    expect(answer.headers.vary).toContain('Origin');
  }
  expect(preflight.statusCode).toBe(204);
  const metrics = await house.api.app.inject({ method: 'GET', url: '/metrics', headers });
  expect(metrics.headers['access-control-allow-origin']).toBeUndefined();
});
