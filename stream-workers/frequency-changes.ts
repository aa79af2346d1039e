import { forgetStreamUpTo, forgetUpTo } from '../domain/frequency/forget.ts';
import {
  confirm,
  emptyFrequency,
  isInTotal,
  lastsForLife,
  type Place,
  release,
  restore,
} from '../domain/frequency/frequency.ts';
import {
  confirmInStream,
  emptyStream,
  knowInStream,
  releaseInStream,
  restoreInStream,
  type StreamAd,
} from '../domain/separation-stream.ts';
import { BROOM_MS, keys, MONEY_KEPT_MS } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { FrequencyRecord, Identity, StreamRecord } from '../schemas/records.ts';
import { update } from './swap.ts';

/** What happened to a place: the same for the record of an identity and for that of a stream. */
export type PlaceChange =
  | {
      readonly kind: 'confirmed';
      readonly place: Place;
      readonly appendedAt: number;
      /** When its beacon came, see `cameAt`. */
      readonly seenAt: number;
      readonly forLife: boolean;
      /** A store is caught up, and the view is so old that a record which the store still has may count it in a total. */
      readonly mayBeInTotal: boolean;
    }
  /** `unsaid`: a place that need not be known to be released; null: it is, or does not matter. */
  | {
      readonly kind: 'released';
      readonly reservation: string;
      readonly unsaid: Place | null;
      readonly seenAt: number;
    }
  | { readonly kind: 'restored'; readonly ad: StreamAd; readonly forLife: boolean; readonly servedAt: number };

/** When viewers were erased, epoch ms, by the key of their record. */
export type Erasures = ReadonlyMap<string, number>;

/** The record of an identity. */
export function recordKey({ scope, hash }: Identity): string {
  return scope === 'stream' ? keys.stream(hash) : keys.frequency(scope, hash);
}

/** Changes gathered by record, so that each is read and swapped once. */
export class PlaceChanges {
  readonly #frequency = new Map<string, PlaceChange[]>();
  readonly #streams = new Map<string, PlaceChange[]>();

  add(identity: Identity, change: PlaceChange): void {
    this.#of(identity).push(change);
  }

  /** The record is to know when its viewer was erased, whatever else becomes of it: see `apply`. */
  touch(identity: Identity): void {
    this.#of(identity);
  }

  /**
   * `stores`: see `update`. `erased`: what a store that forgot has to be told again; nothing that came before comes back. Rejects as
   * the store does.
   */
  async apply(store: StateStore, stores: readonly string[] | null, erased: Erasures | null = null): Promise<void> {
    const erasedAt = (key: string) => erased?.get(key) ?? 0;
    const lives = new Map<string, number>();
    const swaps = new Map<string, (bytes: Buffer | null) => Buffer | null>();
    for (const [key, changes] of this.#frequency) {
      swaps.set(key, (bytes) => {
        const known = bytes ? decodeBare('frequency-record', bytes) : emptyFrequency();
        const told = forgetUpTo(known, erasedAt(key));
        if (changes.length === 0 && told === known) return null;
        const record = changes.reduce(changeFrequency, told);
        lives.set(key, lastsForLife(record) || erasedAt(key) > 0 ? MONEY_KEPT_MS : BROOM_MS);
        return encodeBare('frequency-record', record);
      });
    }
    for (const [key, changes] of this.#streams) {
      swaps.set(key, (bytes) => {
        const known = bytes ? decodeBare('stream-record', bytes) : emptyStream();
        const told = forgetStreamUpTo(known, erasedAt(key));
        if (changes.length === 0 && told === known) return null;
        const record = changes.reduce(changeStream, told);
        return encodeBare('stream-record', record);
      });
    }
    await update(store, swaps, (key) => lives.get(key) ?? BROOM_MS, stores);
  }

  #of(identity: Identity): PlaceChange[] {
    const all = identity.scope === 'stream' ? this.#streams : this.#frequency;
    const key = recordKey(identity);
    const changes = all.get(key) ?? [];
    all.set(key, changes);
    return changes;
  }
}

export function changeFrequency(record: FrequencyRecord, change: PlaceChange): FrequencyRecord {
  if (change.kind === 'released') {
    const { unsaid, reservation, seenAt } = change;
    return release(unsaid && seenAt > record.erased_at ? restore(record, unsaid) : record, reservation);
  }
  if (change.kind === 'confirmed') {
    if (change.mayBeInTotal && isInTotal(record, change.place, change.appendedAt)) return record;
    return confirm(record, change.place, change.appendedAt, change.forLife, change.seenAt);
  }
  return restore(record, change.ad.place, change.forLife, change.servedAt);
}

export function changeStream(record: StreamRecord, change: PlaceChange): StreamRecord {
  if (change.kind === 'released') {
    const { unsaid, reservation, seenAt } = change;
    return releaseInStream(unsaid && seenAt > record.erased_at ? knowInStream(record, unsaid) : record, reservation);
  }
  if (change.kind === 'confirmed') return confirmInStream(record, change.place, change.appendedAt, change.seenAt);
  return restoreInStream(record, change.ad, change.servedAt);
}
