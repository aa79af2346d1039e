import { EngineError } from '../errors.ts';
import type { Random } from '../random.ts';
import { inOneTurn } from './one-turn.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { redisError } from './redis-errors.ts';
import { type RedisScript, redisScripts } from './redis-scripts.ts';
import { slotOf } from './redis-slot.ts';
import type { Entry, StateStore, Swapped } from './state-store.ts';
import { whole } from './whole.ts';

export interface RedisStateStoreOptions {
  /** See redis-url.ts. */
  readonly url: string;
  readonly random: Random;
  /** Hears of lost connections. Default: nobody; calls reject by themselves. */
  readonly onError?: (error: unknown) => void;
  /** Hears why the server does not answer yet; the store is given all the same. Default: no store without its server. */
  readonly onAway?: (error: EngineError) => void;
}

const VERSION_BYTES = 8;

/** Keys in one script: a longer one would hold up the others, and Lua unpacks no more than some thousands. */
const READ_MOST = 500;
/** Reads or swaps of one turn in one script. */
const TOGETHER_MOST = 32;

/**
 * The state store on Redis 7, one server or a cluster. A record is one string (8 bytes version, big endian, then the
 * bytes), a bucket one hash; every key has an expiry. The store's id is the
 * replication id of the master that answered, and besides the name of its data, in a cluster how often it was emptied: emptied, it
 * is another store.
 *
 * A call rejects within about a second (in a cluster that is failing over, two), and at once while there is no connection.
 * Resolves once the first connection stands; EngineError `unavailable`, `timeout` or `misconfigured` where it cannot. With
 * `onAway` it resolves without the connection too, unless a setting is wrong.
 */
export async function openRedisStateStore(options: RedisStateStoreOptions): Promise<StateStore> {
  const { url, random, onError = () => {}, onAway = null } = options;
  const connection = await connectRedis(url, random, { onError, onAway });
  const scripts = redisScripts(connection.cluster);
  // A cluster's scripts have keys of one slot, and few fall together. Elsewhere a script each would cost more than what it does.
  const together = <Q, A>(run: (questions: readonly Q[]) => Promise<readonly (A | Error)[]>) =>
    inOneTurn<Q, A>(connection.cluster ? 1 : TOGETHER_MOST, run);
  const read = together<readonly string[], readonly Entry[]>((asked) => readMany(connection, scripts.read, asked));
  const swap = together<Wanted, Swapped>((wanted) => swapMany(connection, scripts.swap, wanted));
  return {
    read: (keys) => read(keys),
    swap: async (key, seen, bytes, life) => await swap({ key, seen, bytes, life: lifeOf(life) }),
    async claim(bucket, ids, offsets, life, stores = []) {
      const claims = ids.flatMap((id, at) => [id, `${whole('an offset', offsets[at])}`]);
      const args = [`${lifeOf(life)}`, `${stores.length}`, ...stores, ...claims];
      if (ids.length === 0 && stores.length === 0) return [];
      const [store, ...held] = await connection.run(scripts.claim, [bucket], args);
      if (held.length === ids.length) return held.map((offset) => Number(`${offset}`));
      throw new EngineError('store_lost_writes', `claims were meant for another store than ${store}`);
    },
    drop: (bucket) => connection.unlink(bucket),
    async stores() {
      const answers = await connection.onMasters(scripts.store);
      return answers.map(([store]) => `${store}`);
    },
    close: () => connection.close(),
  };
}

/** One swap. */
interface Wanted {
  readonly key: string;
  readonly seen: Entry;
  readonly bytes: Buffer;
  readonly life: number;
}

async function swapMany(
  connection: RedisConnection,
  script: RedisScript,
  wanted: readonly Wanted[],
): Promise<readonly (Swapped | Error)[]> {
  const args = wanted.flatMap(({ seen, bytes, life }) => [`${seen.version}`, seen.store, bytes, `${life}`]);
  const keys = wanted.map(({ key }) => key);
  const [name, ...answers] = await connection.run(script, keys, args);
  const store = `${name}`;
  return wanted.map(({ bytes }, at) => {
    const value = answers[2 * at + 1];
    if (answers[2 * at] === 0) return { ok: false, entry: toEntry(store, value) };
    if (answers[2 * at] !== 1) return redisError(new Error(`${value}`), false);
    return { ok: true, entry: { version: Number(`${value}`), bytes, store } };
  });
}

async function readMany(
  connection: RedisConnection,
  script: RedisScript,
  asked: readonly (readonly string[])[],
): Promise<readonly (readonly Entry[] | Error)[]> {
  const entries = await readAll(connection, script, asked.flat());
  let at = 0;
  return asked.map(({ length }) => {
    at += length;
    const own = entries.slice(at - length, at);
    return own.find((entry) => entry instanceof Error) ?? (own as readonly Entry[]);
  });
}

/** One script for each slot, all under way at once. */
async function readAll(
  connection: RedisConnection,
  script: RedisScript,
  keys: readonly string[],
): Promise<readonly (Entry | Error)[]> {
  const part = (at: number) => Math.floor(at / READ_MOST);
  const groups = Map.groupBy(keys.keys(), (at) =>
    connection.cluster ? `${slotOf(keys[at] ?? '')} ${part(at)}` : `${part(at)}`,
  );
  const entries = new Array<Entry | Error>(keys.length);
  await Promise.all(
    [...groups.values()].map(async (places) => {
      const wanted = places.map((at) => keys[at] ?? '');
      const [store, ...values] = await connection.run(script, wanted, []);
      for (const [index, at] of places.entries()) entries[at] = readEntry(`${store}`, values[index]);
    }),
  );
  return entries;
}

/** What somebody else put under a key of ours fails those alone who ask for it. */
function readEntry(store: string, value: Buffer | number | null | undefined): Entry | Error {
  const isOurs = !Buffer.isBuffer(value) || value.length >= VERSION_BYTES;
  return isOurs ? toEntry(store, value) : redisError(new Error('ERR not a record'), false);
}

function toEntry(store: string, value: Buffer | number | null | undefined): Entry {
  if (!Buffer.isBuffer(value)) return { version: 0, bytes: null, store };
  return { version: Number(value.readBigUInt64BE(0)), bytes: value.subarray(VERSION_BYTES), store };
}

/** Redis knows no life of 0. */
function lifeOf(ms: number): number {
  return Math.max(1, whole('a life', Math.round(ms)));
}
