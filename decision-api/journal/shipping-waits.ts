import type { Clock } from '../../engines/clock.ts';
import { limits } from '../limits.ts';

interface Wait {
  readonly number: number;
  readonly done: () => void;
}

/** Those who wait, for a while, until the log has what they put into a journal. */
export class ShippingWaits {
  readonly #clock: Clock;
  #journal: object | null = null;
  readonly #shipped = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Wait>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves once the log has the record, after 250 ms, or when nobody is to wait any longer. */
  async until(journal: object, topic: string, number: number): Promise<void> {
    if (this.#journal === journal && (this.#shipped.get(topic) ?? -1) >= number) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(topic) ?? new Set();
    this.#waiting.set(topic, waiting);
    const wait = { number, done: resolve };
    waiting.add(wait);
    using _limit = this.#clock.every(limits.beaconWaitMs, resolve, () => resolve());
    await promise;
    waiting.delete(wait);
  }

  /** The log has this record of the topic and all before it. */
  done(journal: object, topic: string, number: number): void {
    if (this.#journal !== journal) this.#shipped.clear();
    this.#journal = journal;
    this.#shipped.set(topic, number);
    for (const wait of this.#waiting.get(topic) ?? []) if (wait.number <= number) wait.done();
  }

  release(): void {
    for (const waiting of this.#waiting.values()) for (const wait of waiting) wait.done();
  }
}
