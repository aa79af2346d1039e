import type { Logger } from 'pino';
import { startBeats } from '../beats.ts';
import { type UnwrapParts, unwrapDue } from './unwrap-due.ts';

const EVERY_MS = 2_000;

/** Follows third parties' tags ahead of time, for as long as the process runs. `close` lets what is under way end. */
export function watchTags(parts: UnwrapParts & { readonly logger: Logger }): { close(): Promise<void> } {
  return startBeats([{ everyMs: EVERY_MS, what: 'unwrapping tags', run: () => unwrapDue(parts) }], parts);
}
