import type { Logger } from 'pino';
import type { Clock } from '../../engines/clock.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { startBeats } from '../beats.ts';
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
  const { clock, log, desk, allowed } = options;
  return startBeats(
    [
      { everyMs: EVALUATE_MS, what: 'evaluating alerts', run: () => evaluateRules(options, clock.now()) },
      { everyMs: SEND_MS, what: 'publishing alerts', run: () => publishEvents(desk, log, clock.now()) },
      { everyMs: SEND_MS, what: 'sending alerts', run: () => sendEvents(desk, allowed, clock.now()) },
    ],
    options,
  );
}
