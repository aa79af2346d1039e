import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cutSlowRequests } from '../decision-api/http/slow-requests.ts';
import { openHouse, type TestHouse, testCampaign } from '../decision-api/test-house.ts';
import { type Clock, systemClock } from '../engines/clock.ts';
import { openTestDesk, type TestDesk } from '../management-api/test-desk.ts';

const spot = fileURLToPath(new URL('../management-api/test-media/spot.mp4', import.meta.url));
let desk: TestDesk;
let house: TestHouse;
let management: string | null;
let reached: string;
let origin: string;

beforeAll(async () => {
  desk = await openTestDesk();
  reached = await desk.app.listen({ host: '127.0.0.1', port: 0 });
  management = reached;
  house = await openHouse([testCampaign()], { managementUrl: () => management });
  origin = house.api.url;
});

afterAll(async () => {
  await house?.close();
  await desk?.close();
});

const json = { 'content-type': 'application/json' };

async function call(
  method: string,
  path: string,
  body?: object | FormData,
  headers: Readonly<Record<string, string>> = {},
) {
  const isForm = body instanceof FormData;
  const answer = await fetch(origin + path, {
    method,
    headers: { ...(body && !isForm ? json : {}), ...headers },
    ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

test('one origin serves v1 and v2, of the decision and of management', async () => {
  const made = await call('POST', '/api/v1/auth/register', { email: 'ann@mvp.example', password: 'tv-ads-2024' });
  expect(made.status).toBe(201);
  const authorization = { authorization: `Bearer ${made.body.access_token}` };
  const campaign = { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01', cpm_rate: 10 };
  const { body, headers } = await call('POST', '/api/v1/campaigns', campaign, authorization);
  expect(headers.get('location')).toBe(`/api/v1/campaigns/${body.id}`);
  expect(await call('GET', `/api/v2/campaigns/${body.id}`, undefined, authorization)).toMatchObject({
    status: 200,
    body: { name: 'C' },
  });
  expect(
    (await call('PATCH', `/api/v2/campaigns/${body.id}`, { name: 'D' }, { ...authorization, 'if-match': '"9"' }))
      .status,
  ).toBe(412);
  expect((await call('GET', '/api/v2/openapi.json')).body.openapi).toBe('3.1.0');
  expect((await call('POST', '/api/v1/ad-request', { device_id: 'tv' })).status).toBe(200);
  expect((await call('POST', '/api/v2/ad-request', { pod_duration: 30 })).status).toBe(200);
  expect((await call('GET', '/api/v2/campaigns')).status).toBe(401);
  expect((await call('GET', '/api/v2/nothing')).status).toBe(404);

  const form = new FormData();
  form.set('file', new Blob([await readFile(spot)], { type: 'video/mp4' }), 'spot.mp4');
  const uploaded = await call('POST', `/api/v1/campaigns/${body.id}/creatives`, form, authorization);
  expect(uploaded).toMatchObject({ status: 201, body: { status: 'active', duration: 2 } });
  const { pathname } = new URL(uploaded.body.video_url);
  const part = await call('GET', pathname, undefined, { range: 'bytes=4-7' });
  expect([part.status, part.text]).toEqual([206, 'ftyp']);
});

test("the decision's own paths are its own: another method is 405 with what they take, and not a question for management", async () => {
  const said = await call('GET', '/api/v2/ad-request');
  expect([said.status, said.headers.get('allow')]).toEqual([405, 'POST']);
  expect((await call('GET', '/api/v1/impression')).status).toBe(405);
});

test('a page of somebody else gets no leave from management', async () => {
  for (const method of ['OPTIONS', 'GET']) {
    const said = await call(method, '/api/v2/campaigns', undefined, {
      origin: 'https://evil.example',
      'access-control-request-method': 'GET',
    });
    expect([...said.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
});

test('with management away its paths are 502, without one 404, and ads are served', async () => {
  management = 'http://127.0.0.1:9';
  expect(await call('GET', '/api/v2/campaigns')).toMatchObject({ status: 502, body: { title: 'Management is away' } });
  expect((await call('POST', '/api/v1/campaigns', { name: 'x' })).status).toBe(502);
  expect((await call('POST', '/api/v1/ad-request', {})).status).toBe(200);
  management = null;
  expect((await call('GET', '/api/v2/campaigns')).status).toBe(404);
  management = reached;
});

test('headers of one connection stay there, those of the message go on, and who asked is told', async () => {
  let seen: IncomingHttpHeaders = {};
  const echo = createServer((asked, answer) => {
    seen = asked.headers;
    answer.writeHead(200, { 'x-kept': 'yes', connection: 'x-private', 'x-private': 'no' });
    asked.pipe(answer);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  management = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  const headers = {
    connection: 'keep-alive, x-secret',
    'x-secret': '1',
    te: 'trailers',
    'x-forwarded-for': '203.0.113.9',
    'x-ours': '2',
  };
  const answered = await new Promise<{ headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
    const asking = request(`${origin}/api/v2/echo?q=1`, { method: 'PUT', headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ headers: answer.headers, text });
    });
    asking.on('error', reject).end('hello');
  });
  expect(seen).toMatchObject({
    'x-ours': '2',
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    host: new URL(management).host,
  });
  expect([seen['x-secret'], seen.te]).toEqual([undefined, undefined]);
  expect(answered).toMatchObject({ text: 'hello', headers: { 'x-kept': 'yes' } });
  expect(answered.headers['x-private']).toBe(undefined);
  management = reached;
  await new Promise((resolve) => echo.close(resolve));
});

test('half a request is cut off after its time, one that was spared is not', async () => {
  let now = 0;
  let look: () => void = () => undefined;
  const clock: Clock = {
    ...systemClock(),
    now: () => now,
    every: (_ms, task) => {
      look = () => void task();
      return { [Symbol.dispose]: () => undefined };
    },
  };
  const server = createServer((asked) => asked.url === '/upload' && slow.spare(asked));
  const cut: string[] = [];
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    cut.push(String(error.code));
    socket.destroy();
  });
  const slow = cutSlowRequests(server, clock);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const begin = (path: string) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf`),
    );
    return socket;
  };
  const sockets = [begin('/ad'), begin('/upload')];
  await expect.poll(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  now = 7_000;
  look();
  expect(cut).toEqual([]);
  now = 9_000;
  look();
  expect(cut).toEqual(['ERR_HTTP_REQUEST_TIMEOUT']);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
