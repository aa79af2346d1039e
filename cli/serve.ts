import { join } from 'node:path';
import type { Logger } from 'pino';
import { startDecisionApi } from '../decision-api/main.ts';
import { type Clock, systemClock } from '../engines/clock.ts';
import { type Config, readServingConfig } from '../engines/config.ts';
import { catalogUrl, portsToTry, readEndpoints, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import {
  makeTopics,
  mediaLeftovers,
  openCatalog,
  openDesk,
  openEventLog,
  openMedia,
  openReports,
  openStateStoreSoon,
  openSuppressions,
  openWarehouse,
} from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { SecretRing } from '../engines/secret-ring.ts';
import { withSecrets } from '../engines/secrets.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { watchAlerts } from '../management-api/alerts/watch.ts';
import type { AnalyticsParts } from '../management-api/analytics/parts.ts';
import { watchErasures } from '../management-api/erase-due.ts';
import { sweepLeftovers } from '../management-api/leftovers.ts';
import { listenForManagement } from '../management-api/listen.ts';
import { startManagement } from '../management-api/main.ts';
import type { ViewerKeeping } from '../management-api/parts.ts';
import { watchTags } from '../management-api/unwrap/watch.ts';
import { announce, runUntilStopped } from './child.ts';
import { createLogger } from './logger.ts';

/** The README's curl names it. */
const DEFAULT_PORT = 8080;
const DEFAULT_MANAGEMENT_PORT = 8081;

/** `breakwater serve decision`: the decision API as a process of its own. */
export async function serveDecision(): Promise<never> {
  const config = withSecrets(readServingConfig());
  const logger = createLogger(config, 'decision-api');
  return runUntilStopped(logger, async (opened) => {
    const clock = systemClock();
    const log = await openEventLog(config, clock);
    // By then all is shipped or kept: a broker that is silent must not hold up our end.
    opened('event log', () => Promise.race([log.close(), clock.sleep(CLOSE_MS_MAX)]));
    const topics = await makeTopicsSoon(config, log, clock, logger);
    opened('topics', async () => topics[Symbol.dispose]());
    const store = await openStoreSoon(config, clock, logger);
    opened('state store', () => store.close());
    const catalog = await openCatalog(catalogUrl(config));
    opened('catalog', () => catalog.close());
    const api = await startDecisionApi({
      config,
      clock,
      random: systemRandom(clock),
      log,
      store,
      catalog,
      logger,
      ports: portsOf(config),
      ...managementOf(config),
    });
    opened('decision API', () => api.close());
    const { instance } = config;
    announce(config, instance === 1 ? { decisionApi: api.url } : { moreDecisionApis: { [instance]: api.url } });
    logger.info({ url: api.url }, 'listening');
    await api.ready();
    logger.info('ready');
  });
}

/** `local`: the house's, which is known once all of it runs. */
function managementOf({ managementUrl, dataDir }: Config): { managementUrl?: () => string | null } {
  if (managementUrl === null) return {};
  return {
    managementUrl: () => (managementUrl === 'local' ? (readEndpoints(dataDir).management ?? null) : managementUrl),
  };
}

/** Only the first instance may have the port that the README names. */
function portsOf({ port, instance, dataDir }: Config): readonly number[] {
  const { decisionApi, moreDecisionApis } = readEndpoints(dataDir);
  if (instance === 1) return portsToTry(port, decisionApi, DEFAULT_PORT);
  return portsToTry(port, moreDecisionApis?.[instance]);
}

const CLOSE_MS_MAX = 2_000;
const BOOT_MS_MAX = 5_000;
const TOPICS_EVERY_MS = 2_000;

/** Makes the topics; with Kafka away as soon as it is back: decisions do not wait for it. A wrong setting throws. */
async function makeTopicsSoon(config: Config, log: EventLog, clock: Clock, logger: Logger): Promise<Disposable> {
  let done = false;
  const ensure = async () => {
    if (done) return;
    await makeTopics(log, config);
    done = true;
  };
  const first = ensure();
  const refused = await Promise.race([
    first.then(
      () => null,
      (error: unknown) => error,
    ),
    clock.sleep(BOOT_MS_MAX),
  ]);
  if (refused && !(refused instanceof EngineError && refused.retryable)) throw refused;
  if (!done) logger.warn({ err: refused }, 'the event log does not answer; starting without it');
  const complain = (err: unknown) => logger.warn({ err }, 'the topics could not be made yet');
  first.catch(complain);
  return clock.every(TOPICS_EVERY_MS, ensure, complain);
}

/** With Redis away a store whose calls reject until it is back. A wrong setting throws. */
function openStoreSoon(config: Config, clock: Clock, logger: Logger): Promise<StateStore> {
  return openStateStoreSoon(config, clock, (err) =>
    logger.warn({ err }, 'the state store is not there; serving without it'),
  );
}

/** `breakwater serve management`: the management API; relays catalog changes to the log. */
export async function serveManagement(): Promise<never> {
  const config = withSecrets(readServingConfig());
  const logger = createLogger(config, 'management');
  return runUntilStopped(logger, async (opened) => {
    const clock = systemClock();
    const log = await openEventLog(config, clock);
    opened('event log', () => log.close());
    const topics = await makeTopicsSoon(config, log, clock, logger);
    opened('topics', async () => topics[Symbol.dispose]());
    const catalog = await openCatalog(catalogUrl(config));
    opened('catalog', () => catalog.close());
    const desk = await openDesk(catalogUrl(config), config.catalogReplicaUrl);
    opened('management desk', () => desk.close());
    const degraded = () => desk.degraded();
    const management = await startManagement({ config, clock, log, catalog, logger, degraded });
    opened('management', () => management.close());
    const warehouseAt = config.warehouseUrl ?? readEndpoints(config.dataDir).warehouse;
    const warehouse = warehouseAt === undefined ? null : await openWarehouse(warehouseAt);
    if (warehouse !== null) opened('warehouse', () => warehouse.close());
    const random = systemRandom(clock);
    const analytics =
      warehouse === null ? null : await openAnalytics(config, { log, warehouse, clock, logger }, opened);
    const viewers = await openViewers(config, clock, opened);
    if (warehouse !== null) {
      const erasures = watchErasures({ ...viewers, warehouse, clock, logger });
      opened('erasures', () => erasures.close());
    }
    const allowed = config.webhookHosts;
    const alerts = watchAlerts({ desk, warehouse, analytics, log, clock, random, logger, allowed });
    opened('alerts', () => alerts.close());
    const tags = watchTags({ desk, clock, random, logger, ...tagsFor(config) });
    opened('tags', () => tags.close());
    const leftovers = sweepLeftovers({ desk, clock, logger });
    opened('leftovers', () => leftovers.close());
    const api = await listenForManagement({
      desk,
      warehouse,
      webhookHosts: config.webhookHosts,
      clock,
      random,
      logger,
      registry: management.metrics.registry,
      readiness: () => management.readiness(),
      trustedProxies: config.trustedProxies,
      registration: config.registration,
      media: openMedia(config, systemRandom(clock)),
      mediaBytes: config.media.bytes,
      leftovers: mediaLeftovers(config, clock),
      publicUrl: config.publicUrl?.replace(/\/+$/, '') ?? null,
      secret: config.pepper ?? '',
      analytics,
      viewers,
      host: config.host,
      ports: portsToTry(config.managementPort, readEndpoints(config.dataDir).management, DEFAULT_MANAGEMENT_PORT),
    });
    opened('management API', () => api.close());
    announce(config, { management: api.url });
    logger.info({ url: api.url }, 'listening; relaying catalog changes');
  });
}

/** What viewers are known and forgotten by. */
async function openViewers(
  config: Config,
  clock: Clock,
  opened: (name: string, close: () => Promise<void>) => void,
): Promise<ViewerKeeping> {
  const suppressions = await openSuppressions(catalogUrl(config));
  opened('suppressions', () => suppressions.close());
  const ring = new SecretRing(config, () => clock.now());
  return {
    suppressions,
    peppers() {
      ring.refresh();
      return ring;
    },
  };
}

/** What third parties' tags may lead to: not to ourselves, since a chain that does has no end. */
function tagsFor({ unwrap, unwrapHosts, publicUrl }: Config) {
  const own = publicUrl === null ? undefined : URL.parse(publicUrl)?.origin;
  return { enabled: unwrap, allowed: unwrapHosts, never: own === undefined ? [] : [own] };
}

/** What reports are read from: the warehouse, and what the workers say of how far they are. */
async function openAnalytics(
  config: Config,
  { log, warehouse, clock, logger }: Pick<AnalyticsParts, 'log' | 'warehouse'> & { clock: Clock; logger: Logger },
  opened: (name: string, close: () => Promise<void>) => void,
): Promise<AnalyticsParts> {
  const store = await openStoreSoon(config, clock, logger);
  opened('state store', () => store.close());
  const reader = openReports(config.reportsWarehouseUrl ?? warehouseUrl(config), config.reportsWarehouseUrl !== null);
  opened('reports', () => reader.close());
  const { logClockMarginMs } = config;
  return { reader, warehouse, store, log, logClockMarginMs, resultsDir: join(config.dataDir, 'reports') };
}
