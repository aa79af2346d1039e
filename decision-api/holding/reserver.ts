import type { FrequencyCap } from '../../domain/campaign.ts';
import {
  countInWindow,
  emptyFrequency,
  lastsForLife,
  type Marks,
  type Place,
  release,
  reserve,
  type Wanted,
} from '../../domain/frequency/frequency.ts';
import type { ScopedIdentity } from '../../domain/request.ts';
import type { Clock } from '../../engines/clock.ts';
import type { Random } from '../../engines/random.ts';
import { BROOM_MS, keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import type { Entry } from '../../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { FrequencyRecord, StreamRecord } from '../../schemas/records.ts';
import { isAway } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { HotKeys, readable, type Seen } from './hot-keys.ts';
import { type StoreGate, type StoreRefusal, storeRefusal } from './store-gate.ts';
import type { Watermarks } from './watermarks.ts';

/** One identity's record as read at the beginning of a request. */
export interface SeenIdentity extends Seen<FrequencyRecord> {
  readonly identity: ScopedIdentity;
}

/** What an ad needs: a place under each identity in whose scope it is capped. */
export interface WantedAd {
  readonly place: Place;
  /** The caps that the ad has to keep. */
  readonly caps: readonly FrequencyCap[];
  /** Those of its whole campaign. */
  readonly campaignCaps: readonly FrequencyCap[];
}

export type PlaceRefusal = 'cap_reached' | StoreRefusal;

type Refused = readonly [reservation: string, reason: PlaceRefusal];

/** The caps that an ad of this creative has to keep. */
export function capsOf(caps: readonly FrequencyCap[], creativeId: string): readonly FrequencyCap[] {
  return caps.filter((cap) => cap.creativeId === null || cap.creativeId === creativeId);
}

/** Places under identities, taken and released by swaps; waiting changes of one identity go together. */
export class Reserver {
  readonly #gate: StoreGate;
  readonly #records: HotKeys<FrequencyRecord>;
  readonly #metrics: Metrics;

  constructor(gate: StoreGate, clock: Clock, random: Random, metrics: Metrics, watermarks: Watermarks) {
    this.#gate = gate;
    this.#metrics = metrics;
    this.#records = new HotKeys<FrequencyRecord>(gate, clock, random, metrics, {
      what: 'frequency',
      decode: decodeRecord,
      encode: (record) => encodeBare('frequency-record', record),
      expiresInMs: (record) => (lastsForLife(record) ? MONEY_KEPT_MS : BROOM_MS),
      tries: limits.swapTries,
      trusts: (store) => watermarks.trusts(store),
    });
  }

  /** Reads the identities' records and some more keys in one round. Rejects with EngineError. */
  async look(
    identities: readonly ScopedIdentity[],
    others: readonly string[],
  ): Promise<{ readonly seen: readonly SeenIdentity[]; readonly others: readonly Entry[] }> {
    const wanted = [...identities.map(({ scope, hash }) => keys.frequency(scope, hash)), ...others];
    if (wanted.length === 0) return { seen: [], others: [] };
    const entries = await this.#gate.read(wanted);
    const seen = identities.map((identity, index) => {
      const entry = entries[index] as Entry;
      return { identity, entry, record: decodeRecord(entry.bytes) };
    });
    return { seen, others: entries.slice(identities.length) };
  }

  /** Takes the ads' places, one swap per identity, in parallel. An ad that one identity refuses gives its other places up. */
  async reserve(
    seen: readonly SeenIdentity[],
    ads: readonly WantedAd[],
    marks: Marks,
  ): Promise<ReadonlyMap<string, PlaceRefusal>> {
    const refused = new Map<string, PlaceRefusal>();
    const asked: Promise<readonly Refused[]>[] = [];
    for (const identity of seen) {
      const wanted = wantedOf(identity, ads);
      if (wanted.length > 0) asked.push(this.#reserveAt(identity, wanted, marks));
    }
    for (const each of await Promise.all(asked)) {
      for (const [reservation, reason] of each) refused.set(reservation, reason);
    }
    if (refused.size === 0) return refused;
    const lost = ads.filter((ad) => refused.has(ad.place.reservation));
    await this.release(seen, lost);
    return refused;
  }

  /** Gives places up. What cannot be released now runs out with its token. */
  async release(seen: readonly SeenIdentity[], ads: readonly WantedAd[]): Promise<void> {
    if (ads.length === 0) return;
    await Promise.all(
      seen.map(async (identity) => {
        const reservations = wantedOf(identity, ads).map(({ place }) => place.reservation);
        if (reservations.length === 0) return;
        const { scope, hash } = identity.identity;
        try {
          await this.#records.change(keys.frequency(scope, hash), null, (record) => ({
            record: releaseAll(record, reservations),
            answer: null,
          }));
        } catch (error) {
          if (!isAway(error)) throw error;
          this.#metrics.engineFailures.inc({ engine: 'release', code: error.code });
        }
      }),
    );
  }

  async #reserveAt(seen: SeenIdentity, wanted: readonly Wanted[], marks: Marks): Promise<readonly Refused[]> {
    const { scope, hash } = seen.identity;
    try {
      const refused = await this.#records.change(keys.frequency(scope, hash), seen, (record) => {
        const result = reserve(record, wanted, marks);
        const unchanged = result.refused.length === wanted.length;
        return { record: unchanged ? record : result.record, answer: result.refused };
      });
      return refused.map(({ reservation }) => [reservation, 'cap_reached'] as const);
    } catch (error) {
      if (!isAway(error)) throw error;
      const reason = storeRefusal(error);
      return wanted.map(({ place }) => [place.reservation, reason] as const);
    }
  }
}

