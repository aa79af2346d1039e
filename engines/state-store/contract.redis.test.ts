import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { systemRandom } from '../random.ts';
import { counted, increment, readOne, stateStoreContract } from './contract.ts';
import {
  type RedisClusterServers,
  type RedisServer,
  startAnyRedis,
  startRedisCluster,
  startRedisServer,
  until,
} from './redis-fixture.ts';
import { LIFE_KEY } from './redis-scripts.ts';
import { openRedisStateStore } from './redis-state-store.ts';
import type { StateStore } from './state-store.ts';

const clock = systemClock();
const random = systemRandom(clock);
const LONG_MS = 3_600_000;
let opened: StateStore[] = [];

afterEach(async () => {
  for (const store of opened) await store.close();
  opened = [];
});

async function open(url: string): Promise<StateStore> {
  const store = await openRedisStateStore({ url, random });
  opened.push(store);
  return store;
}

/** What a promise rejects with; `ok` where it does not. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return error instanceof EngineError ? error.code : `${error}`;
  }
}

/** Reads until the store answers again. */
const answers = (store: StateStore) => until(async () => (await codeOf(store.read(['probe']))) === 'ok');

describe('the state store contract on one Redis', () => {
  let server: Awaited<ReturnType<typeof startAnyRedis>>;
  beforeAll(async () => {
    server = await startAnyRedis();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(() => server.ask('FLUSHDB'));

  it.each(stateStoreContract)('$name', async ({ check }) => {
    await check({ store: await open(server.url), sleep: clock.sleep });
    const keys = (await server.ask('KEYS', '*')) as string[];
    for (const key of keys) expect([key, Number(await server.ask('PTTL', key)) > 0]).toEqual([key, true]);
  });
});

/** The replication id of the server that answered. */
function serverOf({ store }: { readonly store: string }): string {
  return store.split('-')[0] ?? '';
}

describe('the state store contract on a Redis Cluster', () => {
  let cluster: RedisClusterServers;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  beforeEach(() => Promise.all(cluster.masters.map((master) => master.ask('FLUSHALL'))));

  it.each(stateStoreContract)('$name', async ({ check }) => {
    await check({ store: await open(cluster.url), sleep: clock.sleep });
  });

  it('names each shard, and reads keys of all of them in the order asked for', async () => {
    const store = await open(cluster.url);
    const keys = Array.from({ length: 60 }, (_, n) => `key ${n}`);
    for (const key of keys) await store.swap(key, await readOne(store, key), Buffer.from(key), LONG_MS);
    const entries = await store.read(keys);
    expect(entries.map(({ bytes }) => bytes?.toString())).toEqual(keys);
    const ids = new Set(entries.map((entry) => entry.store));
    expect(ids.size).toBe(3);
    expect(new Set(await store.stores())).toEqual(ids);
  });

  it('a slot that moved is another store', async () => {
    const store = await open(cluster.url);
    const [from, to] = cluster.masters as [RedisServer, RedisServer];
    const key = 'mover';
    const { entry } = await store.swap(key, await readOne(store, key), Buffer.from('kept'), LONG_MS);
    const ids = await Promise.all(cluster.masters.map(async (one) => `${await one.ask('INFO', 'replication')}`));
    const at = ids.findIndex((info) => info.includes(serverOf(entry)));
    const source = cluster.masters[at] ?? from;
    const target = source === to ? from : to;
    const slot = `${await source.ask('CLUSTER', 'KEYSLOT', key)}`;
    const [sourceId, targetId] = [`${await source.ask('CLUSTER', 'MYID')}`, `${await target.ask('CLUSTER', 'MYID')}`];
    await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
    await source.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
    await source.ask('MIGRATE', '127.0.0.1', `${target.port}`, key, '0', '5000');
    const underWay = await readOne(store, key);
    expect([underWay.bytes?.toString(), underWay.store === entry.store]).toEqual(['kept', false]);
    for (const one of [target, source]) await one.ask('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
    const refused = await store.swap(key, entry, Buffer.from('lost'), LONG_MS);
    expect([refused.ok, refused.entry.bytes?.toString()]).toEqual([false, 'kept']);
    expect((await store.swap(key, refused.entry, Buffer.from('next'), LONG_MS)).ok).toBe(true);
  });

  it('a master that was emptied and went on is another store, and the others are what they were', async () => {
    const store = await open(cluster.url);
    const [emptied] = cluster.masters as [RedisServer];
    const keys = Array.from({ length: 60 }, (_, n) => `emptied ${n}`);
    for (const key of keys) await store.swap(key, await readOne(store, key), Buffer.from(key), LONG_MS);
    const before = await store.read(keys);
    const [info, ids] = [`${await emptied.ask('INFO', 'replication')}`, await store.stores()];
    await emptied.ask('FLUSHALL');
    for (const [at, entry] of before.entries()) {
      const key = keys[at] ?? '';
      const isEmptied = info.includes(serverOf(entry));
      const absent = { ...entry, version: 0, bytes: null };
      expect((await store.swap(key, isEmptied ? absent : entry, Buffer.from('next'), LONG_MS)).ok).toBe(!isEmptied);
      // The bucket may be another server's than the key.
      const claimed = await codeOf(store.claim(`bucket ${at}`, ['id'], [1], LONG_MS, ids));
      const { store: bucketsOwn } = await readOne(store, `{bucket ${at}}`);
      expect(claimed).toBe(ids.includes(bucketsOwn) ? 'ok' : 'store_lost_writes');
    }
    const after = await store.stores();
    expect(after.filter((id) => ids.includes(id))).toHaveLength(2);
    expect(after.filter((id) => info.includes(id.split('-')[0] ?? ''))).toHaveLength(1);
  });

  it('goes on with a replica that was promoted in the place of a dead master, under another id', async () => {
    const store = await open(cluster.url);
    const [master] = cluster.masters as [RedisServer];
    const before = `${await master.ask('INFO', 'replication')}`;
    const keys = Array.from({ length: 40 }, (_, n) => `promoted ${n}`);
    for (const key of keys) await store.swap(key, await readOne(store, key), Buffer.from('x'), LONG_MS);
    const held = (await store.read(keys)).filter((entry) => before.includes(serverOf(entry)));
    expect(held.length).toBeGreaterThan(3);
    await master.ask('WAIT', '1', '2000');
    await master.kill();
    await until(async () => `${await cluster.replica.ask('INFO', 'replication')}`.includes('role:master'));
    await until(async () => (await codeOf(store.read(keys))) === 'ok');
    const after = await store.read(keys);
    expect(after.some((entry) => before.includes(serverOf(entry)))).toBe(false);
    expect(after.map(({ bytes }) => bytes?.toString())).toEqual(keys.map(() => 'x'));
    await until(async () => (await codeOf(store.stores())) === 'ok');
    expect(new Set(await store.stores())).toEqual(new Set(after.map((entry) => entry.store)));
  });
});

describe('a Redis that fails', () => {
  it('that was emptied and went on is another store, and refuses swaps and claims meant for the former', async () => {
    await using server = await startRedisServer();
    const store = await open(server.url);
    const first = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), LONG_MS);
    const before = await store.stores();
    expect(before).toEqual([first.entry.store]);
    await server.ask('FLUSHALL');
    const late = await store.swap('a', first.entry, Buffer.from('two'), LONG_MS);
    expect([late.ok, late.entry.bytes, late.entry.store === first.entry.store]).toEqual([false, null, false]);
    const absent = { version: 0, bytes: null, store: first.entry.store };
    expect((await store.swap('a', absent, Buffer.from('two'), LONG_MS)).ok).toBe(false);
    expect(await codeOf(store.claim('bucket', ['id'], [2], LONG_MS, before))).toBe('store_lost_writes');
    expect(await store.stores()).toEqual([late.entry.store]);
    expect((await store.swap('a', late.entry, Buffer.from('two'), LONG_MS)).ok).toBe(true);
  });

  it('keeps the name of its data while it is asked for, long before that would expire', async () => {
    await using server = await startRedisServer();
    const store = await open(server.url);
    const [name] = await store.stores();
    await server.ask('PEXPIRE', LIFE_KEY, '60000');
    expect(await store.stores()).toEqual([name]);
    expect(Number(await server.ask('PTTL', LIFE_KEY))).toBeGreaterThan(60_000);
  });

  it('that was killed and forgot refuses swaps and claims of its former life, and says what it is now', async () => {
    await using server = await startRedisServer();
    const store = await open(server.url);
    const first = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), LONG_MS);
    await store.claim('bucket', ['id'], [1], LONG_MS, await store.stores());
    await server.kill();
    expect(await codeOf(store.read(['a']))).toBe('unavailable');
    await server.restart();
    await answers(store);
    const late = await store.swap('a', first.entry, Buffer.from('two'), LONG_MS);
    expect([late.ok, late.entry.bytes, late.entry.store === first.entry.store]).toEqual([false, null, false]);
    const absent = { version: 0, bytes: null, store: first.entry.store };
    expect((await store.swap('a', absent, Buffer.from('two'), LONG_MS)).ok).toBe(false);
    expect(await codeOf(store.claim('bucket', ['id'], [2], LONG_MS, [first.entry.store]))).toBe('store_lost_writes');
    expect(await store.claim('bucket', ['id'], [3], LONG_MS, [late.entry.store])).toEqual([3]);
  });

  it('that kept everything on disk has another id after a kill all the same', async () => {
    await using server = await startRedisServer(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    const store = await open(server.url);
    for (let n = 0; n < 50; n++) await increment(store, 'counter');
    const before = await readOne(store, 'counter');
    await server.kill();
    await server.restart();
    await answers(store);
    expect(await counted(store, 'counter')).toBe(50);
    expect((await readOne(store, 'counter')).store).not.toBe(before.store);
    expect((await store.swap('counter', before, Buffer.alloc(4), LONG_MS)).ok).toBe(false);
  });

  it('that became a replica answers nothing, and once promoted is another store', async () => {
    await using master = await startRedisServer(['--repl-diskless-sync-delay', '0']);
    await using replica = await startRedisServer(['--repl-diskless-sync-delay', '0']);
    const [onMaster, store] = [await open(master.url), await open(replica.url)];
    const { entry } = await onMaster.swap('a', await readOne(onMaster, 'a'), Buffer.from('one'), LONG_MS);
    await replica.ask('REPLICAOF', '127.0.0.1', `${master.port}`);
    await until(async () => `${await replica.ask('INFO', 'replication')}`.includes('master_link_status:up'));
    await until(async () => (await codeOf(store.read(['a']))) === 'unavailable');
    await replica.promote();
    await answers(store);
    const promoted = await readOne(store, 'a');
    expect([promoted.version, promoted.bytes?.toString()]).toEqual([entry.version, 'one']);
    expect((await store.swap('a', entry, Buffer.from('late'), LONG_MS)).ok).toBe(false);
  });

  it('that stands still is a time-out within two seconds, and goes on by itself', async () => {
    await using server = await startRedisServer();
    const store = await open(server.url);
    const entry = await readOne(store, 'a');
    server.pause();
    const began = clock.now();
    const codes = await Promise.all([
      codeOf(store.read(['a'])),
      codeOf(store.swap('a', entry, Buffer.from('one'), LONG_MS)),
      codeOf(store.claim('bucket', ['a'], [1], LONG_MS)),
      codeOf(store.stores()),
    ]);
    expect(clock.now() - began).toBeLessThan(2_000);
    expect(codes).toEqual(['timeout', 'timeout', 'timeout', 'timeout']);
    server.resume();
    await answers(store);
    expect(['one', undefined]).toContain((await readOne(store, 'a')).bytes?.toString());
  });

  it('that has no room left says full, still reads, and takes writes again when there is room', async () => {
    await using server = await startRedisServer();
    const store = await open(server.url);
    const { entry } = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), LONG_MS);
    await server.ask('CONFIG', 'SET', 'maxmemory', '100kb');
    expect(await codeOf(store.swap('a', entry, Buffer.from('two'), LONG_MS))).toBe('full');
    expect(await codeOf(store.claim('bucket', ['a'], [1], LONG_MS))).toBe('full');
    expect(await readOne(store, 'a')).toEqual(entry);
    expect(await codeOf(store.drop('bucket'))).toBe('ok');
    await server.ask('CONFIG', 'SET', 'maxmemory', '100mb');
    expect((await store.swap('a', entry, Buffer.from('two'), LONG_MS)).ok).toBe(true);
    expect(await store.claim('bucket', ['a'], [2], LONG_MS)).toEqual([2]);
  });

  it('fails what meets a foreign value alone: the others that were asked in the same turn are answered', async () => {
    await using server = await startRedisServer();
    const store = await open(server.url);
    const absent = await readOne(store, 'a');
    await server.ask('SET', 'short', 'x');
    await server.ask('HSET', 'bucket', 'id', '1');
    const swap = (key: string) => store.swap(key, absent, Buffer.from(key), LONG_MS);
    const many = Array.from({ length: 100 }, (_, n) => `key ${n}`);
    const codes = await Promise.all(['short', 'bucket', ...many].map((key) => codeOf(swap(key))));
    expect(codes).toEqual(['refused', 'refused', ...many.map(() => 'ok')]);
    const read = (key: string) => readOne(store, key).then(({ bytes }) => `${bytes}`, String);
    const values = await Promise.all(['short', ...many].map(read));
    expect(values[0]).toContain('not a record');
    expect(values.slice(1)).toEqual(many);
  });

  it('two hundred contenders in four clients lose no update', async () => {
    await using server = await startRedisServer();
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(server.url)));
    await Promise.all(Array.from({ length: 200 }, (_, n) => increment(stores[n % 4] as StateStore, 'hot')));
    expect(await counted(stores[0] as StateStore, 'hot')).toBe(200);
  });
});

describe('a Redis that cannot be used', () => {
  it('is told apart: nobody there, a wrong password, a wrong URL', async () => {
    await using server = await startRedisServer();
    await server.ask('CONFIG', 'SET', 'requirepass', 'right');
    expect(await codeOf(open('redis://127.0.0.1:1'))).toBe('unavailable');
    expect(await codeOf(open(`redis://:wrong@127.0.0.1:${server.port}`))).toBe('misconfigured');
    expect(await codeOf(open('redis://a:1,b:2'))).toBe('misconfigured');
    const store = await open(`redis://:right@127.0.0.1:${server.port}/3`);
    expect((await readOne(store, 'a')).version).toBe(0);
  });
});
