import type { Logger } from 'pino';
import type { Campaign, PodConfig } from '../../domain/campaign.ts';
import { readCampaign, readPodConfig } from '../../domain/campaign-document.ts';
import { decodeOf, UndecodableError } from '../../schemas/codec.ts';
import { events } from '../../schemas/events.ts';
import type { CatalogChange } from '../../schemas/records.ts';
import type { EventLog, LogRecord } from '../event-log/event-log.ts';
import type { Random } from '../random.ts';
import type { Catalog, CatalogSnapshot } from './catalog.ts';

/** The catalog in memory, kept current by the log. */
export interface CatalogView {
  readonly campaigns: ReadonlyMap<string, Campaign>;
  readonly pods: ReadonlyMap<string, PodConfig>;
  /** Leaves the group of this boot. */
  close(): Promise<void>;
}

export interface FollowOptions {
  /** The group of this boot begins with it. */
  readonly name: string;
  readonly catalog: Catalog;
  readonly log: EventLog;
  readonly random: Random;
  readonly logger: Logger;
  /** Where to begin when the catalog does not answer; null: let the error through. */
  readonly fallback?: (() => Promise<CatalogSnapshot | null>) | undefined;
  /** Called after each change has been taken in. */
  readonly onChange?: ((change: CatalogChange) => void) | undefined;
  /** Called for each record that is passed over. */
  readonly onUnreadable?: ((topic: string) => void) | undefined;
}

/**
 * Notes the end of catalog-changes, loads a snapshot, follows from that end: what committed before is in the snapshot,
 * what comes after is in the topic, and what is in both is told apart by its version.
 */
export async function followCatalog(options: FollowOptions): Promise<CatalogView> {
  const { topic } = events['catalog-change'];
  const { log } = options;
  const ends = await log.ends(topic);
  const snapshot = await loadSnapshot(options);
  const campaigns = new Map(snapshot.campaigns.map((campaign) => [campaign.id, campaign]));
  const pods = new Map(snapshot.pods.map((pod) => [pod.id, pod]));
  const versions = new Map([...campaigns, ...pods].map(([id, document]) => [id, document.version]));

  function take(change: CatalogChange): void {
    if (change.version <= (versions.get(change.id) ?? 0)) return;
    if (change.kind === 'pod') put(pods, change, readPodConfig);
    else if (change.kind === 'campaign') put(campaigns, change, readCampaign);
    else return;
    versions.set(change.id, change.version);
    options.onChange?.(change);
  }

  const positions = new Map(ends.map((end, partition) => [partition, end]));
  const subscription = await log.subscribe(`${options.name}-${options.random.uuid()}`, [topic], {
    resume: async ({ partition }) => positions.get(partition) ?? 0,
    async apply(records, { partition }) {
      for (const record of records) takeRecord(record, take, options);
      positions.set(partition, (records.at(-1)?.offset ?? -1) + 1);
    },
  });
  return { campaigns, pods, close: () => subscription.stop() };
}

async function loadSnapshot({ catalog, fallback, logger }: FollowOptions): Promise<CatalogSnapshot> {
  try {
    return await catalog.snapshot();
  } catch (error) {
    const kept = await fallback?.();
    if (!kept) throw error;
    logger.warn({ err: error }, 'the catalog does not answer; going on from the last snapshot on disk');
    return kept;
  }
}

/** Throws where the change holds no document that can be used; what was held before stays. */
function put<T>(into: Map<string, T>, change: CatalogChange, read: (value: unknown) => T | null): void {
  if (change.deleted || change.document === null) {
    into.delete(change.id);
    return;
  }
  const document = read(JSON.parse(change.document));
  if (document === null) throw new UndecodableError(`no usable document of the ${change.kind} ${change.id}`);
  into.set(change.id, document);
}

/** A change that cannot be read is reported and passed over: the next snapshot has what it said. */
function takeRecord(
  record: LogRecord,
  take: (change: CatalogChange) => void,
  { logger, onUnreadable }: FollowOptions,
): void {
  const { topic, partition, offset } = record;
  try {
    const decoded = decodeOf(topic, record.value);
    if (decoded.name === 'catalog-change') take(decoded.value);
  } catch (error) {
    onUnreadable?.(topic);
    logger.error({ err: error, topic, partition, offset }, 'a catalog change cannot be read');
  }
}
