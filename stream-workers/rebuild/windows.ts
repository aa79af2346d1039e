import { emptyFrequency } from '../../domain/frequency/frequency.ts';
import { type Covered, putRight } from '../../domain/frequency/put-right.ts';
import { BROOM_MS, keys } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { AdRequest, FrequencyEntry, Identity } from '../../schemas/records.ts';
import { mayStillCount } from '../catch-up.ts';
import type { Judged } from '../first-sight.ts';
import { claimsForFrequency } from '../frequency.ts';
import { readHeads } from '../heads.ts';
import { update } from '../swap.ts';
import { type Finished, finish } from './finish.ts';
import { type Reading, type RebuildEngines, readGroup, watermarkOf } from './reading.ts';

/** 31 days and one: a view older than that is in no window, whichever watermark asks. */
const WINDOW_MS = 32 * 24 * 3_600_000;

/** Entries held in memory before they are written (some 200 B each). */
const ENTRIES_MAX = 1_000_000;

const SWAPS_AT_ONCE = 500;

export interface RebuiltWindows extends Finished {
  /** Identities that the log knows. */
  readonly records: number;
  /** Of them, records that said something else; now right, unless nothing was to be written. */
  readonly putRight: number;
  readonly confirmed: number;
  readonly outstanding: number;
  /** Views that the store had and the log has not were looked for; not where all entries do not fit into memory. */
  readonly inventedSought: boolean;
}

type Account = Map<string, Map<string, FrequencyEntry>>;

/** `entriesMax`: for tests. */
export async function rebuildWindows(engines: RebuildEngines, entriesMax = ENTRIES_MAX): Promise<RebuiltWindows> {
  const { clock, config } = engines;
  const since = clock.now();
  const account: Account = new Map();
  const stores = await engines.store.stores();
  const counts = { records: 0, putRight: 0, confirmed: 0, outstanding: 0 };
  let entries = 0;
  let flushed = false;
  let flushing = Promise.resolve();
  const note = (identity: Identity, entry: FrequencyEntry) => {
    const key = keys.frequency(identity.scope, identity.hash);
    const ofKey = account.get(key) ?? new Map<string, FrequencyEntry>();
    account.set(key, ofKey);
    if (!ofKey.has(entry.reservation)) entries++;
    const forLife = entry.for_life || (ofKey.get(entry.reservation)?.for_life ?? false);
    ofKey.set(entry.reservation, forLife ? { ...entry, for_life: true } : entry);
  };
  /** Partitions are read side by side, and one writes for all. */
  const makeRoom = async () => {
    if (entries >= entriesMax) {
      flushing = flushing.then(async () => {
        if (entries < entriesMax) return;
        flushed = true;
        const part = new Map(account);
        account.clear();
        entries = 0;
        await write(engines, part, inParts, stores, counts);
      });
    }
    await flushing;
  };
  const reading = await readGroup('frequency', engines, {
    wanted: claimsForFrequency,
    requests(partition, requests) {
      for (const request of requests) {
        // Deciders spread both topics alike: the beacons of a request come to the partition of the same number.
        for (const [identity, entry] of placesOf(request, partition)) {
          if (mayStillCount(entry.expires_at, since, config)) note(identity, entry);
        }
      }
      return makeRoom();
    },
    beacons(partition, judged) {
      for (const one of judged) {
        const entry = outcomeOf(one, partition);
        const matters = entry && (entry.at >= since - WINDOW_MS || mayStillCount(entry.expires_at, since, config));
        if (matters) for (const identity of one.beacon.identities) note(identity, entry);
      }
      return makeRoom();
    },
  });
  const covered = () => coveredBy(reading, engines, !flushed);
  await write(engines, account, covered, reading.stores, counts);
  return { ...counts, ...(await finish(engines, reading)), inventedSought: !flushed };
}

function* placesOf({ ads }: AdRequest, partition: number): Generator<[Identity, FrequencyEntry]> {
  for (const ad of ads) {
    const { reservation, campaign, creative, expires_at, capped_by, for_life } = ad;
    for (const identity of capped_by) {
      const place = { reservation, campaign, creative, partition, expires_at, for_life };
      yield [identity, { ...place, state: 'OUTSTANDING', at: 0 }];
    }
  }
}

/** What the beacon made of its place; null: nothing. */
function outcomeOf({ beacon, appendedAt, judgement }: Judged, partition: number): FrequencyEntry | null {
  if (!judgement.decisive || judgement.late) return null;
  const { reservation, campaign, creative, expires_at } = beacon;
  // Whether a lifetime cap counts it is the request's to say.
  const place = { reservation, campaign, creative, partition, expires_at, for_life: false };
  if (beacon.event === 'impression') return { ...place, state: 'CONFIRMED', at: appendedAt };
  return { ...place, state: 'RELEASED', at: 0 };
}

/** A part may be written while nobody knows yet how far the whole will go: then nothing that is there is doubted. */
const inParts = async (): Promise<Covered> => ({ until: () => 0, from: () => null, watermark: () => 0 });

/** Beside running deciders a place that is about to end may be swept before we look: it is not missed. */
const ENDING_MS = 10_000;

async function coveredBy(reading: Reading, { config, store }: RebuildEngines, whole: boolean): Promise<Covered> {
  const { beacons, believed } = reading;
  const of = (partition: number) => beacons[partition];
  const all = beacons.map((_, partition) => ({ topic: 'ad-beacons', partition }));
  const heads = believed ? await readHeads(store, 'frequency', all) : [];
  return {
    until: (partition) => of(partition)?.lastAt ?? 0,
    from: (partition) => {
      const read = of(partition);
      if (!whole || !read) return null;
      return read.oldest === 0 ? 0 : read.oldestAt;
    },
    watermark: (partition) => {
      const read = of(partition);
      const now = heads[partition] ? heads[partition].watermark + ENDING_MS : 0;
      return Math.max(now, read ? watermarkOf(read, config) : 0);
    },
  };
}

type Counts = { records: number; putRight: number; confirmed: number; outstanding: number };

async function write(
  { store, progress, write }: RebuildEngines,
  account: Account,
  coveredNow: () => Promise<Covered>,
  stores: readonly string[],
  counts: Counts,
): Promise<void> {
  const all = [...account];
  for (let from = 0; from < all.length; from += SWAPS_AT_ONCE) {
    progress.work('windows', from, all.length);
    const covered = await coveredNow();
    const changed = new Set<string>();
    const some = all.slice(from, from + SWAPS_AT_ONCE);
    const changes = some.map(([key, ofKey]): [string, (bytes: Buffer | null) => Buffer | null] => [
      key,
      (bytes) => {
        const record = bytes ? decodeBare('frequency-record', bytes) : emptyFrequency();
        const right = putRight(record, ofKey, covered);
        if (right === record) return null;
        changed.add(key);
        return write ? encodeBare('frequency-record', right) : null;
      },
    ]);
    await update(store, new Map(changes), BROOM_MS, stores);
    counts.putRight += changed.size;
    for (const [, ofKey] of some) {
      counts.records++;
      for (const { state, partition, expires_at } of ofKey.values()) {
        if (state === 'CONFIRMED') counts.confirmed++;
        if (state === 'OUTSTANDING' && covered.watermark(partition) <= expires_at) counts.outstanding++;
      }
    }
  }
}
