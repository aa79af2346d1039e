import type { Logger } from 'pino';
import type { Config } from '../engines/config.ts';
import { type Endpoints, keepEndpoints } from '../engines/endpoints.ts';

const DRAIN_MS_MAX = 9_000;

/**
 * Runs until SIGTERM, SIGINT or the death of the parent, then closes what was started, last first, and exits: 0, or 1 when
 * something could not be closed in time. `start` registers each thing it opened as soon as it is open.
 */
export async function runUntilStopped(
  logger: Logger,
  start: (opened: (name: string, close: () => Promise<void>) => void) => Promise<void>,
): Promise<never> {
  const closers: { readonly name: string; readonly close: () => Promise<void> }[] = [];
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    process.on('disconnect', () => resolve('the parent is gone'));
  });
  let failed = false;
  const started = start((name, close) => closers.push({ name, close })).then(
    () => new Promise<never>(() => {}),
    (error: unknown) => {
      failed = true;
      logger.fatal({ err: error }, 'cannot start');
      return 'it could not start';
    },
  );
  const why = await Promise.race([stopped, started]);
  logger.info({ why }, 'stopping');
  const deadline = setTimeout(() => {
    logger.error('not everything closed in time');
    process.exit(1);
  }, DRAIN_MS_MAX);
  for (const { name, close } of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      failed = true;
      logger.error({ err: error, name }, 'did not close cleanly');
    }
  }
  clearTimeout(deadline);
  process.exit(failed ? 1 : 0);
}

/** Tells where this process answers: the parent, who keeps it, or without a parent the data folder. */
export function announce(config: Config, found: Endpoints): void {
  if (process.send) process.send({ endpoints: found });
  else keepEndpoints(config.dataDir, found);
}
