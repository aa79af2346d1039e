import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { topics } from '../schemas/events.ts';
import { readCarriedOver } from './catalog/carried-over.ts';
import type { Catalog } from './catalog/catalog.ts';
import { type CategoryTables, openCategoryTables } from './catalog/category-tables.ts';
import type { CatalogDesk } from './catalog/desk.ts';
import { startEmbeddedPostgres } from './catalog/embedded-postgres.ts';
import { type Experiments, openExperiments } from './catalog/experiments.ts';
import { migrateCatalog } from './catalog/migrate.ts';
import { openPostgresCatalog } from './catalog/postgres-catalog.ts';
import { openPostgresDesk } from './catalog/postgres-desk.ts';
import { openPostgresSuppressions, type ViewerSuppressions } from './catalog/viewer-suppressions.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { keepEndpoints, portOf, readEndpoints } from './endpoints.ts';
import { EngineError } from './errors.ts';
import type { EventLog, TopicSpec } from './event-log/event-log.ts';
import { describeKafkaTopics } from './event-log/kafka-describe.ts';
import { openKafkaEventLog } from './event-log/kafka-event-log.ts';
import { describeLmdbTopics } from './event-log/lmdb-describe.ts';
import { openLmdbEventLog } from './event-log/lmdb-event-log.ts';
import type { FoundTopic } from './event-log/topic-check.ts';
import { keepRunning } from './keep-running.ts';
import { openDiskMedia } from './media/disk-media-store.ts';
import { olderNames, removeAbandoned } from './media/incoming.ts';
import type { MediaStore } from './media/media-store.ts';
import { openS3Media } from './media/s3-media-store.ts';
import { type Random, systemRandom } from './random.ts';
import { openLmdbStateStore } from './state-store/lmdb-state-store.ts';
import { openRedisStateStore } from './state-store/redis-state-store.ts';
import type { StateStore } from './state-store/state-store.ts';
import { insertCarriedOver } from './warehouse/carried-over.ts';
import { openClickHouse } from './warehouse/clickhouse-warehouse.ts';
import { startEmbeddedWarehouse } from './warehouse/embedded-server.ts';
import { migrateWarehouse } from './warehouse/migrate.ts';
import { openReportReader, type ReportReader } from './warehouse/report-reader.ts';
import type { Warehouse } from './warehouse/warehouse.ts';

const DAY_MS = 86_400_000;
/** Fewer polls are larger batches, and so fewer commits to queue for; an effect comes a twentieth of a second later at most. */
const POLL_MS = 50;
/** On a virtual clock a poll costs real time and saves none: fewer, larger batches. */
const VIRTUAL_POLL_MS = 250;

/** `inline`: see LmdbEnvironment; for processes that nobody waits for. EVENT_LOG (its form: event-log/kafka-url.ts), or LMDB under DATA_DIR/log. Kafka is not asked before the log is used. */
export async function openEventLog(config: Config, clock: Clock, inline = isVirtual(config)): Promise<EventLog> {
  if (config.eventLogUrl !== null) {
    const { eventLogUrl: url, replication, sessionTimeoutMs: sessionMs } = config;
    const settings = { ...(replication === null ? {} : { replication }), ...(sessionMs === null ? {} : { sessionMs }) };
    return openKafkaEventLog({ url, clock, ...settings });
  }
  const pollMs = config.virtual === null ? POLL_MS : VIRTUAL_POLL_MS;
  return openLmdbEventLog({ path: folder(config, 'log'), clock, pollMs, flush: !isVirtual(config), inline });
}

/** STATE_STORE, a Redis or Redis Cluster, which answers; or LMDB under DATA_DIR/state. */
export async function openStateStore(config: Config, clock: Clock, inline = isVirtual(config)): Promise<StateStore> {
  if (config.stateStoreUrl !== null) {
    return openRedisStateStore({ url: config.stateStoreUrl, random: systemRandom(clock) });
  }
  return openEmbeddedStore(config, clock, inline);
}

/**
 * The same, for who serves without it too: of a Redis that does not answer `onAway` hears why, and the store's calls reject
 * until it does. A wrong setting throws.
 */
