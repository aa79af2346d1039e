import type { Operations } from './operations.ts';

export type { Operations } from './operations.ts';

export type OperationName = keyof Operations;

interface Sent {
  /** The version that is changed, by its ETag's number; `any` for `*`. */
  readonly ifMatch?: number | 'any';
  /** The same key gets the same answer within a day. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export type Input<N extends OperationName> = Operations[N]['input'] & Sent;

export interface Answer<N extends OperationName> {
  readonly status: number;
  readonly body: Operations[N]['answer'];
  /** Of the ETag, to be named by the next change; null: the thing has none. */
  readonly version: number | null;
  /** Of what was made. */
  readonly location: string | null;
}

/** One wrong place of a request: a JSON pointer, and of a body of lines the line. */
export interface WrongPlace {
  readonly line?: number;
  readonly pointer: string;
  readonly detail: string;
}

/** The API refused (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly title: string;
  readonly errors: readonly WrongPlace[];

  constructor(status: number, title: string, detail: string, errors: readonly WrongPlace[]) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = errors;
  }
}

export interface ClientOptions {
  /** Where the management API answers: http://127.0.0.1:8081. */
  readonly url: string;
  /** An API key or an access token; left out: only what is open to everybody. */
  readonly key?: string;
  /** In place of the platform's. */
  readonly fetch?: typeof fetch;
}

/** A client of the management API whose operations are typed by its OpenAPI document. Rejects with ApiProblem for every refusal. */
export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async call<N extends OperationName>(operation: N, input: Input<N>): Promise<Answer<N>> {
    const [method = 'GET', path = '/'] = operation.split(' ');
    const parts = input as Sent & { params?: object; query?: object; body?: unknown; lines?: string };
    const answer = await (this.#options.fetch ?? fetch)(new URL(target(path, parts), this.#options.url), {
      method,
      headers: this.#headers(parts),
      ...(parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }),
      ...(parts.lines === undefined ? {} : { body: parts.lines }),
      ...(parts.signal === undefined ? {} : { signal: parts.signal }),
    });
    const body = await bodyOf(answer);
    if (!answer.ok) throw problemOf(answer, body);
    const version = /^"(\d+)"$/.exec(answer.headers.get('etag') ?? '')?.[1];
    return {
      status: answer.status,
      body: body as Operations[N]['answer'],
      version: version === undefined ? null : Number(version),
      location: answer.headers.get('location'),
    };
  }

  #headers({
    body,
    lines,
    ifMatch,
    idempotencyKey,
  }: Sent & { body?: unknown; lines?: string }): Record<string, string> {
    const { key } = this.#options;
    return {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(lines === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch === 'any' ? '*' : `"${ifMatch}"` }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    };
  }
}

function target(path: string, { params = {}, query = {} }: { params?: object; query?: object }): string {
  const named = Object.entries(params).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(String(value))),
    path,
  );
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return asked.length === 0 ? named : `${named}?${asked.join('&')}`;
}

async function bodyOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === '') return undefined;
  return /json\b/.test(answer.headers.get('content-type') ?? '') &&
    !/ndjson/.test(answer.headers.get('content-type') ?? '')
    ? JSON.parse(text)
    : text;
}

function problemOf({ status, statusText }: Response, body: unknown): ApiProblem {
  const told = (typeof body === 'object' && body !== null ? body : {}) as Partial<
    Record<'title' | 'detail', string>
  > & {
    errors?: readonly WrongPlace[];
  };
  return new ApiProblem(
    status,
    told.title ?? statusText,
    told.detail ?? `the API answered ${status}`,
    told.errors ?? [],
  );
}
