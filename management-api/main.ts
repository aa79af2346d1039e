import type { Logger } from 'pino';
import type { Catalog } from '../engines/catalog/catalog.ts';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { collectProcessMetrics, type Readiness } from '../engines/process-metrics.ts';
import { createManagementMetrics, type ManagementMetrics } from './metrics.ts';
import { relayOutbox } from './relay.ts';

const RELAY_EVERY_MS = 100;

export interface ManagementOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly logger: Logger;
  /** What else works only in part. */
  readonly degraded?: () => readonly string[];
}

export interface Management {
  readonly metrics: ManagementMetrics;
  /** Ready once the outbox was read; a relay that fails later degrades it. */
  readiness(): Readiness;
  /** Ends after the batch that is on its way. The engines stay open: they belong to the caller. */
  close(): Promise<void>;
}

/**
 * Starts relaying catalog changes to the log, every 100 ms. With the catalog or the log away it goes on trying, and
 * says so once when that begins and once when it ends. The topics must exist.
 */
export async function startManagement({
  clock,
  log,
  catalog,
  logger,
  degraded = () => [],
}: ManagementOptions): Promise<Management> {
  let running: Promise<unknown> = Promise.resolve();
  let failing = false;
  let relayedOnce = false;
  const metrics = createManagementMetrics();
  const readiness = (): Readiness => ({
    ready: relayedOnce,
    why: relayedOnce ? [] : ['outbox: not read yet'],
    degraded: [
      ...(failing ? ['outbox: catalog changes wait, the catalog or the log does not answer'] : []),
      ...degraded(),
    ],
  });
  collectProcessMetrics(metrics.registry, readiness);
  const relay = async (): Promise<void> => {
    const relayed = await relayOutbox(catalog, log, ({ kind, id, version }, bytes) => {
      metrics.passedOver.inc();
      logger.error({ kind, id, version, bytes }, 'a catalog change is larger than the log takes, and was passed over');
    });
    if (failing) logger.info('catalog changes are relayed again');
    failing = false;
    relayedOnce = true;
    metrics.relayed.inc(relayed);
    metrics.relayedAt.set(clock.now() / 1000);
    if (relayed > 0) logger.debug({ relayed }, 'relayed catalog changes');
  };
  const beat = clock.every(
    RELAY_EVERY_MS,
    () => {
      const round = relay();
      running = round.catch(() => undefined);
      return round;
    },
    (error) => {
      metrics.relayFailures.inc({ code: error instanceof EngineError ? error.code : 'fault' });
      if (!failing) logger.warn({ err: error }, 'catalog changes wait in the outbox');
      failing = true;
    },
  );
  return {
    metrics,
    readiness,
    async close() {
      beat[Symbol.dispose]();
      await running;
    },
  };
}
