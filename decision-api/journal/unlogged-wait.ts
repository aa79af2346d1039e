import type { Clock } from '../../engines/clock.ts';
import type { Random } from '../../engines/random.ts';

/**
 * How long the log took for the newest beacons, so that what is not written down takes as long to answer: else a stopwatch would
 * tell which tracking URLs are genuine.
 */
export class UnloggedWait {
  readonly #clock: Clock;
  readonly #random: Pick<Random, 'unit'>;
  readonly #waited: number[] = [];
  #next = 0;
  #failed = false;

  constructor(clock: Clock, random: Pick<Random, 'unit'>) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The last append failed: whoever sends anything is told to send it again. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Notes an append that took from `began` (ticks) until now. */
  note(began: number, ok: boolean): void {
    this.#failed = !ok;
    this.#waited[this.#next] = this.#clock.ticks() - began;
    this.#next = (this.#next + 1) % remembered;
  }

  /** As long as one of them, whichever. A virtual clock measures nothing and waits for nothing. */
  async wait(): Promise<void> {
    const micros = this.#waited[Math.floor(this.#random.unit() * this.#waited.length)] ?? 0;
    if (micros > 0) await this.#clock.sleep(micros / 1_000);
  }
}

const remembered = 64;
