import { judge, mayClaim, outcomeOf } from '../../domain/first-sight.ts';
import type { AdBeacon } from '../../schemas/records.ts';
import { type Judged, lastExpiry } from '../first-sight.ts';
import type { WorkerRecord } from '../worker.ts';

/** The lowest offset of each id, by decision minute: what a claim bucket of the state store holds. */
export type Bucket = ReadonlyMap<string, number>;

/**
 * First sight in a namespace of its own: the claims of running workers are neither asked nor touched. One partition's
 * records come in order, so the first that claims an id is the lowest. Holds the minutes whose tokens may still come.
 */
export class OwnClaims {
  readonly #minutes = new Map<number, Map<string, number>>();
  readonly #lifeMs: number;
  #oldest = Number.POSITIVE_INFINITY;

  /** `lifeMs`: no token out there lives longer. */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** Judges the beacons that `wanted` picks, as a worker does. */
  judge(records: readonly WorkerRecord[], wanted: (beacon: AdBeacon) => boolean): readonly Judged[] {
    return records.flatMap(({ offset, appendedAt, record }): readonly Judged[] => {
      if (record.name !== 'ad-beacon' || !wanted(record.value)) return [];
      const beacon = record.value;
      const claims = mayClaim(beacon, appendedAt);
      const holders = claims ? this.#claim(beacon.minute, outcomeOf(beacon), offset) : [offset];
      this.#forget(appendedAt);
      return [{ offset, appendedAt, beacon, judgement: judge(beacon, appendedAt, offset, holders) }];
    });
  }

  /** The buckets of minutes whose last token has not ended at `watermark` (epoch ms). */
  open(watermark: number): ReadonlyMap<number, Bucket> {
    return new Map([...this.#minutes].filter(([minute]) => lastExpiry(minute, this.#lifeMs) >= watermark));
  }

  #claim(minute: number, ids: readonly string[], offset: number): readonly number[] {
    let bucket = this.#minutes.get(minute);
    if (!bucket) {
      bucket = new Map();
      this.#minutes.set(minute, bucket);
      this.#oldest = Math.min(this.#oldest, minute);
    }
    const held: number[] = [];
    for (const id of ids) {
      const known = bucket.get(id) ?? offset;
      bucket.set(id, known);
      held.push(known);
    }
    return held;
  }

  #forget(appendedAt: number): void {
    if (lastExpiry(this.#oldest, this.#lifeMs) >= appendedAt) return;
    for (const minute of this.#minutes.keys()) {
      if (lastExpiry(minute, this.#lifeMs) < appendedAt) this.#minutes.delete(minute);
    }
    this.#oldest = Math.min(Number.POSITIVE_INFINITY, ...this.#minutes.keys());
  }
}
