/** One wrong place in a body: a JSON pointer (RFC 6901) and what is expected there. */
export interface Wrong {
  /** Of a body of lines, from 1. */
  readonly line?: number;
  readonly pointer: string;
  readonly detail: string;
}

/** An answer that says what is wrong with the request (RFC 9457). Thrown by routes, written by the error handler. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly title: string;
  readonly errors: readonly Wrong[];
  /** Members of the answer beyond the standard's. */
  readonly more: Readonly<Record<string, unknown>>;
  /** Of the answer, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    title: string,
    detail: string,
    errors: readonly Wrong[] = [],
    more: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = errors;
    this.more = more;
    this.headers = headers;
  }

  toJSON(): object {
    return {
      type: 'about:blank',
      title: this.title,
      status: this.status,
      detail: this.message,
      ...(this.errors.length > 0 ? { errors: this.errors } : {}),
      ...this.more,
    };
  }
}
