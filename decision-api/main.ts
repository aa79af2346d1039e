import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { listenOnFirst } from '../engines/endpoints.ts';
import { collectProcessMetrics } from '../engines/process-metrics.ts';
import { withSecrets } from '../engines/secrets.ts';
import { buildApp } from './app.ts';
import { type Assembly, assemble, type DecisionApiParts } from './assemble.ts';
import { limits } from './limits.ts';
import { readinessOf } from './readiness.ts';
import { pathsOf } from './traffic/lists.ts';

export interface DecisionApi {
  readonly url: string;
  /** For tests that need no socket. */
  readonly app: FastifyInstance;
  /** Resolves once requests may be sent: catalog and signals are caught up. */
  ready(): Promise<void>;
  /** Answers what is under way, writes it down, gives unspent money back. */
  close(): Promise<void>;
}

/** Starts the decision API. Engines that are away make it degraded; a wrong setting throws EngineError `misconfigured`. */
export async function startDecisionApi(parts: DecisionApiParts): Promise<DecisionApi> {
  const config = withSecrets(parts.config);
  const { clock, logger } = parts;
  const assembly = await assemble({ ...parts, config });
  const readiness = () => readinessOf({ ...assembly, clock });
  collectProcessMetrics(assembly.metrics.registry, readiness);
  let base = config.publicUrl?.replace(/\/+$/, '') ?? '';
  const app = buildApp({
    ...assembly,
    config,
    clock,
    logger,
    uuid: () => parts.random.uuid(),
    catalog: assembly.cache,
    placeOf: (address) => assembly.geoip.placeOf(address),
    catalogStale: (now) => assembly.feed.stale(now),
    base: () => base,
    readiness,
    managementUrl: parts.managementUrl ?? null,
  });
  const beats = startBeats(assembly, config, clock, logger);
  try {
    await assembly.feed.start();
    await refreshWatermarks(assembly, logger);
    const url = await listenOnFirst(parts.ports ?? [config.port ?? 0], (port) =>
      app.listen({ host: config.host, port }),
    );
    if (base === '') base = url;
    return { url, app, ready: () => whenReady(assembly, clock), close: () => close(app, assembly, beats, clock) };
  } catch (error) {
    for (const beat of beats) beat[Symbol.dispose]();
    await assembly.feed.stop();
    await assembly.journal.close();
    throw error;
  }
}

function startBeats(assembly: Assembly, config: Config, clock: Clock, logger: Logger): readonly Disposable[] {
  const complain = (err: unknown) => logger.warn({ err }, 'a periodic task failed; it will be tried again');
  const places =
    config.geoipFile === null ? [] : [clock.every(limits.geoipEveryMs, () => assembly.geoip.refresh(), complain)];
  const lists =
    pathsOf(config).length > 0 ? [clock.every(limits.listsEveryMs, () => assembly.lists.refresh(), complain)] : [];
  const { secrets } = assembly;
  const followed = secrets.follows
    ? [clock.every(limits.secretsEveryMs, () => assembly.followSecrets(), complain)]
    : [];
  return [
    ...followed,
    ...places,
    ...lists,
    clock.every(limits.watermarksEveryMs, () => refreshWatermarks(assembly, logger), complain),
    clock.every(limits.purseEveryMs, () => assembly.purse.settle(), complain),
    clock.every(limits.catalogEveryMs, () => assembly.feed.refresh(), complain),
    clock.every(limits.catalogPollMs, () => poll(assembly), complain),
  ];
}

/** While the log is away changes come from Postgres alone. */
async function poll({ journal, feed }: Assembly): Promise<void> {
  if (journal.away) await feed.refresh();
}

/** A store that is away leaves the old watermarks standing; that is told once, not four times a second. */
async function refreshWatermarks(
  { watermarks, gate, journal, changed, metrics }: Assembly,
  logger: Logger,
): Promise<void> {
  const wasAway = gate.away;
  try {
    const wasCaughtUp = watermarks.caughtUp;
    await watermarks.refresh();
    journal.saw(watermarks.stores, watermarks.all);
    metrics.storeCatchingUp.set(watermarks.caughtUp ? 0 : 1);
    if (wasCaughtUp && !watermarks.caughtUp) logger.warn('the state store forgot; capped and budgeted campaigns wait');
    if (wasAway) logger.info('the state store answers again');
  } catch (err) {
    if (!wasAway) logger.warn({ err }, 'the state store does not answer; capped and budgeted campaigns wait');
  }
  changed();
}

/** Checked whenever something arrived, not by the clock: in virtual mode that stands still. */
function whenReady(assembly: Assembly, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!readinessOf({ ...assembly, clock }).ready) return false;
      resolve();
      return true;
    };
    if (!check()) assembly.onChange(check);
  });
}

async function close(
  app: FastifyInstance,
  assembly: Assembly,
  beats: readonly Disposable[],
  clock: Clock,
): Promise<void> {
  for (const beat of beats) beat[Symbol.dispose]();
  await app.close();
  await assembly.journal.close();
  await assembly.purse.empty();
  // Its group is of this boot alone: a broker that is silent need not hear that it ends.
  await Promise.race([assembly.feed.stop(), clock.sleep(limits.feedStopMs)]);
  await assembly.feed.keep();
}
