import { startDecisionApi } from '../decision-api/main.ts';
import { systemClock } from '../engines/clock.ts';
import { readServingConfig } from '../engines/config.ts';
import { catalogUrl, portsToTry, readEndpoints } from '../engines/endpoints.ts';
import { makeTopics, openCatalog, openDesk, openEventLog, openStateStore } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { withSecrets } from '../engines/secrets.ts';
import { listenForManagement } from '../management-api/listen.ts';
import { startManagement } from '../management-api/main.ts';
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
    opened('event log', () => log.close());
    await makeTopics(log, config);
    const store = await openStateStore(config, clock);
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
      ports: portsToTry(config.port, readEndpoints(config.dataDir).decisionApi, DEFAULT_PORT),
    });
    opened('decision API', () => api.close());
    announce(config, { decisionApi: api.url });
    logger.info({ url: api.url }, 'listening');
    await api.ready();
    logger.info('ready');
  });
}

/** `breakwater serve management`: the management API; relays catalog changes to the log. */
export async function serveManagement(): Promise<never> {
  const config = withSecrets(readServingConfig());
  const logger = createLogger(config, 'management');
  return runUntilStopped(logger, async (opened) => {
    const clock = systemClock();
    const log = await openEventLog(config, clock);
    opened('event log', () => log.close());
    await makeTopics(log, config);
    const catalog = await openCatalog(catalogUrl(config));
    opened('catalog', () => catalog.close());
    const management = await startManagement({ config, clock, log, catalog, logger });
    opened('management', () => management.close());
    const desk = await openDesk(catalogUrl(config), config.catalogReplicaUrl);
    opened('management desk', () => desk.close());
    const api = await listenForManagement({
      desk,
      clock,
      random: systemRandom(clock),
      logger,
      registry: management.metrics.registry,
      readiness: () => management.readiness(),
      secret: config.pepper ?? '',
      host: config.host,
      ports: portsToTry(config.managementPort, readEndpoints(config.dataDir).management, DEFAULT_MANAGEMENT_PORT),
    });
    opened('management API', () => api.close());
    announce(config, { management: api.url });
    logger.info({ url: api.url }, 'listening; relaying catalog changes');
  });
}
