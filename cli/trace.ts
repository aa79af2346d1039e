import { isPodOf } from '../domain/request.ts';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { openEventLog } from '../engines/open.ts';
import { decodeOf, UndecodableError } from '../schemas/codec.ts';
import type { AdBeacon, AdRequest } from '../schemas/records.ts';
import { readTopic } from './read-topic.ts';

/** One record that carries the request id, and where it is: what workers' logs and raw rows name it by. */
export interface Traced {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms, the log's clock. */
  readonly appended_at: number;
  readonly record: AdRequest | AdBeacon;
}

/** `breakwater trace <request_id>`: the request and its beacons in order of arrival; exit code 1 where there is nothing. */
export async function traceCommand(requestId: string): Promise<void> {
  const log = await openEventLog(readConfig(), systemClock());
  try {
    const found = await traceRequest(log, requestId);
    for (const one of found) process.stdout.write(`${JSON.stringify(one)}\n`);
    if (found.length > 0) return;
    process.stderr.write(`no record carries the request id ${requestId}\n`);
    process.exitCode = 1;
  } finally {
    await log.close();
  }
}

/**
 * The request, or the pods of the stream that it asked for, and their beacons in order of arrival, repeated ones included. Records that
 * cannot be read are passed over.
 */
export async function traceRequest(log: EventLog, requestId: string): Promise<readonly Traced[]> {
  const found: Traced[] = [];
  const ids = new Set([requestId]);
  for (const name of topics) {
    await readTopic(log, name, ({ topic, partition, offset, appendedAt, value }) => {
      const record = recordOf(topic, value);
      if (record === null) return;
      if ('break_id' in record && isPodOf(record, requestId)) ids.add(record.request_id);
      if (ids.has(record.request_id)) found.push({ topic, partition, offset, appended_at: appendedAt, record });
    });
  }
  return found.toSorted((a, b) => a.appended_at - b.appended_at || topics.indexOf(a.topic) - topics.indexOf(b.topic));
}

/** Requests first: they say which pods there are. */
const topics = ['ad-requests', 'ad-beacons'];

function recordOf(topic: string, value: Buffer): AdRequest | AdBeacon | null {
  try {
    const { name, value: record } = decodeOf(topic, value);
    return name === 'ad-request' || name === 'ad-beacon' ? record : null;
  } catch (error) {
    if (error instanceof UndecodableError) return null;
    throw error;
  }
}
