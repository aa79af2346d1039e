import assert from 'node:assert/strict';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import type { Entry, StateStore } from './state-store.ts';

/** What an adapter hands to each behaviour: a store of its own, empty, on the system clock. */
export interface StateStoreFixture {
  readonly store: StateStore;
  sleep(ms: number): Promise<void>;
}

/** One promise of the port, by name; `check` rejects where an adapter breaks it. */
export interface StateStoreBehaviour {
  readonly name: string;
  check(fixture: StateStoreFixture): Promise<void>;
}

const LONG_MS = 3_600_000;
const SHORT_MS = 60;

export async function readOne(store: StateStore, key: string): Promise<Entry> {
  const [entry] = await store.read([key]);
  assert.ok(entry);
  return entry;
}

/** Adds one to a 4-byte number under a key, again and again until the swap is taken. */
export async function increment(store: StateStore, key: string): Promise<void> {
  let entry = await readOne(store, key);
  for (;;) {
    const next = Buffer.alloc(4);
    next.writeUInt32BE((entry.bytes?.readUInt32BE(0) ?? 0) + 1);
    const swapped = await store.swap(key, entry, next, LONG_MS);
    if (swapped.ok) return;
    entry = swapped.entry;
  }
}

export async function counted(store: StateStore, key: string): Promise<number> {
  return (await readOne(store, key)).bytes?.readUInt32BE(0) ?? 0;
}

async function rejectsWith(code: EngineErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof EngineError && error.code === code, `expected ${code}`);
}

const text = (entry: Entry | undefined) => entry?.bytes?.toString() ?? null;

const recordBehaviours: readonly StateStoreBehaviour[] = [
  {
    name: 'an absent key has version 0 and no bytes; reading nothing answers nothing',
    async check({ store }) {
      const entry = await readOne(store, 'absent');
      assert.deepEqual([entry.version, entry.bytes], [0, null]);
      assert.ok(entry.store.length > 0);
      assert.deepEqual(await store.read([]), []);
    },
  },
  {
    name: 'a swap from absent writes, answers the new entry, and entries come in the order of the keys',
    async check({ store }) {
      const swapped = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), LONG_MS);
      assert.equal(swapped.ok, true);
      assert.ok(swapped.entry.version > 0);
      const entries = await store.read(['b', 'a', 'b', 'a']);
      assert.deepEqual(entries.map(text), [null, 'one', null, 'one']);
      assert.deepEqual(entries[1], swapped.entry);
    },
  },
  {
    name: 'a swap from an old version writes nothing and answers what is there',
    async check({ store }) {
      const absent = await readOne(store, 'a');
      const first = await store.swap('a', absent, Buffer.from('one'), LONG_MS);
      const refused = await store.swap('a', absent, Buffer.from('two'), LONG_MS);
      assert.deepEqual(refused, { ok: false, entry: first.entry });
      assert.deepEqual(await readOne(store, 'a'), first.entry);
    },
  },
  {
    name: 'a swap that saw another store is refused, though the version is right',
    async check({ store }) {
      const { entry } = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), LONG_MS);
      const refused = await store.swap('a', { ...entry, store: 'elsewhere' }, Buffer.from('two'), LONG_MS);
      assert.deepEqual([refused.ok, text(refused.entry)], [false, 'one']);
    },
  },
  {
    name: 'the store of every entry is among those that the store names',
    async check({ store }) {
      const stores = await store.stores();
      const entries = await store.read(Array.from({ length: 20 }, (_, key) => `key ${key}`));
      for (const entry of entries) assert.ok(stores.includes(entry.store));
    },
  },
  {
    name: 'empty bytes are an entry, not an absence',
    async check({ store }) {
      await store.swap('a', await readOne(store, 'a'), Buffer.alloc(0), LONG_MS);
      assert.equal(text(await readOne(store, 'a')), '');
    },
  },
  {
    name: 'an expired key is absent, and a version never comes back with it',
    async check({ store, sleep }) {
      const versions = new Set<number>();
      let seen = await readOne(store, 'a');
      for (let round = 0; round < 3; round++) {
        const { ok, entry } = await store.swap('a', seen, Buffer.from('brief'), SHORT_MS);
        assert.equal(ok, true);
        versions.add(entry.version);
        await sleep(SHORT_MS + 20);
        seen = await readOne(store, 'a');
        assert.deepEqual([seen.version, seen.bytes], [0, null]);
        assert.equal((await store.swap('a', entry, Buffer.from('late'), LONG_MS)).ok, false);
      }
      assert.equal(versions.size, 3);
    },
  },
  {
    name: 'a swap renews the expiry',
    async check({ store, sleep }) {
      const { entry } = await store.swap('a', await readOne(store, 'a'), Buffer.from('one'), SHORT_MS);
      await store.swap('a', entry, Buffer.from('two'), LONG_MS);
      await sleep(SHORT_MS + 20);
      assert.equal(text(await readOne(store, 'a')), 'two');
    },
  },
  {
    name: 'two hundred contenders on one key all get through, and no update is lost',
    async check({ store }) {
      await Promise.all(Array.from({ length: 200 }, () => increment(store, 'hot')));
      assert.equal(await counted(store, 'hot'), 200);
    },
  },
];

