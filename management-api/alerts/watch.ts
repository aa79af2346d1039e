import type { Logger } from 'pino';
import type { Clock } from '../../engines/clock.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { type EvaluatingParts, evaluateRules } from './evaluate.ts';
import { publishEvents, sendEvents } from './send.ts';

export interface WatchOptions extends EvaluatingParts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** host:port of webhooks inside this network that may be asked. */
  readonly allowed: readonly string[];
}

const EVALUATE_MS = 2_000;
const SEND_MS = 1_000;

/** Evaluates rules and sends what changed, for as long as the process runs. `close` lets what is under way end. */
export function watchAlerts(options: WatchOptions): { close(): Promise<void> } {
  const { clock, log, desk, allowed, logger } = options;
  const running = new Set<Promise<unknown>>();
  const beat = (everyMs: number, what: string, run: () => Promise<unknown>) => {
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
  };
  const beats = [
    beat(EVALUATE_MS, 'evaluating alerts', () => evaluateRules(options, clock.now())),
    beat(SEND_MS, 'publishing alerts', () => publishEvents(desk, log, clock.now())),
    beat(SEND_MS, 'sending alerts', () => sendEvents(desk, allowed, clock.now())),
  ];
  return {
    async close() {
      for (const one of beats) one[Symbol.dispose]();
      await Promise.allSettled(running);
    },
  };
}
