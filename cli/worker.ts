import { systemClock } from '../engines/clock.ts';
import { readServingConfig } from '../engines/config.ts';
import { catalogUrl, portsToTry, readEndpoints, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import {
  makeTopics,
  openCatalog,
  openEventLog,
  openStateStore,
  openSuppressions,
  openWarehouse,
} from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { withSecrets } from '../engines/secrets.ts';
import { startWorkers } from '../stream-workers/main.ts';
import { isWorkerName, workers as known } from '../stream-workers/workers.ts';
import { announce, runUntilStopped } from './child.ts';
import { createLogger } from './logger.ts';

/** `breakwater worker <names…>`: these stream workers in one process; several such processes share the partitions. */
export async function serveWorkers(wanted: readonly string[]): Promise<never> {
  const names = wanted.filter(isWorkerName);
  if (names.length < wanted.length) {
    throw new EngineError(
      'misconfigured',
      `worker ${wanted.join(' ')}: expected some of ${Object.keys(known).join(', ')}`,
    );
  }
  const config = withSecrets(readServingConfig());
  const logger = createLogger(config, `worker ${names.join(' ')}`);
  return runUntilStopped(logger, async (opened) => {
    const clock = systemClock();
    const log = await openEventLog(config, clock, true);
    opened('event log', () => log.close());
    await makeTopics(log, config);
    const store = await openStateStore(config, clock, true);
    opened('state store', () => store.close());
    const catalog = await openCatalog(catalogUrl(config));
    opened('catalog', () => catalog.close());
    const suppressions = await openSuppressions(catalogUrl(config));
    opened('suppressions', () => suppressions.close());
    const warehouse = await openWarehouse(warehouseUrl(config));
    opened('warehouse', () => warehouse.close());
    const process = names.join('+') + (config.instance === 1 ? '' : `#${config.instance}`);
    const workers = await startWorkers({
      names,
      config,
      clock,
      random: systemRandom(clock),
      log,
      store,
      warehouse,
      catalog,
      suppressions,
      logger,
      ports: portsToTry(config.workerPort, readEndpoints(config.dataDir).workers?.[process]),
    });
    opened('workers', () => workers.close());
    announce(config, { workers: { [process]: workers.url } });
    logger.info({ url: workers.url }, 'working');
  });
}
