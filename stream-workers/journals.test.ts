import { expect, it } from 'vitest';
import { marksOf } from '../engines/journal/marks.ts';
import { keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encode } from '../schemas/codec.ts';
import { type Bench, id, openBench, PARTITIONS } from './fixture.ts';
import { readJournals, unsure, withMarks } from './journals.ts';
import { type Runner, startRunner } from './runner.ts';
import type { Worker, WorkerRecord } from './worker.ts';

const reader = (): Worker => ({
  name: 'fenced',
  reads: ['ad-beacons', 'ad-requests'],
  ticks: ['ad-beacons'],
  maxBatch: 100,
  beats: [],
  fence: { restored: async () => undefined },
  handle: async () => [],
});

/** The bench's store under a name that can change, as that of a server which forgot. */
function renamed(real: StateStore, realId: string) {
  const now = { id: 'before' };
  const named = <T extends { readonly store: string }>(entry: T): T => ({ ...entry, store: now.id });
  const store: StateStore = {
    ...real,
    read: async (names) => (await real.read(names)).map(named),
    async swap(key, seen, ...rest) {
      const swapped = await real.swap(key, { ...seen, store: seen.store === now.id ? realId : 'another' }, ...rest);
      return { ...swapped, entry: named(swapped.entry) };
    },
    stores: async () => [now.id],
  };
  return { store, now };
}

interface Stage extends AsyncDisposable {
  readonly bench: Bench;
  forget(id: string): void;
  say(journal: string, stores: readonly string[], closed?: boolean): Promise<void>;
  advance(ms: number): Promise<void>;
  /** The partitions of requests that are caught up with the store. */
  caughtUp(): Promise<number>;
  restart(): Promise<void>;
}

async function openStage(): Promise<Stage> {
  const bench = await openBench();
  const [realId = ''] = await bench.store.stores();
  const { store, now } = renamed(bench.store, realId);
  const start = () => startRunner(reader(), { ...bench, store });
  let runner: Runner = await start();
  const advance = (ms: number) => bench.clock.advance(bench.clock.now() + ms);
  await advance(500);
  return {
    bench,
    advance,
    forget: (next) => {
      now.id = next;
    },
    async say(journal, stores, closed = false) {
      await bench.log.append('ad-requests', marksOf({ journal, stores, closed }, PARTITIONS));
    },
    async caughtUp() {
      const all = Array.from({ length: PARTITIONS }, (_, partition) => keys.head('fenced', 'ad-requests', partition));
      const heads = await bench.store.read(all);
      return heads.filter(({ bytes }) => bytes && decodeBare('head-record', bytes).caught_up.includes(now.id)).length;
    },
    async restart() {
      await runner.close();
      runner = await start();
    },
    async [Symbol.asyncDispose]() {
      await runner.close();
      await bench[Symbol.asyncDispose]();
    },
  };
}

it('a store that forgot is not believed before every open journal says that its decisions from before are in the log', async () => {
  await using stage = await openStage();
  await stage.say(id(1), ['before']);
  await stage.say(id(2), ['before']);
  await stage.advance(2_000);
  expect(await stage.caughtUp()).toBe(PARTITIONS);
  stage.forget('after');
  await stage.advance(20_000);
  expect(await stage.caughtUp()).toBe(0);
  await stage.say(id(1), ['after']);
  await stage.restart();
  await stage.advance(10_000);
  expect(await stage.caughtUp()).toBe(0);
  await stage.say(id(2), [], true);
  await stage.advance(10_000);
  expect(await stage.caughtUp()).toBe(PARTITIONS);
});

it('a journal that is lost is waited for until every token from before has ended', async () => {
  await using stage = await openStage();
  await stage.say(id(1), ['before']);
  await stage.advance(2_000);
  stage.forget('after');
  await stage.advance(60_000);
  expect(await stage.caughtUp()).toBe(0);
  await stage.advance(20_000);
  expect(await stage.caughtUp()).toBe(PARTITIONS);
});

it('with two shards a journal is sure once it names both', () => {
  const record = (offset: number, journal: string, stores: string[], at: number): WorkerRecord => ({
    topic: 'ad-requests',
    partition: 0,
    offset,
    appendedAt: at,
    record: { name: 'journal-mark', value: { journal, stores, closed: false } },
  });
  const known = withMarks([], [record(0, id(1), ['a', 'b'], 5), record(1, id(2), ['a'], 6)]);
  expect(unsure(known, ['a', 'b']).map(({ journal }) => journal)).toEqual([id(2)]);
  const later = withMarks(known, [record(2, id(2), ['b', 'a'], 7)]);
  expect(unsure(later, ['a', 'b'])).toEqual([]);
  expect(withMarks(later, [])).toBe(later);
  // Who has not said anything for hours is lost, and its tokens have ended.
  expect(withMarks(later, [record(3, id(3), ['a'], 100_000_000)]).map(({ journal }) => journal)).toEqual([id(3)]);
});

it('the list of open journals survives its readers', async () => {
  await using stage = await openStage();
  await stage.say(id(1), ['before']);
  await stage.say(id(2), ['before']);
  await stage.say(id(1), [], true);
  await stage.bench.log.append('ad-requests', [
    { partition: 0, key: 'tick', value: encode('tick', { group: 'fenced' }) },
  ]);
  await stage.advance(1_000);
  await stage.restart();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const journals = await readJournals(stage.bench.store, 'fenced', partition);
    expect(journals.map(({ journal }) => journal)).toEqual([id(2)]);
  }
});
