import { Redis } from 'ioredis';
import { Reserver, type WantedAd } from '../../decision-api/holding/reserver.ts';
import { StoreGate } from '../../decision-api/holding/store-gate.ts';
import { Watermarks } from '../../decision-api/holding/watermarks.ts';
import { createMetrics } from '../../decision-api/metrics.ts';
import { confirm, emptyFrequency } from '../../domain/frequency/frequency.ts';
import { systemClock } from '../../engines/clock.ts';
import { systemRandom } from '../../engines/random.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import type { Entry, StateStore } from '../../engines/state-store/state-store.ts';
import { encodeBare } from '../../schemas/codec.ts';
import { type Contestant, compare } from './interleave.ts';
import { atLeast, type BenchOptions, micros, type Rows, range, told } from './rows.ts';

const IDENTITIES = 256;
/** Seen by each identity, of as many campaigns. */
const SEEN = 30;
/** The row is one after the other, as one request sees it; many at once share the system's calls, which a plain GET is made of. */
const MANY = 32;
const WATERMARK = 1_000;
const partitions = 8;
const id = (kind: number, n: number) => `${kind}0000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const hashOf = (n: number) => `identity-${String(n).padStart(13, '0')}`;
const keyOf = (turn: number) => keys.frequency('user', hashOf(turn % IDENTITIES));
const cap = { scope: 'user', creativeId: null, windowSeconds: 3600, max: 3 } as const;

/**
 * A place under one identity taken in one swap, as the reserver does it with the record that was read at the beginning of the request,
 * against a plain GET of the same record on the same Redis: CPU of this process and of the server together, for one of each. The
 * record holds 30 views of as many campaigns and one place, which has run out when the next one is taken.
 */
export async function benchReserve({ say }: BenchOptions): Promise<Rows> {
  await using server = await startRedisServer();
  const clock = systemClock();
  const random = systemRandom(clock);
  const store = await openRedisStateStore({ url: server.url, random });
  const plain = new Redis(server.url);
  try {
    await putHeads(store);
    const latest = new Map<string, Entry>();
    const size = await putRecords(store, latest);
    const metrics = createMetrics();
    const gate = new StoreGate(remembering(store, latest), clock, metrics);
    const watermarks = new Watermarks(gate, partitions, async () => partitions, 1_000);
    await watermarks.refresh();
    const reserver = new Reserver(gate, clock, random, metrics, watermarks);
    const cpu = async () => cpuOf(await plain.info('cpu'));
    const getOne = async (turn: number) => void (await plain.getBuffer(keyOf(turn)));
    const reserveOne = async (turn: number) => {
      const entry = latest.get(keyOf(turn));
      if (!entry) throw new Error('every record was written');
      const identity = { scope: 'user', hash: hashOf(turn % IDENTITIES) };
      const refused = await reserver.reserve(
        [{ identity, entry, record: emptyFrequency() }],
        [wanted(turn)],
        watermarks,
      );
      if (refused.size > 0) throw new Error(`not reserved: ${[...refused.values()].join()}`);
    };
    const measure = async (atOnce: number) => {
      const get = contestant('get', atOnce, cpu, getOne);
      const reserve = contestant('reserve', atOnce, cpu, reserveOne);
      const found = await compare(get, reserve, { rounds: 11, blockMs: 250 });
      const detail = `get ${micros(found.micros.get)}, reserve ${micros(found.micros.reserve)}; ${range(found.ratios)}`;
      return { percent: 100 * found.ratio, told: detail };
    };
    say(`  records of ${size} bytes; one after the other, then ${MANY} at once`);
    const one = await measure(1);
    const many = await measure(MANY);
    return {
      reserve_over_get_percent: atLeast(one.percent, 35, 60, one.told),
      reserve_over_get_many_percent: told(many.percent, `${MANY} at once: ${many.told}`),
    };
  } finally {
    plain.disconnect();
    await store.close();
  }
}

function wanted(turn: number): WantedAd {
  const campaign = turn % SEEN;
  const place = {
    reservation: id(9, turn),
    campaignId: id(1, campaign),
    creativeId: id(2, campaign),
    partition: turn % partitions,
    expiresAt: WATERMARK - 1,
  };
  return { place, caps: [cap], campaignCaps: [cap] };
}

async function putHeads(store: StateStore): Promise<void> {
  const stores = await store.stores();
  for (const group of ['frequency', 'pacing']) {
    for (const topic of ['ad-beacons', 'ad-requests']) {
      for (let partition = 0; partition < partitions; partition++) {
        const head = { position: 1, watermark: WATERMARK, caught_up: stores };
        await put(store, keys.head(group, topic, partition), encodeBare('head-record', head));
      }
    }
  }
}

/** Answers the size of one. */
async function putRecords(store: StateStore, latest: Map<string, Entry>): Promise<number> {
  let size = 0;
  for (let n = 0; n < IDENTITIES; n++) {
    let record = emptyFrequency();
    for (let seen = 0; seen < SEEN; seen++) {
      const { place } = wanted(seen);
      record = confirm(record, { ...place, reservation: id(8, n * SEEN + seen) }, WATERMARK - seen);
    }
    const bytes = encodeBare('frequency-record', record);
    size = bytes.length;
    latest.set(keyOf(n), await put(store, keyOf(n), bytes));
  }
  return size;
}

async function put(store: StateStore, key: string, bytes: Buffer): Promise<Entry> {
  const [seen] = await store.read([key]);
  if (!seen) throw new Error('an absent entry is an entry');
  return (await store.swap(key, seen, bytes, 3_600_000)).entry;
}

/** What was written last, as the next request would read it. */
function remembering(store: StateStore, latest: Map<string, Entry>): StateStore {
  return {
    ...store,
    async swap(key, seen, bytes, life) {
      const swapped = await store.swap(key, seen, bytes, life);
      latest.set(key, swapped.entry);
      return swapped;
    },
  };
}

function contestant(
  name: string,
  atOnce: number,
  server: () => Promise<number>,
  run: (turn: number) => Promise<void>,
): Contestant {
  let turn = 0;
  return {
    name,
    async cpuMicros(times) {
      const before = await server();
      const began = process.cpuUsage();
      let left = times;
      const caller = async () => {
        while (left-- > 0) await run(turn++);
      };
      await Promise.all(Array.from({ length: atOnce }, caller));
      const { user, system } = process.cpuUsage(began);
      return user + system + (await server()) - before;
    },
  };
}

/** The server's CPU so far, all its threads, in microseconds. */
function cpuOf(info: string): number {
  const of = (name: string) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(info)?.[1] ?? 0);
  return 1_000_000 * (of('used_cpu_user') + of('used_cpu_sys'));
}
