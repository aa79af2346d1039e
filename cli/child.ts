import type { Logger } from 'pino';
import { systemClock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { type Endpoints, keepEndpoints } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { systemRandom } from '../engines/random.ts';

const DRAIN_MS_MAX = 9_000;
/** An engine that is away when a process starts is waited for here; an end and a new start would cost much more. */
const TRY_AGAIN_MS = { first: 250, most: 5_000 };
const TRY_FOR_MS = 300_000;

interface Opened {
  readonly name: string;
  readonly close: () => Promise<void>;
}
type Start = (opened: (name: string, close: () => Promise<void>) => void) => Promise<void>;

/**
 * Runs until SIGTERM, SIGINT or the death of the parent, then closes what was started, last first, and exits: 0, or 1 when
 * something could not be closed in time. `start` registers each thing it opened as soon as it is open. While an engine does
 * not answer it is tried again, for at most five minutes. The parent is told why it could not start.
 */
export async function runUntilStopped(logger: Logger, start: Start): Promise<never> {
  const closers: Opened[] = [];
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    process.on('disconnect', () => resolve('the parent is gone'));
  });
  let failed = false;
  const started = startPatiently(logger, start, closers).then(
    () => new Promise<never>(() => {}),
    (error: unknown) => {
      failed = true;
      logger.fatal({ err: error }, 'cannot start');
      process.send?.({ problem: error instanceof Error ? error.message : String(error) });
      return 'it could not start';
    },
  );
  const why = await Promise.race([stopped, started]);
  logger.info({ why }, 'stopping');
  const deadline = setTimeout(() => {
    logger.error('not everything closed in time');
    process.exit(1);
  }, DRAIN_MS_MAX);
  if (!(await closeAll(logger, closers))) failed = true;
  clearTimeout(deadline);
  process.exit(failed ? 1 : 0);
}

/** What a failed try had opened is closed before the next. */
async function startPatiently(logger: Logger, start: Start, closers: Opened[]): Promise<void> {
  const clock = systemClock();
  const random = systemRandom(clock);
  const giveUpAt = clock.now() + TRY_FOR_MS;
  for (let waitMs = TRY_AGAIN_MS.first; ; waitMs = Math.min(waitMs * 2, TRY_AGAIN_MS.most)) {
    try {
      return await start((name, close) => closers.push({ name, close }));
    } catch (error) {
      if (!(error instanceof EngineError && error.retryable) || clock.now() > giveUpAt) throw error;
      logger.warn({ err: error }, 'cannot start yet');
    }
    await closeAll(logger, closers);
    await clock.sleep(waitMs * (0.5 + random.unit()));
  }
}

/** Last first. False: something could not be closed. */
async function closeAll(logger: Logger, closers: Opened[]): Promise<boolean> {
  let clean = true;
  for (const { name, close } of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      clean = false;
      logger.error({ err: error, name }, 'did not close cleanly');
    }
  }
  return clean;
}

/** Tells where this process answers: the parent, who keeps it, or without a parent the data folder. */
export function announce(config: Config, found: Endpoints): void {
  if (process.send) process.send({ endpoints: found });
  else keepEndpoints(config.dataDir, found);
}
