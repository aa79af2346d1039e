import type { OutRecord } from './event-log.ts';

/** What one call may bring to one partition: it and its neighbours fit in what brokers take by default (1 MiB). */
export const APPEND_BYTES_MAX = 900 * 1024;
const RECORD_OVERHEAD_BYTES = 64;

/** What a record takes of it. */
export function bytesOf({ key, value }: OutRecord): number {
  return value.length + Buffer.byteLength(key) + RECORD_OVERHEAD_BYTES;
}
