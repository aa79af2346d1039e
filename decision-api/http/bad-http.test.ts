import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign } from '../test-house.ts';

let house: TestHouse;

beforeEach(async () => {
  house = await openHouse([testCampaign()]);
});

afterEach(() => house.close());

/** Everything that the server answers to these bytes before it closes the connection. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(house.api.url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

test.each([
  ['bytes that are no request', '\x00\x01\x02\r\n\r\n', 400, 'Not HTTP'],
  [
    'two lengths',
    'POST /api/v2/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'Not HTTP',
  ],
  [
    'too many headers',
    `GET /health/live HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'Headers too large',
  ],
  [
    'a path that is no UTF-8',
    'GET /api/v2/beacons/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    400,
    'Invalid request',
  ],
  ['an unknown path', 'GET /api/v3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404, 'Not found'],
])('%s: a problem and a metric', async (_, bytes, status, title) => {
  const answer = await send(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toMatch(/content-type: application\/problem\+json/i);
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, title });
  expect(await house.metric('bad_requests_total', `problem="${title}"`)).toBe(1);
});

test('an event with a very long name is answered like any unknown one', async () => {
  const response = await house.api.app.inject({ method: 'GET', url: `/api/v2/beacons/${'x'.repeat(5_000)}` });
  expect(response.headers['content-type']).toBe('image/gif');
  expect(await house.metric('beacons_total', 'unknown_event')).toBe(1);
});

test('HEAD on a tracking URL bills nothing', async () => {
  const { json } = await house.post({ pod_duration: 30 });
  const impression = json.pod.ads[0]?.tracking.impression ?? '';
  const response = await house.api.app.inject({ method: 'HEAD', url: new URL(impression).href });
  expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET']);
  expect(await house.records('ad-beacon')).toEqual([]);
});

test.each([
  ['GET', '/api/v2/ad-request', 'POST'],
  ['DELETE', '/api/v2/beacons/start?t=x', 'GET'],
  ['POST', '/health/live', 'GET, HEAD'],
] as const)('%s of %s is told which methods the path takes', async (method, url, allow) => {
  const response = await house.api.app.inject({ method, url });
  expect([response.statusCode, response.headers.allow]).toEqual([405, allow]);
  expect(response.headers['content-type']).toContain('application/problem+json');
});

test('a request that stops in its middle is cut off within ten seconds, whether in its headers or in its body', async () => {
  const began = house.clock.now();
  const answers = await Promise.all([
    send('POST /api/v2/ad-request HTTP/1.1\r\nHost: x\r\nContent-Le'),
    send('POST /api/v2/ad-request HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{'),
  ]);
  expect(house.clock.now() - began).toBeLessThan(10_500);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /);
});

/** A connection that has sent the beginning of a request, whose end is missing. */
async function begin(): Promise<{ readonly finish: () => void; readonly answer: Promise<string> }> {
  const body = '{"pod_duration":30}';
  const { hostname, port } = new URL(house.api.url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  const answer = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  const received = new Promise((resolve) => house.api.app.server.once('request', resolve));
  socket.write(`POST /api/v2/ad-request HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n{`);
  await received;
  return { finish: () => socket.write(body.slice(1)), answer };
}

test('what is under way when closing begins is answered, and its connection ends with the answer', async () => {
  const { finish, answer } = await begin();
  const closing = house.api.app.close();
  finish();
  expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  expect(await answer).toMatch(/connection: close/i);
  await closing;
}, 5_000);

test('a client that falls silent in the middle of its request does not hold up the closing', async () => {
  const { answer } = await begin();
  await house.api.app.close();
  expect(await answer).toBe('');
}, 5_000);
