import type { Clock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';

/** A call that is waited for. */
interface Awaited {
  readonly what: string;
  /** Null once it is settled. */
  reject: ((error: EngineError) => void) | null;
}

/** Calls that began together, by how long they are waited for. */
type Begun = Map<number, Awaited[]>;

const begunBy = new WeakMap<Clock, Begun>();
/** What begins within this part of the time has one timer: a timer for each call would be much of what a quick call costs. */
const SHARES = 50;

/**
 * Waits for an engine, but not longer than `ms` and a fiftieth of it: then EngineError `timeout`, and what was asked may still
 * happen.
 */
export function within<T>(clock: Clock, ms: number, what: string, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const awaited: Awaited = { what, reject };
    const settle = (told: () => void) => {
      if (awaited.reject !== null) told();
      awaited.reject = null;
    };
    begin(clock, ms, awaited);
    call.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/**
 * Waits for a call that takes its time, as long as it tells of progress at least every `ms`: then it may be silent for twice as long.
 * Once it is not waited for any more, its next word throws, so that it ends.
 */
export async function whileMoving<T>(
  clock: Clock,
  ms: number,
  what: string,
  call: (moved: () => void) => Promise<T>,
): Promise<T> {
  let moves = 0;
  let given: unknown = null;
  const called = call(() => {
    if (given !== null) throw given;
    moves++;
  });
  for (;;) {
    const before = moves;
    try {
      return await within(clock, ms, what, called);
    } catch (error) {
      if (moves !== before) continue;
      given = error;
      throw error;
    }
  }
}

function begin(clock: Clock, ms: number, awaited: Awaited): void {
  let begun = begunBy.get(clock);
  if (begun === undefined) {
    begun = new Map();
    begunBy.set(clock, begun);
  }
  const together = begun.get(ms);
  if (together === undefined) {
    const calls = [awaited];
    begun.set(ms, calls);
    void closeAndJudge(clock, ms, begun, calls);
  } else together.push(awaited);
}

async function closeAndJudge(clock: Clock, ms: number, begun: Begun, calls: readonly Awaited[]): Promise<void> {
  await clock.sleep(ms / SHARES);
  begun.delete(ms);
  await clock.sleep(ms);
  if (calls.every(({ reject }) => reject === null)) return;
  // After a pause of this process the timer fires before answers that have long been there are heard.
  await clock.sleep(1);
  for (const { what, reject } of calls) reject?.(new EngineError('timeout', `${what} took more than ${ms} ms`));
}
/** Whether an error is an engine being away, slow or full, which a decision survives. Anything else is a fault of ours. */
export function isAway(error: unknown): error is EngineError {
  return error instanceof EngineError;
}