export async function openStateStoreSoon(
  config: Config,
  clock: Clock,
  onAway: (error: EngineError) => void,
): Promise<StateStore> {
  const { stateStoreUrl: url } = config;
  if (url !== null) return openRedisStateStore({ url, random: systemRandom(clock), onAway });
  return openEmbeddedStore(config, clock, isVirtual(config));
}

function openEmbeddedStore(config: Config, clock: Clock, inline: boolean): StateStore {
  return openLmdbStateStore({ path: folder(config, 'state'), clock, flush: !isVirtual(config), inline });
}

/** A virtual run can be repeated, so nobody needs it after a power cut, and only one thing happens at a time in it. */
function isVirtual(config: Config): boolean {
  return config.virtual !== null;
}

/** MEDIA_STORE, a bucket; or DATA_DIR/media. */
export function openMedia({ media, dataDir }: Config, random: Random): MediaStore {
  const folder = join(dataDir, 'media');
  const { publicUrl } = media;
  if (media.store === null) return openDiskMedia({ folder, publicUrl, random });
  return openS3Media({ ...media, url: media.store, incoming: join(folder, 'incoming'), random });
}

/** What uploads have left on this machine's disk. In a bucket that is for its own rules of expiry. */
export function mediaLeftovers(config: Config, clock: Clock) {
  const folder = join(config.dataDir, 'media');
  return {
    removeAbandoned: () => removeAbandoned(join(folder, 'incoming'), clock.now()),
    older: async () => (config.media.store === null ? await olderNames(join(folder, 'files'), clock.now()) : []),
  };
}

/** The warehouse behind an http:// URL, embedded or not. */
export async function openWarehouse(url: string): Promise<Warehouse> {
  return openClickHouse({ url });
}

/** The same warehouse for reports: read-only, every statement bounded. `rowPolicies`: as a user of compose/clickhouse/reports-user.sql. */
export function openReports(url: string, rowPolicies = false): ReportReader {
  return openReportReader({ url, rowPolicies });
}

/** The catalog behind a postgres:// URL, embedded or not. */
export async function openCatalog(url: string): Promise<Catalog> {
  return openPostgresCatalog({ url });
}

/** Management's transactions at the same catalog; `replicaUrl` for reads that may be a little old. */
export async function openDesk(url: string, replicaUrl: string | null): Promise<CatalogDesk> {
  return openPostgresDesk({ url, replicaUrl });
}

/** The same catalog's tables of published categories. */
export function openCategories(url: string): CategoryTables {
  return openCategoryTables({ url });
}

/** Who asked to be forgotten, in the catalog behind a postgres:// URL. */
export async function openSuppressions(url: string): Promise<ViewerSuppressions> {
  return openPostgresSuppressions(url);
}

/** The experiments of the catalog behind a postgres:// URL. */
export function openExperimentsOf(url: string): Experiments {
  return openExperiments({ url });
}

/** A statement's whole answer, names and types included; what `breakwater sql` prints. */
export { type ResultTable, readTable } from './warehouse/clickhouse-warehouse.ts';

/** Every topic of schemas/events.ts, with this configuration's partitions. */
export function topicSpecs(config: Config): TopicSpec[] {
  return topics.map(({ name, retentionDays }) => ({
    name,
    partitions: config.partitions,
    retentionMs: retentionDays * DAY_MS,
  }));
}

/** Makes the topics that are missing. Those that are there keep their partitions: they grow by `breakwater topics grow` alone. */
export async function makeTopics(log: EventLog, config: Config): Promise<void> {
  const specs: TopicSpec[] = [];
  for (const spec of topicSpecs(config)) {
    specs.push({ ...spec, partitions: (await partitionsIfAny(log, spec.name)) ?? spec.partitions });
  }
  await log.ensureTopics(specs);
}

/** Our topics as the log has them; those that are missing are left out. Changes nothing. */
export async function describeTopics(config: Config, clock: Clock): Promise<readonly FoundTopic[]> {
  const names = topics.map(({ name }) => name);
  if (config.eventLogUrl !== null) return describeKafkaTopics({ url: config.eventLogUrl, clock, names });
  return describeLmdbTopics(folder(config, 'log'), clock, names);
}

