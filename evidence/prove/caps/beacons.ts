import type { Clock } from '../../../engines/clock.ts';
import type { EventLog } from '../../../engines/event-log/event-log.ts';
import { encode } from '../../../schemas/codec.ts';
import type { AdBeacon } from '../../../schemas/records.ts';
import { seeded } from '../../bench/catalog.ts';
import { tokenLifeMs } from './plan.ts';

const GATHER_MS = 20;

/** What viewers report of the ads they were given: mostly in time, some late, some twice, some not at all. */
export class Beacons {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #draw: (n: number) => number;
  #waiting: { partition: number; key: string; value: Buffer }[] = [];
  #toCome = 0;

  constructor(log: EventLog, clock: Clock, seed: number) {
    this.#log = log;
    this.#clock = clock;
    this.#draw = seeded(seed + 7);
    clock.every(
      GATHER_MS,
      () => this.#flush(),
      (error) => process.emitWarning(error as Error),
    );
  }

  /** Decides what becomes of one served ad. */
  watch(partition: number, facts: Omit<AdBeacon, 'event' | 'received_at'>): void {
    const fate = this.#draw(100);
    const inTime = this.#draw(tokenLifeMs - 400);
    if (fate < 70) this.#send(partition, facts, 'impression', inTime);
    // Around the last moment: some of these are late by a millisecond, some are not.
    else if (fate < 82) this.#send(partition, facts, 'impression', tokenLifeMs - 100 + this.#draw(200));
    else if (fate < 92) this.#send(partition, facts, fate < 87 ? 'notUsed' : 'error', inTime);
    // The rest is never heard of.
    if (fate % 9 === 0) this.#send(partition, facts, 'impression', this.#draw(2 * tokenLifeMs));
  }

  /** Waits until everything has been sent. */
  async drain(): Promise<void> {
    while (this.#toCome > 0 || this.#waiting.length > 0) await this.#clock.sleep(GATHER_MS);
    await this.#clock.sleep(5 * GATHER_MS);
  }

  #send(partition: number, facts: Omit<AdBeacon, 'event' | 'received_at'>, event: string, afterMs: number): void {
    this.#toCome++;
    void this.#clock.sleep(afterMs).then(() => {
      this.#toCome--;
      const value = encode('ad-beacon', { ...facts, event, received_at: this.#clock.now() });
      this.#waiting.push({ partition, key: facts.viewer, value });
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0) await this.#log.append('ad-beacons', batch);
  }
}
