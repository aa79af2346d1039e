import { confirm, emptyFrequency, lastsForLife, type Place, release, restore } from '../domain/frequency/frequency.ts';
import {
  confirmInStream,
  emptyStream,
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
  | { readonly kind: 'confirmed'; readonly place: Place; readonly appendedAt: number }
  /** `unsaid`: a place that need not be known to be released; null: it is, or does not matter. */
  | { readonly kind: 'released'; readonly reservation: string; readonly unsaid: Place | null }
  | { readonly kind: 'restored'; readonly ad: StreamAd; readonly forLife: boolean; readonly servedAt: number };

/** Changes gathered by record, so that each is read and swapped once. */
export class PlaceChanges {
  readonly #frequency = new Map<string, PlaceChange[]>();
  readonly #streams = new Map<string, PlaceChange[]>();

  add({ scope, hash }: Identity, change: PlaceChange): void {
    const isStream = scope === 'stream';
    const changes = isStream ? this.#streams : this.#frequency;
    const key = isStream ? keys.stream(hash) : keys.frequency(scope, hash);
    const known = changes.get(key);
    if (known) known.push(change);
    else changes.set(key, [change]);
  }

  /** `stores`: see `update`. Rejects as the store does. */
  async apply(store: StateStore, stores: readonly string[] | null): Promise<void> {
    const lives = new Map<string, number>();
    const swaps = new Map<string, (bytes: Buffer | null) => Buffer>();
    for (const [key, changes] of this.#frequency) {
      swaps.set(key, (bytes) => {
        const record = changes.reduce(
          changeFrequency,
          bytes ? decodeBare('frequency-record', bytes) : emptyFrequency(),
        );
        lives.set(key, lastsForLife(record) ? MONEY_KEPT_MS : BROOM_MS);
        return encodeBare('frequency-record', record);
      });
    }
    for (const [key, changes] of this.#streams) {
      swaps.set(key, (bytes) => {
        const record = changes.reduce(changeStream, bytes ? decodeBare('stream-record', bytes) : emptyStream());
        return encodeBare('stream-record', record);
      });
    }
    await update(store, swaps, (key) => lives.get(key) ?? BROOM_MS, stores);
  }
}

export function changeFrequency(record: FrequencyRecord, change: PlaceChange): FrequencyRecord {
  if (change.kind === 'released') {
    return release(change.unsaid ? restore(record, change.unsaid) : record, change.reservation);
  }
  if (change.kind === 'confirmed') return confirm(record, change.place, change.appendedAt);
  return restore(record, change.ad.place, change.forLife, change.servedAt);
}

export function changeStream(record: StreamRecord, change: PlaceChange): StreamRecord {
  if (change.kind === 'released') return releaseInStream(record, change.reservation);
  if (change.kind === 'confirmed') return confirmInStream(record, change.place, change.appendedAt);
  return restoreInStream(record, change.ad, change.servedAt);
}
