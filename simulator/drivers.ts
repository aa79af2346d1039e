import { type ControlledClock, nap, type PlayerClock } from './clock.ts';
import type { Crowd } from './crowd.ts';
import type { HttpPlayer } from './http-player.ts';

const IN_FLIGHT_MAX = 64;
const CONTROL_TIMEOUT_MS = 600_000;
const SETTLE_STEP_MS = 250;
const SETTLE_AFTER_MS = 15_000;
const MINUTE_MS = 60_000;

/** Real time: each call when it is due, at most 64 at once; a call that finds no place slips. Ends when nothing is left. */
export async function driveInRealTime(crowd: Crowd, clock: PlayerClock, stop: AbortSignal): Promise<void> {
  let inFlight = 0;
  let failure: unknown = null;
  let rest = nap(0);
  const wakeUp = () => rest.wake();
  stop.addEventListener('abort', wakeUp);
  while (!failure) {
    let nextAt = stop.aborted ? null : crowd.queue.nextAt();
    while (nextAt !== null && nextAt <= clock.now() && inFlight < IN_FLIGHT_MAX) {
      const due = crowd.queue.pop();
      if (!due) break;
      inFlight++;
      crowd
        .perform(due.at, due.item)
        .catch((error: unknown) => {
          failure = error;
        })
        .finally(() => {
          inFlight--;
          rest.wake();
        });
      nextAt = crowd.queue.nextAt();
    }
    if (inFlight === 0 && nextAt === null) break;
    // Aborted or full: only an answer can change anything, and it wakes us.
    const waitMs = nextAt === null || inFlight >= IN_FLIGHT_MAX ? 1000 : Math.min(1000, nextAt - clock.now());
    rest = nap(waitMs);
    await rest.done;
  }
  stop.removeEventListener('abort', wakeUp);
  if (failure) throw failure;
}

/** The host's clock, moved by us alone. */
export class ControlledTime {
  readonly #player: HttpPlayer;
  readonly #url: string;

  constructor(player: HttpPlayer, controlUrl: string) {
    this.#player = player;
    this.#url = `${controlUrl}/clock`;
  }

  async read(): Promise<number> {
    const text = await this.#ask('GET', null);
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null && 'now' in read && typeof read.now === 'number') return read.now;
    throw new Error(`${this.#url} answered no {"now":ms}: ${text}`);
  }

  /** Resolves when everything due up to `toMs` has run. */
  async move(toMs: number): Promise<void> {
    await this.#ask('POST', Buffer.from(JSON.stringify({ now: toMs })));
  }

  async #ask(method: 'GET' | 'POST', payload: Buffer | null): Promise<string> {
    const call = { method, url: this.#url, userAgent: 'breakwater-simulator', payload };
    const answer = await this.#player.send(call, CONTROL_TIMEOUT_MS);
    if (answer.status === 200) return answer.text;
    throw new Error(`${method} ${this.#url}: ${answer.error ?? `${answer.status} ${answer.text}`}`);
  }
}

/** Lock-step: one event at a time by (time, sequence); the host's clock first, then the call, awaited. */
export async function driveInLockStep(
  crowd: Crowd,
  clock: ControlledClock,
  time: ControlledTime,
  tokenLifeMs: number,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const due = crowd.queue.pop();
    if (!due) break;
    clock.set(due.at);
    await time.move(clock.now());
    await crowd.perform(due.at, due.item);
  }
  const lastMinuteEnd = (Math.floor(Math.max(crowd.lastDecisionMs, clock.now()) / MINUTE_MS) + 1) * MINUTE_MS;
  const settledAt = lastMinuteEnd + tokenLifeMs + SETTLE_AFTER_MS;
  while (!stop.aborted && clock.now() < settledAt) {
    clock.set(Math.min(settledAt, clock.now() + SETTLE_STEP_MS));
    await time.move(clock.now());
  }
}
