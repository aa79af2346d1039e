import type { Clock } from '../clock.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';

/** What the broker's error types mean here; what is not listed is `unavailable`. */
const meanings: Readonly<Record<string, EngineErrorCode>> = {
  REQUEST_TIMED_OUT: 'timeout',
  MESSAGE_TOO_LARGE: 'refused',
  RECORD_LIST_TOO_LARGE: 'refused',
  INVALID_RECORD: 'refused',
  INVALID_TIMESTAMP: 'refused',
  UNKNOWN_TOPIC_OR_PARTITION: 'misconfigured',
  INVALID_TOPIC_EXCEPTION: 'misconfigured',
  INVALID_CONFIG: 'misconfigured',
  INVALID_PARTITIONS: 'misconfigured',
  INVALID_REPLICATION_FACTOR: 'misconfigured',
  INVALID_SESSION_TIMEOUT: 'misconfigured',
  INCONSISTENT_GROUP_PROTOCOL: 'misconfigured',
  TOPIC_AUTHORIZATION_FAILED: 'misconfigured',
  GROUP_AUTHORIZATION_FAILED: 'misconfigured',
  CLUSTER_AUTHORIZATION_FAILED: 'misconfigured',
  UNSUPPORTED_SASL_MECHANISM: 'misconfigured',
  SASL_AUTHENTICATION_FAILED: 'misconfigured',
  POLICY_VIOLATION: 'misconfigured',
};

interface Told {
  readonly name?: string;
  readonly type?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly originalError?: unknown;
}

/** What went wrong at the root: kafkajs wraps errors in others when it gives up. */
function chain(error: unknown): Told[] {
  const told: Told[] = [];
  let next: unknown = error;
  while (typeof next === 'object' && next !== null && told.length < 8) {
    const one = next as Told;
    told.push(one);
    next = one.cause ?? one.originalError;
  }
  return told;
}

/** The broker's error type, such as REBALANCE_IN_PROGRESS, wherever it is in the chain of causes. */
export function kafkaErrorType(error: unknown): string | undefined {
  return chain(error).find(({ type }) => type !== undefined)?.type;
}

/** Any error of kafkajs as ours. `doing` says what was tried. */
export function asEngineError(error: unknown, doing: string): EngineError {
  if (error instanceof EngineError) return error;
  const told = chain(error);
  const type = kafkaErrorType(error);
  const names = told.map(({ name }) => name);
  const detail = `${doing}: ${told.at(-1)?.message ?? String(error)}`;
  const meaning = type === undefined ? undefined : meanings[type];
  if (meaning) return new EngineError(meaning, detail, error);
  if (names.includes('KafkaJSSASLAuthenticationError')) return new EngineError('misconfigured', detail, error);
  if (names.includes('KafkaJSRequestTimeoutError')) return new EngineError('timeout', detail, error);
  return new EngineError('unavailable', detail, error);
}

/** What `work` answers, as an EngineError if it fails, and `timeout` if it has not within `ms`. It may go on then. */
export async function within<T>(clock: Clock, ms: number, doing: string, work: Promise<T>): Promise<T> {
  let limit: Disposable | undefined;
  const late = new Promise<never>((_, reject) => {
    const over = () => reject(new EngineError('timeout', `${doing}: no answer within ${ms} ms`));
    limit = clock.every(ms, over, over);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw asEngineError(error, doing);
  } finally {
    limit?.[Symbol.dispose]();
  }
}
