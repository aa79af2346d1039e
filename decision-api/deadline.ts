import type { Clock } from '../engines/clock.ts';
import { EngineError } from '../engines/errors.ts';

/** Waits for an engine, but not longer than `ms`: then EngineError `timeout`, and what was asked may still happen. */
export async function within<T>(clock: Clock, ms: number, what: string, call: Promise<T>): Promise<T> {
  let settled = false;
  const late = clock.sleep(ms).then(async () => {
    // After a pause of this process the timer fires before answers that have long been there are heard.
    if (!settled) await clock.sleep(1);
    if (settled) return undefined as never;
    throw new EngineError('timeout', `${what} took more than ${ms} ms`);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    settled = true;
  }
}

/** Whether an error is an engine being away, slow or full, which a decision survives. Anything else is a fault of ours. */
export function isAway(error: unknown): error is EngineError {
  return error instanceof EngineError;
}
