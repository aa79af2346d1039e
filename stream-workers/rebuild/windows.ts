import type { FrequencyCap } from '../../domain/campaign.ts';
import { cameAt, forgetStreamUpTo, forgetUpTo } from '../../domain/frequency/forget.ts';
import { emptyFrequency, lastsForLife, type Place } from '../../domain/frequency/frequency.ts';
import { countedMs } from '../../domain/frequency/kept.ts';
import { type Covered, putRight, putStreamRight } from '../../domain/frequency/put-right.ts';
import { bareStreamEntry, emptyStream, streamEntry } from '../../domain/separation-stream.ts';
import type { ViewerSuppressions } from '../../engines/catalog/viewer-suppressions.ts';
import { BROOM_MS, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { FrequencyEntry } from '../../schemas/records.ts';
import { mayStillStand, takenBy } from '../catch-up.ts';
import { readErasures } from '../erased.ts';
import type { Judged } from '../first-sight.ts';
import { claimsForFrequency, placeOf, streamAd } from '../frequency.ts';
import { type Erasures, recordKey } from '../frequency-changes.ts';
import { readHeads } from '../heads.ts';
import { update } from '../swap.ts';
import { Account, type OfRecord } from './account.ts';
import { type Finished, finish } from './finish.ts';
import { type Reading, type ReadRequest, type RebuildEngines, readGroup, watermarkOf } from './reading.ts';

/** 31 days and one: a view older than that is in no window, whichever watermark asks. */
const WINDOW_MS = 32 * 24 * 3_600_000;

/** Entries held in memory before they are written (some 200 B each). */
const ENTRIES_MAX = 1_000_000;

const SWAPS_AT_ONCE = 500;

export interface RebuiltWindows extends Finished {
  /** Identities and streams that the log knows. */
  readonly records: number;
  /** Of them, records that said something else; now right, unless nothing was to be written. */
  readonly putRight: number;
  readonly confirmed: number;
  readonly outstanding: number;
  /** Viewers who asked to be forgotten: nothing that came before comes back, and their records say so again. */
  readonly erased: number;
  /** Views that the store had and the log has not were looked for; not where all entries do not fit into memory. */
  readonly inventedSought: boolean;
}

export interface WindowsEngines extends RebuildEngines {
  readonly suppressions: Pick<ViewerSuppressions, 'all'>;
  /** The caps that a campaign has now; none where it is unknown. They say for how long a view is kept. */
  readonly capsOf: (campaign: string) => readonly FrequencyCap[];
}

/**
 * Makes the records of identities and streams again from the log. Lifetime totals: what the log still holds; older views are known
 * to the store alone, and where it has lost them they are gone. `entriesMax`: for tests. Rejects with EngineError.
 */
export async function rebuildWindows(engines: WindowsEngines, entriesMax = ENTRIES_MAX): Promise<RebuiltWindows> {
  const since = engines.clock.now();
  const stores = await engines.store.stores();
  const erasures = await readErasures(engines.suppressions);
  const account = new Account(erasures);
  const counts = { records: 0, putRight: 0, confirmed: 0, outstanding: 0 };
  let flushed = false;
  let flushing = Promise.resolve();
  /** Partitions are read side by side, and one writes for all. */
  const makeRoom = async () => {
    if (account.entries >= entriesMax) {
      flushing = flushing.then(async () => {
        if (account.entries < entriesMax) return;
        flushed = true;
        await write(engines, { account: account.take(), erasures, stores }, inParts, counts);
      });
    }
    await flushing;
  };
  const reading = await readGroup('frequency', engines, {
    wanted: claimsForFrequency,
    requests(partition, requests) {
      for (const request of requests) notePlaces(account, request, partition, since, engines);
      return makeRoom();
    },
    beacons(partition, judged) {
      for (const one of judged) noteOutcome(account, one, partition, since, engines);
      return makeRoom();
    },
  });
  for (const key of erasures.keys()) account.touch(key);
  const covered = () => coveredBy(reading, engines, !flushed);
  await write(engines, { account: account.take(), erasures, stores: reading.stores }, covered, counts);
  return { ...counts, erased: erasures.size, ...(await finish(engines, reading)), inventedSought: !flushed };
}

/** Deciders spread both topics alike: the beacons of a request come to the partition of the same number. */
function notePlaces(
  account: Account,
  { request, appendedAt }: ReadRequest,
  partition: number,
  since: number,
  { config, capsOf }: WindowsEngines,
): void {
  for (const ad of takenBy(request)) {
    const place = placeOf(ad, partition);
    const caps = capsOf(ad.campaign);
    for (const identity of ad.capped_by) {
      // Whether a view counts for life is known from here alone, however old it is.
      const stream = identity.scope === 'stream';
      const forLife = ad.for_life && !stream;
      if (!forLife && !mayStillStand(identity, ad.expires_at, since, config)) continue;
      const entry = stream
        ? { stream: streamEntry(streamAd(request, ad, place)) }
        : { frequency: outstanding({ ...place, keptMs: countedMs(caps, identity.scope) }, ad.for_life) };
      account.served(recordKey(identity), entry, cameAt(appendedAt, request.received_at));
    }
  }
}

/** What the beacon made of its place. */
function noteOutcome(
  account: Account,
  { beacon, appendedAt, judgement }: Judged,
  partition: number,
  since: number,
  { config, capsOf }: WindowsEngines,
): void {
  if (!judgement.decisive || judgement.late) return;
  const place = placeOf(beacon, partition);
  const isView = beacon.event === 'impression';
  const outcome = { state: isView ? 'CONFIRMED' : 'RELEASED', at: isView ? appendedAt : 0 } as const;
  const caps = capsOf(beacon.campaign);
  for (const identity of beacon.identities) {
    const key = recordKey(identity);
    const inWindow = identity.scope !== 'stream' && outcome.at >= since - WINDOW_MS;
    const stands = mayStillStand(identity, beacon.expires_at, since, config);
    if (!inWindow && !stands && !account.knows(key, place.reservation)) continue;
    const cameAtMs = cameAt(appendedAt, beacon.received_at);
    if (identity.scope === 'stream') {
      account.decided(key, { stream: bareStreamEntry(place) }, outcome, cameAtMs);
      continue;
    }
    const kept = isView ? { expires_at: appendedAt + countedMs(caps, identity.scope) } : {};
    account.decided(key, { frequency: outstanding(place, false) }, { ...outcome, ...kept }, cameAtMs);
  }
}

function outstanding(
  { campaignId, creativeId, expiresAt, keptMs = 0, ...place }: Place,
  forLife: boolean,
): FrequencyEntry {
  const { reservation, partition } = place;
  const of = { reservation, campaign: campaignId, creative: creativeId, partition, expires_at: expiresAt };
  return { ...of, state: 'OUTSTANDING', at: keptMs, for_life: forLife };
}

/** A part may be written while nobody knows yet how far the whole will go: then nothing that is there is doubted. */
const inParts = async (): Promise<Covered> => ({ until: () => 0, from: () => null, watermark: () => 0, lowest: 0 });

/** Beside running deciders a place that is about to end may be swept before we look: it is not missed. */
const ENDING_MS = 10_000;

async function coveredBy(reading: Reading, { config, store }: RebuildEngines, whole: boolean): Promise<Covered> {
  const { beacons, believed } = reading;
  const of = (partition: number) => beacons[partition];
  const all = beacons.map((_, partition) => ({ topic: 'ad-beacons', partition }));
  const heads = believed ? await readHeads(store, 'frequency', all) : [];
  const watermark = (partition: number) => {
    const now = heads[partition] ? heads[partition].watermark + ENDING_MS : 0;
    const read = of(partition);
    return Math.max(now, read ? watermarkOf(read, config) : 0);
  };
  return {
    until: (partition) => of(partition)?.lastAt ?? 0,
    from: (partition) => {
      const read = of(partition);
      if (!whole || !read) return null;
      return read.oldest === 0 ? 0 : read.oldestAt;
    },
    watermark,
    lowest: Math.min(...beacons.keys().map(watermark)),
  };
}

type Counts = { records: number; putRight: number; confirmed: number; outstanding: number };

interface Written {
  readonly account: ReadonlyMap<string, OfRecord>;
  readonly erasures: Erasures;
  /** The only stores that may be written to. */
  readonly stores: readonly string[];
}

async function write(
  { store, progress, write }: RebuildEngines,
  { account, erasures, stores }: Written,
  coveredNow: () => Promise<Covered>,
  counts: Counts,
): Promise<void> {
  const all = [...account];
  for (let from = 0; from < all.length; from += SWAPS_AT_ONCE) {
    progress.work('windows', from, all.length);
    const covered = await coveredNow();
    const changed = new Set<string>();
    const lives = new Map<string, number>();
    const some = all.slice(from, from + SWAPS_AT_ONCE);
    const changes = some.map(([key, ofKey]): [string, (bytes: Buffer | null) => Buffer | null] => [
      key,
      (bytes) => {
        const right = rightOf(key, bytes, ofKey, erasures.get(key) ?? 0, covered);
        if (right === null) return null;
        changed.add(key);
        lives.set(key, right.lifeMs);
        return write ? right.bytes : null;
      },
    ]);
    await update(store, new Map(changes), (key) => lives.get(key) ?? BROOM_MS, stores);
    counts.putRight += changed.size;
    for (const [, ofKey] of some) {
      const entries = [...ofKey.frequency.values(), ...ofKey.stream.values()];
      if (entries.length > 0) counts.records++;
      for (const { state, partition, expires_at } of entries) {
        if (state === 'CONFIRMED') counts.confirmed++;
        if (state === 'OUTSTANDING' && covered.watermark(partition) <= expires_at) counts.outstanding++;
      }
    }
  }
}

/** Null: it is right already. */
function rightOf(
  key: string,
  bytes: Buffer | null,
  { frequency, stream }: OfRecord,
  erasedAt: number,
  covered: Covered,
): { readonly bytes: Buffer; readonly lifeMs: number } | null {
  if (key.startsWith('t:')) {
    const record = bytes ? decodeBare('stream-record', bytes) : emptyStream();
    const right = putStreamRight(forgetStreamUpTo(record, erasedAt), stream, covered);
    return right === record ? null : { bytes: encodeBare('stream-record', right), lifeMs: BROOM_MS };
  }
  const record = bytes ? decodeBare('frequency-record', bytes) : emptyFrequency();
  const right = putRight(forgetUpTo(record, erasedAt), frequency, covered);
  const lifeMs = lastsForLife(right) || erasedAt > 0 ? MONEY_KEPT_MS : BROOM_MS;
  return right === record ? null : { bytes: encodeBare('frequency-record', right), lifeMs };
}
