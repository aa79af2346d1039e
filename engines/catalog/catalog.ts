import type { Campaign, PodConfig } from '../../domain/campaign.ts';
import type { Experiment } from '../../domain/experiment.ts';
import type { ContentCategory } from '../../domain/targeting/content-taxonomy.ts';

/** An API key as the decision API knows it. */
export interface PlayerKey {
  readonly prefix: string;
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  readonly organisation: string;
  readonly scopes: readonly string[];
  /** Epoch ms; null: never. */
  readonly expiresAt: number | null;
}

/** Whose an advertiser is. */
export interface AdvertiserOwner {
  readonly id: string;
  readonly organisation: string;
}

/** All that deciders and workers hold in memory. */
export interface CatalogSnapshot {
  readonly campaigns: readonly Campaign[];
  /** Of the campaigns that the caller holds, the ids of those that there are not, while there are others. Absent: none. */
  readonly gone?: readonly string[];
  readonly pods: readonly PodConfig[];
  /** The content taxonomy; not there: none was imported. */
  readonly contentCategories?: readonly ContentCategory[];
  /** Absent: none. */
  readonly experiments?: readonly Experiment[];
  /** Absent: none. */
  readonly playerKeys?: readonly PlayerKey[];
  readonly advertisers?: readonly AdvertiserOwner[];
}

export interface SnapshotOptions {
  /** Versions of the campaigns that the caller holds, by id: those are left out. Absent: none. */
  readonly held?: ReadonlyMap<string, number>;
  /** Called whenever another part was read. */
  readonly moved?: () => void;
}

/** A change that waits to be relayed to `catalog-changes`, in commit order. */
export interface OutboxRecord {
  readonly sequence: number;
  readonly kind: 'campaign' | 'pod' | 'experiment';
  readonly id: string;
  readonly version: number;
  readonly document: Campaign | PodConfig | Experiment | null;
  readonly changedAt: number;
}

/** The catalog in PostgreSQL. Every write commits with its outbox record in one transaction. */
export interface Catalog {
  /** One consistent snapshot of every campaign, or every one that is newer than what is held, and of all the rest. */
  snapshot(options?: SnapshotOptions): Promise<CatalogSnapshot>;
  /** Writes a campaign whole (advertiser, rules, caps, categories, creatives included) and answers its new version. */
  putCampaign(campaign: Omit<Campaign, 'version'>): Promise<number>;
  /** Sets the status; answers the new version, or null when there is no such campaign. */
  setStatus(campaignId: string, status: Campaign['status']): Promise<number | null>;
  /** Oldest records not yet relayed, in commit order: one that commits late is not skipped. */
  outbox(limit: number): Promise<readonly OutboxRecord[]>;
  /** Marks records relayed. */
  relayed(sequences: readonly number[]): Promise<void>;
  close(): Promise<void>;
}
