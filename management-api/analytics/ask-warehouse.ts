import { EngineError } from '../../engines/errors.ts';
import { Problem } from '../../engines/http/problem.ts';
import { isBadArgument, isTooMuch } from '../../engines/warehouse/report-reader.ts';
import type { ManagementParts } from '../parts.ts';
import { appliedUpTo } from './live.ts';
import type { Source } from './measures.ts';
import type { AnalyticsParts } from './parts.ts';

/** The one value of a caller's that a compiled statement hands to a function. */
export const UNKNOWN_ZONE = 'the warehouse does not know the time zone';

/** What each kind of numbers is made of. */
const topics = {
  delivery: ['ad-beacons'],
  inventory: ['ad-requests'],
  conversions: ['ad-beacons', 'conversions'],
  lift: ['ad-beacons', 'conversions', 'ad-requests'],
} as const satisfies Readonly<Record<Source, readonly string[]>> & Readonly<Record<string, readonly string[]>>;

type Numbers = keyof typeof topics;

/** The analytics of this process. Throws Problem 503 where it was started without a warehouse. */
export function analyticsOf(parts: Pick<ManagementParts, 'analytics'>): AnalyticsParts {
  if (parts.analytics) return parts.analytics;
  throw new Problem(503, 'No warehouse', 'this process was started without a warehouse', [], { data_as_of: null });
}

/** Up to when everything is in the warehouse; null where the log or the state store cannot say. */
export async function dataAsOf(numbers: Numbers, parts: ManagementParts): Promise<string | null> {
  const applied = (topic: string) => appliedUpTo('warehouse', topic, analyticsOf(parts), parts.clock.now());
  const each = await orNull(() => Promise.all(topics[numbers].map(applied)));
  const known = each?.filter((at) => at !== null) ?? [];
  return each === null || known.length < each.length ? null : textOf(Math.min(...known));
}

/** `work` needs the warehouse: 503 with data_as_of where that is away, 422 where the statement asked for too much. */
export async function withWarehouse<T>(numbers: Numbers, parts: ManagementParts, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isTooMuch(error)) {
      throw new Problem(
        422,
        'Too much at once',
        'it would take too long, too much memory or too many rows: ask for a shorter time, fewer dimensions, or as a job with async',
      );
    }
    if (isBadArgument(error)) {
      throw new Problem(422, 'Unknown to the warehouse', UNKNOWN_ZONE, [
        { pointer: '/time_zone', detail: UNKNOWN_ZONE },
      ]);
    }
    if (!(error instanceof EngineError) || !error.retryable) throw error;
    parts.logger.warn({ err: error }, 'the warehouse does not answer');
    throw new Problem(503, 'The warehouse is away', 'numbers come back with it; nothing is lost meanwhile', [], {
      data_as_of: await dataAsOf(numbers, parts),
    });
  }
}

/** Null where the engine that it needs is away. */
export async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

export function textOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
