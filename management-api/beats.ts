import type { Logger } from 'pino';
import type { Clock } from '../engines/clock.ts';

/** Something that management does again and again beside answering. */
export interface Beat {
  readonly everyMs: number;
  /** For the log: "sending alerts". */
  readonly what: string;
  run(): Promise<unknown>;
}

/** Runs each, one round after the other; a failure is told once, until it goes on. `close` lets what is under way end. */
export function startBeats(
  beats: readonly Beat[],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): { close(): Promise<void> } {
  const running = new Set<Promise<unknown>>();
  const started = beats.map(({ everyMs, what, run }) => {
    let failing = false;
    return clock.every(
      everyMs,
      async () => {
        const round = run();
        running.add(round);
        try {
          await round;
          if (failing) logger.info(`${what} goes on`);
          failing = false;
        } finally {
          running.delete(round);
        }
      },
      (error) => {
        if (!failing) logger.warn({ err: error }, `${what} waits`);
        failing = true;
      },
    );
  });
  return {
    async close() {
      for (const one of started) one[Symbol.dispose]();
      await Promise.allSettled(running);
    },
  };
}