async function partitionsIfAny(log: EventLog, topic: string): Promise<number | null> {
  try {
    return await log.partitions(topic);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'misconfigured') return null;
    throw error;
  }
}

/** Servers that this process started because no URL was given for them. One that dies is started again. */
export interface Embedded {
  readonly catalogUrl: string;
  readonly warehouseUrl: string;
  /** Ends what was started, catalog last. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL and chDB under DATA_DIR where no URL is configured. PostgreSQL keeps its port in its own folder, chDB's
 * is kept in endpoints.json. `onProgress` hears what is unusual about this machine.
 */
export async function startEmbedded(config: Config, onProgress: (line: string) => void): Promise<Embedded> {
  const known = readEndpoints(config.dataDir);
  const catalog = config.catalogUrl === null ? startPostgres(config, onProgress) : null;
  const warehouse = config.warehouseUrl === null ? startWarehouse(config, known.warehouse, onProgress) : null;
  const [catalogStarted, warehouseStarted] = await Promise.allSettled([catalog, warehouse]);
  const stop = async () => {
    if (warehouseStarted.status === 'fulfilled') await warehouseStarted.value?.stop();
    if (catalogStarted.status === 'fulfilled') await catalogStarted.value?.stop();
  };
  for (const started of [catalogStarted, warehouseStarted]) {
    if (started.status === 'fulfilled') continue;
    await stop();
    throw started.reason;
  }
  const catalogUrl = config.catalogUrl ?? (await catalog)?.url;
  const warehouseUrl = config.warehouseUrl ?? (await warehouse)?.url;
  if (catalogUrl === undefined || warehouseUrl === undefined)
    throw new Error('an engine has neither a URL nor a server');
  keepEndpoints(config.dataDir, { catalog: catalogUrl, warehouse: warehouseUrl });
  return { catalogUrl, warehouseUrl, stop };
}

/** Removes what a catalog's cluster has outside its folder, where the folder is to be removed next. */
export { removeElsewhere as removeCatalog } from './catalog/postgres-runas.ts';

function startPostgres(config: Config, onProgress: (line: string) => void) {
  const path = folder(config, 'catalog');
  let port = 0;
  const start = async () => {
    const server = await startEmbeddedPostgres({ path, port, onProgress });
    port = portOf(server.url) ?? 0;
    return server;
  };
  return keepRunning({ name: 'PostgreSQL', clock: systemClock(), start, onProgress });
}

function startWarehouse(config: Config, lastUrl: string | undefined, onProgress: (line: string) => void) {
  const path = folder(config, 'warehouse');
  let port = portOf(lastUrl) ?? 0;
  const start = async () => {
    const server = await startEmbeddedWarehouse({ path, port, onProgress });
    if (port === 0) port = portOf(server.url) ?? 0;
    return server;
  };
  return keepRunning({ name: 'the warehouse', clock: systemClock(), start, onProgress });
}

/** Brings catalog and warehouse to this release's tables and makes the topics. `onProgress` gets one line per step. */
export async function migrate(
  config: Config,
  clock: Clock,
  urls: { readonly catalogUrl: string; readonly warehouseUrl: string },
  onProgress: (line: string) => void,
): Promise<void> {
  await migrateCatalog(urls.catalogUrl, onProgress);
  const warehouse = await openWarehouse(urls.warehouseUrl);
  try {
    await migrateWarehouse(warehouse, onProgress);
    const { days, told } = await readCarriedOver(urls.catalogUrl);
    for (const line of told) onProgress(line);
    await insertCarriedOver(warehouse, days, onProgress);
  } finally {
    await warehouse.close();
  }
  const log = await openEventLog(config, clock);
  try {
    await makeTopics(log, config);
    onProgress(`event log: ${topics.length} topics of ${await log.partitions('ad-requests')} partitions`);
  } finally {
    await log.close();
  }
}

function folder(config: Config, name: string): string {
  const path = join(config.dataDir, name);
  mkdirSync(path, { recursive: true });
  return path;
}
