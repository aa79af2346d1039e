/** The only file of the simulator that reads the time. */
export interface PlayerClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds for measuring durations, with fractions; a controlled clock answers 0. */
  ticks(): number;
}

export function systemClock(): PlayerClock {
  return { now: () => Date.now(), ticks: () => performance.now() };
}

/** Stands still until `set`; never goes back. */
export class ControlledClock implements PlayerClock {
  #now: number;

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  ticks(): number {
    return 0;
  }

  set(toMs: number): void {
    this.#now = Math.max(this.#now, toMs);
  }
}

/** Resolves after `ms` of real time, or when `wake` is called. */
export function nap(ms: number): { readonly done: Promise<void>; wake(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, ms));
  return {
    done: promise,
    wake() {
      clearTimeout(timer);
      resolve();
    },
  };
}

/** Runs `task` each second of real time until stopped; does not keep the process alive. */
export function eachSecond(task: () => void): () => void {
  const timer = setInterval(task, 1000);
  timer.unref();
  return () => clearInterval(timer);
}

/** The hour of the day, 0 to 24 with fractions, at `atMs` for a zone's offset. */
export function localHour(atMs: number, offsetMs: number): number {
  const dayMs = 86_400_000;
  return ((((atMs + offsetMs) % dayMs) + dayMs) % dayMs) / 3_600_000;
}

/** How far the zone is ahead of UTC at `atMs`, in ms. */
export function zoneOffsetMs(timeZone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(atMs);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(name);
  if (!match) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}