const claimBehaviours: readonly StateStoreBehaviour[] = [
  {
    name: 'the first claim of an id wins for everyone; a repeated own claim is still first',
    async check({ store }) {
      assert.deepEqual(await store.claim('bucket', ['a', 'b'], [5, 6], LONG_MS), [5, 6]);
      assert.deepEqual(await store.claim('bucket', ['b', 'c', 'a'], [9, 10, 5], LONG_MS), [6, 10, 5]);
      assert.deepEqual(await store.claim('bucket', [], [], LONG_MS), []);
    },
  },
  {
    name: 'an id twice in one call is claimed by its first mention; offset 0 is a claim like any other',
    async check({ store }) {
      assert.deepEqual(await store.claim('bucket', ['a', 'a', 'b'], [0, 1, 2], LONG_MS), [0, 0, 2]);
      assert.deepEqual(await store.claim('bucket', ['a'], [7], LONG_MS), [0]);
    },
  },
  {
    name: 'a claim that names other stores is refused and claims nothing',
    async check({ store }) {
      await rejectsWith('store_lost_writes', store.claim('bucket', ['a'], [1], LONG_MS, ['elsewhere']));
      const named = await store.claim('bucket', ['a'], [2], LONG_MS, ['elsewhere', ...(await store.stores())]);
      assert.deepEqual(named, [2]);
    },
  },
  {
    name: 'buckets know nothing of each other, though one name begins like the other',
    async check({ store }) {
      await store.claim('k:1', ['a'], [1], LONG_MS);
      assert.deepEqual(await store.claim('k:1:2', ['a'], [2], LONG_MS), [2]);
      await store.drop('k:1');
      assert.deepEqual(await store.claim('k:1:2', ['a'], [3], LONG_MS), [2]);
      assert.deepEqual(await store.claim('k:1', ['a'], [4], LONG_MS), [4]);
    },
  },
  {
    name: 'of many claims of one id at once exactly one is first, and all learn which',
    async check({ store }) {
      const offsets = Array.from({ length: 50 }, (_, offset) => offset);
      const answers = await Promise.all(offsets.map((offset) => store.claim('bucket', ['id'], [offset], LONG_MS)));
      assert.equal(new Set(answers.flat()).size, 1);
    },
  },
  {
    name: 'a dropped bucket is forgotten whole, however large; dropping it again is fine',
    async check({ store }) {
      const ids = Array.from({ length: 2_500 }, (_, id) => `id ${id}`);
      const ones = ids.map(() => 1);
      const twos = ids.map(() => 2);
      await store.claim('large', ids, ones, LONG_MS);
      await store.drop('large');
      await store.drop('large');
      assert.deepEqual(await store.claim('large', ids, twos, LONG_MS), twos);
    },
  },
  {
    name: 'a bucket expires after its last claim, and not before',
    async check({ store, sleep }) {
      await store.claim('brief', ['a'], [1], SHORT_MS);
      await store.claim('brief', ['b'], [2], 4 * SHORT_MS);
      await sleep(2 * SHORT_MS);
      assert.deepEqual(await store.claim('brief', ['a'], [3], SHORT_MS), [1]);
      await sleep(SHORT_MS + 20);
      assert.deepEqual(await store.claim('brief', ['a', 'b'], [4, 5], SHORT_MS), [4, 5]);
    },
  },
];

const edgeBehaviours: readonly StateStoreBehaviour[] = [
  {
    name: 'an offset that is missing or no whole number is refused, and its neighbours go through',
    async check({ store }) {
      const [bad, short, good] = await Promise.allSettled([
        store.claim('bucket', ['a'], [1.5], LONG_MS),
        store.claim('bucket', ['a', 'b'], [1], LONG_MS),
        store.claim('bucket', ['c'], [3], LONG_MS),
      ]);
      assert.deepEqual([bad.status, short.status, good.status], ['rejected', 'rejected', 'fulfilled']);
      assert.deepEqual(await store.claim('bucket', ['a'], [8], LONG_MS), [8]);
    },
  },
  {
    name: 'after close everything answers closed, and close again is fine',
    async check({ store }) {
      const entry = await readOne(store, 'a');
      await store.close();
      await store.close();
      await rejectsWith('closed', store.read(['a']));
      await rejectsWith('closed', store.swap('a', entry, Buffer.alloc(1), LONG_MS));
      await rejectsWith('closed', store.claim('bucket', ['a'], [1], LONG_MS));
      await rejectsWith('closed', store.drop('bucket'));
      await rejectsWith('closed', store.stores());
    },
  },
];

/** What every state store promises; an adapter's test runs each against a fixture of its own. */
export const stateStoreContract: readonly StateStoreBehaviour[] = [
  ...recordBehaviours,
  ...claimBehaviours,
  ...edgeBehaviours,
];
