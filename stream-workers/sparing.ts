import type { Clock } from '../engines/clock.ts';

/** Of the time, at most one part in so many goes into it. */
const SHARE = 10;
/** It may have been slow because others were: nothing is older than this. Ticks are microseconds. */
const TICKS_MOST = 3_000_000;

/** What a beat reads of everybody: anew each time while that is quick, else what was read a while ago. */
export class Sparing<T> {
  #held: { readonly value: T; readonly untilTicks: number } | null = null;

  /** `fresh`: it was read just now. */
  async get(
    { ticks }: Pick<Clock, 'ticks'>,
    read: () => Promise<T>,
  ): Promise<{ readonly value: T; readonly fresh: boolean }> {
    const began = ticks();
    if (this.#held !== null && began < this.#held.untilTicks) return { value: this.#held.value, fresh: false };
    const value = await read();
    const ended = ticks();
    this.#held = { value, untilTicks: ended + Math.min(TICKS_MOST, (SHARE - 1) * (ended - began)) };
    return { value, fresh: true };
  }
}
