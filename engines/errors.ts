/** Every way an engine can fail, and whether trying again can help. */
const codes = {
  unavailable: { retryable: true, means: 'the engine does not answer' },
  timeout: { retryable: true, means: 'the engine did not answer in time' },
  conflict: { retryable: true, means: 'somebody else changed it first' },
  full: { retryable: true, means: 'no room left' },
  lease_lost: { retryable: false, means: 'it belongs to somebody else now' },
  store_lost_writes: { retryable: false, means: 'the store is behind what was written to it' },
  closed: { retryable: false, means: 'the engine was closed' },
  too_large: { retryable: false, means: 'it is larger than what is taken' },
  refused: { retryable: false, means: 'the engine refused what was asked' },
  misconfigured: { retryable: false, means: 'a setting is wrong' },
} as const;

export type EngineErrorCode = keyof typeof codes;
export const engineErrorCodes = Object.keys(codes) as readonly EngineErrorCode[];

/** The only error that an engine throws on purpose. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  readonly retryable: boolean;

  constructor(code: EngineErrorCode, detail: string, cause?: unknown) {
    super(`${detail} (${codes[code].means})`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = codes[code].retryable;
  }
}
