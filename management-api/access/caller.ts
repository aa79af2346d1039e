import type { Scope } from './roles.ts';

/** Who asks: a key or a user, always of one organisation. */
export interface Caller {
  readonly organisation: string;
  /** For the audit: `user:<id>` or `key:<id>`. */
  readonly actor: string;
  readonly userId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Null: as the server gives to everybody. */
  readonly requestsInMinute: number | null;
}
