import type { Logger } from 'pino';
import type { Catalog } from '../engines/catalog/catalog.ts';
import { followCatalog } from '../engines/catalog/catalog-view.ts';

import { listenForHealth } from '../engines/health-listener.ts';
import { collectProcessMetrics } from '../engines/process-metrics.ts';
import { createWorkerMetrics } from './metrics.ts';
import { readinessOf } from './readiness.ts';
import type { RunnerEngines } from './runner.ts';
import { type Runner, startRunner } from './runner.ts';
import { type WorkerName, type WorkerNeeds, workers } from './workers.ts';

export interface WorkersOptions extends Omit<RunnerEngines, 'metrics'> {
  readonly names: readonly WorkerName[];
  readonly catalog: Catalog;
  /** Stays open: whoever opened it closes it. */
  readonly suppressions: WorkerNeeds['suppressions'];
  readonly logger: Logger;
  /** Tried in turn for health and metrics; 0 is a free one. Default: the configured port. */
  readonly ports?: readonly number[];
}

export interface StartedWorkers {
  /** Where health and metrics are. */
  readonly url: string;
  /** Lets running batches end, gives the partitions up. */
  close(): Promise<void>;
}

/**
 * Starts these workers in this process. Health answers from the first moment; ready once partitions are held. Where one
 * cannot start, nothing stays behind.
 */
export async function startWorkers(options: WorkersOptions): Promise<StartedWorkers> {
  const { names, config, catalog, suppressions, log, random, logger } = options;
  const metrics = createWorkerMetrics(names);
  const runners: Runner[] = [];
  const readiness = () => readinessOf(runners);
  const { registry } = metrics;
  collectProcessMetrics(registry, readiness);
  const ports = options.ports ?? [config.workerPort];
  const health = await listenForHealth({ host: config.host, ports, registry, readiness });
  const opened: (() => Promise<void>)[] = [() => health.close()];
  const close = async () => {
    await Promise.all(runners.map((runner) => runner.close()));
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const onUnreadable = (topic: string) => metrics.undecodable.inc({ topic });
    const view = await followCatalog({ name: 'workers', catalog, log, random, logger, onUnreadable });
    opened.push(() => view.close());
    for (const name of names) {
      runners.push(await startRunner(workers[name]({ view, metrics, suppressions }), { ...options, metrics }));
      logger.info({ group: name }, 'worker started');
    }
    return { url: health.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}