/** What was read at the beginning of a request. Null: the state store is away, or there is no stream. */
export interface ReadBefore {
  readonly partition: number;
  readonly seen: readonly SeenIdentity[] | null;
  readonly stream: { readonly record: StreamRecord } | null;
}

/**
 * How much of a cap is used, by what was read at the beginning. Null: the request has nothing of that scope. A pod begins empty: its
 * cap is the solver's.
 */
export function usedOf(
  cap: FrequencyCap,
  campaignId: string,
  { partition, seen, stream }: ReadBefore,
  marks: Marks,
): number | null {
  if (cap.scope === 'pod') return 0;
  const found = cap.scope === 'stream' ? stream : seenIn(cap.scope, seen ?? []);
  return found ? countInWindow(found.record, cap, campaignId, partition, marks) : null;
}

function seenIn(scope: FrequencyCap['scope'], seen: readonly SeenIdentity[]): SeenIdentity | null {
  for (const each of seen) if (each.identity.scope === scope) return each;
  return null;
}

/** The identities under which an ad's place is reserved. */
export function cappedBy(seen: readonly SeenIdentity[], caps: readonly FrequencyCap[]): readonly ScopedIdentity[] {
  return seen.filter(({ identity }) => caps.some((cap) => cap.scope === identity.scope)).map((each) => each.identity);
}

function wantedOf({ identity }: SeenIdentity, ads: readonly WantedAd[]): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const here = (cap: FrequencyCap) => cap.scope === identity.scope;
  for (const { place, caps, campaignCaps } of ads) {
    if (caps.some(here)) wanted.push({ place, caps: campaignCaps.filter(here) });
  }
  return wanted;
}

function releaseAll(record: FrequencyRecord, reservations: readonly string[]): FrequencyRecord {
  const held = record.entries.some((each) => each.state === 'OUTSTANDING' && reservations.includes(each.reservation));
  return held ? reservations.reduce(release, record) : record;
}

function decodeRecord(bytes: Buffer | null): FrequencyRecord {
  return bytes ? readable('frequency', () => decodeBare('frequency-record', bytes)) : emptyFrequency();
}
