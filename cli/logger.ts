import { type Logger, pino } from 'pino';
import type { Config } from '../engines/config.ts';

/** JSON lines on standard error, so that standard output stays a command's own. */
export function createLogger(config: Config, name: string): Logger {
  return pino({ name, level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
}
