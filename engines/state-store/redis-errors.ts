import { EngineError, type EngineErrorCode } from '../errors.ts';

/** How Redis and ioredis begin what they complain of, and what it means to us. First match wins. */
const meanings: readonly (readonly [RegExp, EngineErrorCode])[] = [
  [/^(OOM|MISCONF)\b/, 'full'],
  [/^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH)\b/, 'misconfigured'],
  [/^(ERR DB index|ERR invalid DB|ERR SELECT is not allowed|ERR This instance has cluster support)/, 'misconfigured'],
  [/Command timed out|ETIMEDOUT|^BUSY\b/, 'timeout'],
  [/^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MOVED|ASK|UNKILLABLE)\b/, 'unavailable'],
  [/closed|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|writeable|max retries|Cluster|slots|ended/i, 'unavailable'],
  [/hang up|disconnected before|max number of clients/i, 'unavailable'],
];

/** What went wrong, as an EngineError; `closed` once the store was closed. Unknown answers are `refused`. */
export function redisError(cause: unknown, closed: boolean): EngineError {
  if (cause instanceof EngineError) return cause;
  if (closed) return new EngineError('closed', 'the state store was closed', cause);
  const text = textOf(cause);
  const [, code] = meanings.find(([pattern]) => pattern.test(text)) ?? [null, 'refused' as const];
  return new EngineError(code, `redis: ${text}`, cause);
}

/** What Node says of a name with several addresses is empty: why each of them did not answer stands inside. */
function textOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors.map(textOf).join('; ');
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  if (cause.name === 'MaxRetriesPerRequestError') return `max retries: ${cause.message}`;
  return code === undefined || cause.message.includes(code) ? cause.message : `${cause.message} (${code})`;
}
