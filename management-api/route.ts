import type { Readable } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import type { DeskTransaction, DeskWrite } from '../engines/catalog/desk.ts';
import type { Received } from '../engines/media/media-store.ts';
import type { Caller } from './access/caller.ts';
import type { Scope } from './access/roles.ts';
import type { Lines } from './lines/spool.ts';
import type { ManagementParts } from './parts.ts';

/** A request whose caller, parameters and body were checked. */
export interface Ask<P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** What a form brought, where the route takes files. Removed after the answer, unless it was kept. */
  readonly file: Received | null;
  /** The lines of the body, where the route asks for lines; else none. */
  readonly lines: Lines | null;
  /** The version that If-Match names; null: `*`, or nothing where that is allowed. */
  readonly ifMatch: number | null;
  /** Rows of the caller's organisation, in one view. */
  read<T>(work: (sql: DeskTransaction) => Promise<T>, fresh?: 'fresh'): Promise<T>;
  /** A change of the caller's organisation. Called once by a route that writes; repeats of an Idempotency-Key do not reach `work`. */
  write<T extends Answer<unknown>>(work: (sql: DeskWrite) => Promise<T>): Promise<T>;
}

export interface Answer<R> {
  readonly body?: R;
  /** Instead of a body: lines of JSON. */
  readonly lines?: Readable;
  /** Other than the route's own. */
  readonly status?: number;
  /** Becomes the ETag. */
  readonly version?: number;
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of a body: bytes to be saved under a name. */
  readonly file?: { readonly bytes: Buffer; readonly type: string; readonly name: string };
}

/** One endpoint: what the document, the checks and the proofs read. */
export interface RouteSpec<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As Fastify writes it: /api/v2/campaigns/:id. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** Null: open to everybody; `caller` is then nobody's. `any`: whoever has a key or a login. */
  readonly scope: Scope | 'any' | null;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: R;
  /** Lines of JSON (application/x-ndjson) are asked for, or answered, instead of a body. */
  readonly lines?: 'asked' | 'answered';
  /** Default: 200, or 204 without an answer. */
  readonly status?: number;
  /** A write that must name the version it changes, by If-Match; `optional`: one that may. */
  readonly versioned?: true | 'optional';
  /** The answer holds what is told once, or the body a password or a viewer's id: it is not kept, and an Idempotency-Key is refused. */
  readonly toldOnce?: boolean;
  /** Only with this flag in its body is an answer kept, as nothing is written else: without it an Idempotency-Key is refused. */
  readonly keptWith?: string;
  /** Passwords are tried here. */
  readonly limitedAsLogin?: boolean;
  /** A form (multipart) may come instead of JSON, with one file. */
  readonly files?: boolean;
  /** Of the body, for the document; else one is made from its schema. */
  readonly example?: unknown;
  /** More statuses that it may answer, for the document. */
  readonly refuses?: readonly number[];
  handle(ask: Ask<Static<P>, Static<Q>, Static<B>>, parts: ManagementParts): Promise<Answer<Static<R>>>;
}

export type Route = RouteSpec<TSchema, TSchema, TSchema, TSchema>;

/** Keeps the types of one route's schemas for its handler. */
export function route<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema>(
  spec: RouteSpec<P, Q, B, R>,
): Route {
  return spec as unknown as Route;
}
