import type { Campaign } from '../../domain/campaign.ts';

/** Rows as `pg` gives them: BIGINT as text, times as Date. */
export interface Rows<R> {
  readonly rows: readonly R[];
  /** How many rows the statement touched. */
  readonly count: number;
}

/** One transaction at the catalog. In the name of an organisation, rows of others are not there. */
export interface DeskTransaction {
  query<R = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Rows<R>>;
  /** Whole campaign documents, by id; those that cannot be seen are left out. */
  campaigns(ids: readonly string[]): Promise<readonly Campaign[]>;
}

/** A transaction that changes: what it announces is relayed to `catalog-changes` once it has committed. */
export interface DeskWrite extends DeskTransaction {
  /** Writes a campaign whole and announces it; answers its new version. */
  putCampaign(campaign: Omit<Campaign, 'version'>): Promise<number>;
  /** Writes whole campaigns that are not there yet, of advertisers that are, and announces them; answers their versions by id. */
  addCampaigns(campaigns: readonly Omit<Campaign, 'version'>[]): Promise<ReadonlyMap<string, number>>;
  removeCampaign(id: string): Promise<void>;
  /** Announces campaigns whose documents changed by other rows than theirs, such as an advertiser's name. */
  announceCampaigns(ids: readonly string[]): Promise<unknown>;
}

/** Writes into an audit what was done, in its own transaction; the words are management's. */
export type Noted<T> = (sql: DeskTransaction, done: T) => Promise<unknown>;

/** What management does at the catalog in PostgreSQL. Errors arrive as EngineError; what `work` throws passes, and nothing is kept. */
export interface CatalogDesk {
  /**
   * One consistent view; may be a replica's, some seconds old, where one is configured and `fresh` is not asked. It holds what the
   * organisation wrote through this desk.
   */
  read<T>(organisation: string, work: (sql: DeskTransaction) => Promise<T>, fresh?: 'fresh'): Promise<T>;
  /** One after another, so that versions, the outbox and the audit grow in commit order. */
  write<T>(organisation: string, work: (sql: DeskWrite) => Promise<T>): Promise<T>;
  /** Of no organisation: keys, sessions, users at login. */
  system<T>(work: (sql: DeskTransaction) => Promise<T>): Promise<T>;
  /** What works only in part, and why. */
  degraded(): readonly string[];
  close(): Promise<void>;
}
