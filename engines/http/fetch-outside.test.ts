import type { lookup } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { type FetchOutsideOptions, fetchOutside } from './fetch-outside.ts';
import { testCertificate, testKey } from './test-certificate.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A server of this machine that writes down who asked it for what. */
async function listen(answer: RequestListener, secure = false): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push(`${request.headers.host} ${request.url}`);
    answer(request, response);
  };
  const server = secure
    ? createSecureServer({ cert: testCertificate, key: testKey }, listener)
    : createServer(listener);
  servers.push(server as Server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen };
}

/** Names that answer as told, one answer after the other. */
function names(...answers: readonly (readonly string[])[]) {
  let calls = 0;
  const resolve = ((_: string, __: object, done: (error: null, found: object) => void) => {
    const addresses = answers[Math.min(calls++, answers.length - 1)] ?? [];
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;
  return { resolve, calls: () => calls };
}

const fetchFrom = (url: string, given: Partial<FetchOutsideOptions> = {}) =>
  fetchOutside(url, {
    allowed: [],
    never: [],
    signal: AbortSignal.timeout(5_000),
    bytesMax: 10_000,
    redirectsMax: 3,
    headers: {},
    ...given,
  });

test('an answer is read whole, over TLS that is checked', async () => {
  const { port, seen } = await listen((_, response) => response.end('<VAST/>'), true);
  const { resolve } = names(['127.0.0.1']);
  const options = { allowed: [`tags.example:${port}`, `other.example:${port}`], resolve, ca: testCertificate };
  expect(await fetchFrom(`https://tags.example:${port}/a?b=1`, options)).toMatchObject({
    status: 200,
    text: '<VAST/>',
  });
  expect(seen).toEqual([`tags.example:${port} /a?b=1`]);
  // Somebody else's certificate, and nobody's.
  await expect(fetchFrom(`https://other.example:${port}/`, options)).rejects.toMatchObject({ code: 'unavailable' });
  const { ca: _, ...system } = options;
  await expect(fetchFrom(`https://tags.example:${port}/`, system)).rejects.toMatchObject({ code: 'unavailable' });
  expect(seen.length).toBe(1);
});

const inside = [
  'http://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/',
  'https://0x7f.1:PORT/',
  'https://0177.0.0.1:PORT/',
  'https://2130706433:PORT/',
  'https://127.1:PORT/',
  'https://[::1]:PORT/',
  'https://[::ffff:127.0.0.1]:PORT/',
  'https://[::ffff:7f00:1]:PORT/',
  'https://[64:ff9b::7f00:1]:PORT/',
  'https://169.254.169.254/latest/meta-data/',
  'https://10.0.0.1/',
  'https://0.0.0.0:PORT/',
  'https://localhost:PORT/',
  'https://metadata.google.internal/',
  'https://user:word@tags.example/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:PORT/',
  'javascript:alert(1)',
];

test.each(inside)('%s is not asked, neither named nor by a redirect', async (url) => {
  const target = await listen((_, response) => response.end('secret'));
  const there = url.replace('PORT', String(target.port));
  await expect(fetchFrom(there)).rejects.toMatchObject({ code: 'refused' });
  const door = await listen((_, response) => response.writeHead(302, { location: there }).end());
  const open = { allowed: [`127.0.0.1:${door.port}`] };
  await expect(fetchFrom(`http://127.0.0.1:${door.port}/`, open)).rejects.toMatchObject({ code: 'refused' });
  expect([door.seen.length, target.seen]).toEqual([1, []]);
});

test('a name is judged by what it resolves to, all of it, where the connection is made', async () => {
  const { port, seen } = await listen((_, response) => response.end('secret'), true);
  for (const addresses of [
    ['127.0.0.1'],
    ['93.184.215.14', '127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['fe80::1%lo'],
    [],
  ]) {
    const { resolve, calls } = names(addresses);
    await expect(fetchFrom(`https://rebind.example:${port}/`, { resolve })).rejects.toMatchObject({ code: 'refused' });
    expect(calls()).toBe(1);
  }
  expect(seen).toEqual([]);
});

test('a name that answers otherwise the second time is not asked a second time', async () => {
  const { port, seen } = await listen((_, response) => response.end('secret'), true);
  const { resolve, calls } = names(['93.184.215.14'], ['127.0.0.1']);
  const options = { resolve, signal: AbortSignal.timeout(300) };
  await expect(fetchFrom(`https://rebind.example:${port}/`, options)).rejects.toThrow();
  expect([calls(), seen]).toEqual([1, []]);
});

test('each redirect is resolved and judged anew', async () => {
  const door = await listen((_, response) =>
    response.writeHead(307, { location: `https://rebind.example:${door.port}/` }).end(),
  );
  const { resolve } = names(['127.0.0.1'], ['10.0.0.7']);
  const options = { resolve, allowed: [`door.example:${door.port}`] };
  await expect(fetchFrom(`http://door.example:${door.port}/`, options)).rejects.toThrow('is in this network');
  expect(door.seen.length).toBe(1);
});

test('redirects are followed three times, and never to who is not to be asked', async () => {
  const { port, seen } = await listen((request, response) =>
    request.url === '/3'
      ? response.end('end')
      : response.writeHead(302, { location: `/${Number(request.url?.slice(1)) + 1}` }).end(),
  );
  const options = { allowed: [`127.0.0.1:${port}`] };
  expect(await fetchFrom(`http://127.0.0.1:${port}/0`, options)).toMatchObject({
    text: 'end',
    url: `http://127.0.0.1:${port}/3`,
  });
  await expect(fetchFrom(`http://127.0.0.1:${port}/-1`, options)).rejects.toThrow('more than 3 redirects');
  seen.splice(0);
  const never = { ...options, never: [`http://127.0.0.1:${port}`] };
  await expect(fetchFrom(`http://127.0.0.1:${port}/3`, never)).rejects.toThrow('back to us');
  expect(seen).toEqual([]);
});

const hostile: Readonly<Record<string, readonly [string, RequestListener]>> = {
  'a body without end': [
    'refused',
    (_, response) => void setInterval(() => response.write('x'.repeat(4_000)), 1).unref(),
  ],
  'a large length': ['refused', (_, response) => response.end('x'.repeat(10_001))],
  'what is compressed': [
    'refused',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(50_000_000))),
  ],
  'one byte now and then': ['timeout', (_, response) => void setInterval(() => response.write('x'), 20).unref()],
  'no answer': ['timeout', () => undefined],
  'headers without end': [
    'unavailable',
    ({ socket }) => void socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`),
  ],
  'half an answer': [
    'unavailable',
    (_, response) => response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy()),
  ],
  'no HTTP': ['unavailable', ({ socket }) => void socket.end('what?\r\n\r\n')],
};

test.each(Object.entries(hostile))('%s is given up', async (_, [code, answer]) => {
  const { port } = await listen(answer);
  const options = { allowed: [`127.0.0.1:${port}`], signal: AbortSignal.timeout(1_000) };
  await expect(fetchFrom(`http://127.0.0.1:${port}/`, options)).rejects.toMatchObject({ code });
});
