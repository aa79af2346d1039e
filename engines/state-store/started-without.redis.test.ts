import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { EngineError } from '../errors.ts';
import { systemRandom } from '../random.ts';
import { readOne } from './contract.ts';
import { startRedisCluster, startRedisServer, until } from './redis-fixture.ts';
import { openRedisStateStore } from './redis-state-store.ts';
import type { StateStore } from './state-store.ts';

const clock = systemClock();
const LONG_MS = 3_600_000;
let opened: StateStore[] = [];

afterEach(async () => {
  for (const store of opened) await store.close();
  opened = [];
});

/** The store, and why it had no server; `told` stays empty where it had one. */
async function open(url: string): Promise<{ readonly store: StateStore; readonly told: readonly string[] }> {
  const told: string[] = [];
  const onAway = ({ code }: EngineError) => told.push(code);
  const store = await openRedisStateStore({ url, random: systemRandom(clock), onAway });
  opened.push(store);
  return { store, told };
}

/** What every call of a store without a server rejects with, and that it does so at once. */
async function refusals(store: StateStore): Promise<readonly string[]> {
  const began = clock.now();
  const absent = { version: 0, bytes: null, store: '' };
  const calls = [
    store.read(['a']),
    store.swap('a', absent, Buffer.from('one'), LONG_MS),
    store.claim('bucket', ['id'], [1], LONG_MS),
    store.drop('bucket'),
    store.stores(),
  ];
  const settled = await Promise.allSettled(calls);
  expect(clock.now() - began).toBeLessThan(500);
  return settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'ok'));
}

const refused = Array.from({ length: 5 }, () => 'unavailable');

const answers = (store: StateStore) =>
  until(() =>
    Promise.all([store.read(['a']), store.stores()]).then(
      () => true,
      () => false,
    ),
  );

it('a store is there before its server: it refuses at once, and answers once somebody listens at that port', async () => {
  await using server = await startRedisServer();
  await server.kill();
  const { store, told } = await open(server.url);
  expect(told).toEqual(['unavailable']);
  expect(await refusals(store)).toEqual(refused);
  await server.restart();
  await answers(store);
  const { ok } = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), LONG_MS);
  expect(ok).toBe(true);
});

it('a store is there before its cluster, and never says that the cluster has no masters', async () => {
  await using cluster = await startRedisCluster();
  const servers = [...cluster.masters, cluster.replica];
  for (const server of servers) await server.kill();
  const { store, told } = await open(cluster.url);
  expect(told).toEqual(['unavailable']);
  expect(await refusals(store)).toEqual(refused);
  for (const server of servers) await server.restart();
  await answers(store);
  expect(await store.stores()).toHaveLength(3);
}, 90_000);

it('a server that comes back with another password is told of, once', async () => {
  await using server = await startRedisServer();
  await server.kill();
  const { store, told } = await open(`redis://nobody:wrong@127.0.0.1:${server.port}`);
  await server.restart();
  await until(async () => told.length > 1);
  await clock.sleep(2_000);
  expect(told).toEqual(['unavailable', 'misconfigured']);
  expect(await refusals(store)).toEqual(refused);
});

it('a store that closes before its server ever answered tries no more', async () => {
  await using server = await startRedisServer();
  await server.kill();
  const { store } = await open(server.url);
  await store.close();
  await server.restart();
  await clock.sleep(1_500);
  expect(await server.ask('CLIENT', 'LIST')).toMatch(/^id=\d+ .*cmd=client\|list .*\n$/);
});

it('a server that still reads its files is away after five seconds', async () => {
  const loading = '# Persistence\r\nloading:1\r\nloading_eta_seconds:600\r\n';
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      for (const [, word] of `${chunk}`.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        socket.write(word?.toLowerCase() === 'info' ? `$${loading.length}\r\n${loading}\r\n` : '+OK\r\n');
      }
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { store, told } = await open(`redis://127.0.0.1:${port}`);
    expect(told).toEqual(['timeout']);
    expect(await refusals(store)).toEqual(refused);
  } finally {
    server.close();
  }
});

it('a wrong password or URL is no server that is away: there is no store', async () => {
  await using server = await startRedisServer();
  await server.ask('CONFIG', 'SET', 'requirepass', 'right');
  await expect(open(`redis://:wrong@127.0.0.1:${server.port}`)).rejects.toMatchObject({ code: 'misconfigured' });
  await expect(open('redis://a:1,b:2')).rejects.toMatchObject({ code: 'misconfigured' });
  const { told } = await open(`redis://:right@127.0.0.1:${server.port}`);
  expect(told).toEqual([]);
});

it("neither is a cluster's wrong password, or a server that is in no cluster", async () => {
  await using cluster = await startRedisCluster();
  for (const master of cluster.masters) await master.ask('CONFIG', 'SET', 'requirepass', 'right');
  const wrong = cluster.url.replace('//', '//:wrong@');
  await expect(open(wrong)).rejects.toMatchObject({ code: 'misconfigured' });
  await using alone = await startRedisServer();
  await expect(open(`redis+cluster://127.0.0.1:${alone.port}`)).rejects.toMatchObject({ code: 'misconfigured' });
});
