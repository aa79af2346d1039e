import type { ServedAd } from '../schemas/records.ts';

/** An answer is kept for an hour; a little more for what was under way. */
const REPEATED_FOR_MINUTES = 70;

/**
 * The places of one partition of requests, in the order of the log. A request that is repeated gets its answer again and stands in
 * the log once more: its places are the same.
 */
export class FirstOfEach {
  /** minute -> reservation -> offset */
  readonly #minutes = new Map<number, Map<string, number>>();

  /** Whether the place was met at no other offset before: a batch that comes again is told the same. */
  isFirst(offset: number, { minute, reservation }: Pick<ServedAd, 'minute' | 'reservation'>): boolean {
    const known = this.#minutes.get(minute) ?? this.#begin(minute);
    const first = known.get(reservation) ?? offset;
    known.set(reservation, first);
    return first === offset;
  }

  #begin(minute: number): Map<string, number> {
    const fresh = new Map<string, number>();
    this.#minutes.set(minute, fresh);
    for (const old of this.#minutes.keys()) if (old < minute - REPEATED_FOR_MINUTES) this.#minutes.delete(old);
    return fresh;
  }
}
