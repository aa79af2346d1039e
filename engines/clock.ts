/** The only room that reads the time. Everything else is handed a Clock. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Whole microseconds for measuring durations; only differences mean something. A virtual clock answers 0. */
  ticks(): number;
  /** Runs `task` every `ms`, never overlapping itself. A rejection goes to `onError`, and the beat goes on. */
  every(ms: number, task: () => Promise<void> | void, onError: (error: unknown) => void): Disposable;
  /** Resolves after `ms`. In virtual mode, once the simulator has moved the clock that far. */
  sleep(ms: number): Promise<void>;
}

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    ticks: () => Math.trunc(performance.now() * 1000),
    every(ms, task, onError) {
      let stopped = false;
      let timer: NodeJS.Timeout | undefined;
      const beat = async () => {
        try {
          await task();
        } catch (error) {
          onError(error);
        }
        if (!stopped) timer = setTimeout(beat, ms);
      };
      timer = setTimeout(beat, ms);
      return {
        [Symbol.dispose]() {
          stopped = true;
          clearTimeout(timer);
        },
      };
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

interface Due {
  at: number;
  readonly order: number;
  readonly run: () => Promise<void>;
}

/** A clock that stands still until `advance`; what is due runs one at a time, by (time, order of registration). */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #due = new Set<Due>();

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  ticks(): number {
    return 0;
  }

  every(ms: number, task: () => Promise<void> | void, onError: (error: unknown) => void): Disposable {
    const entry: Due = {
      at: this.#now + ms,
      order: this.#order++,
      run: async () => {
        entry.at += ms;
        try {
          await task();
        } catch (error) {
          onError(error);
        }
      },
    };
    this.#due.add(entry);
    return { [Symbol.dispose]: () => this.#due.delete(entry) };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const entry: Due = {
        at: this.#now + ms,
        order: this.#order++,
        run: async () => {
          this.#due.delete(entry);
          resolve();
        },
      };
      this.#due.add(entry);
    });
  }

  /** Moves the clock to `toMs`, running what falls due on the way. Going back is refused. */
  async advance(toMs: number): Promise<void> {
    if (toMs < this.#now) throw new RangeError(`the clock stands at ${this.#now} and cannot go back to ${toMs}`);
    for (let next = this.#next(toMs); next; next = this.#next(toMs)) {
      this.#now = next.at;
      await next.run();
    }
    this.#now = toMs;
  }

  #next(toMs: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (due.at > toMs) continue;
      if (!first || due.at < first.at || (due.at === first.at && due.order < first.order)) first = due;
    }
    return first;
  }
}

/**
 * How far another clock, which stamped an answer, is ahead of ours (ms; negative: behind), by when it was asked for and heard. Whatever
 * lies between the two is no difference: this process may have stood still before it heard.
 */
export function skewMs({
  asked,
  stamped,
  heard,
}: {
  readonly asked: number;
  readonly stamped: number;
  readonly heard: number;
}): number {
  return stamped > heard ? stamped - heard : Math.min(0, stamped - asked);
}
