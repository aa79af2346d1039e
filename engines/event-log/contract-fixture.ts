import assert from 'node:assert/strict';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import type { EventLog, OutRecord } from './event-log.ts';

/** What an adapter hands to each behaviour: a log of its own, on the system clock. */
export interface EventLogFixture {
  readonly log: EventLog;
  /** How long members may take to share partitions anew. */
  readonly patienceMs: number;
  sleep(ms: number): Promise<void>;
}

/** One promise of the port, by name; `check` rejects where an adapter breaks it. */
export interface EventLogBehaviour {
  readonly name: string;
  check(fixture: EventLogFixture): Promise<void>;
}

export const RETENTION_MS = 7 * 24 * 3_600_000;

/** A topic in a log that is new, so that any name will do. */
export async function makeTopic(log: EventLog, name: string, partitions: number): Promise<string> {
  await log.ensureTopics([{ name, partitions, retentionMs: RETENTION_MS }]);
  return name;
}

export function records(partition: number, ...texts: string[]): OutRecord[] {
  return texts.map((text) => ({ partition, key: `key of ${text}`, value: Buffer.from(text) }));
}

export async function rejectsWith(code: EngineErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof EngineError && error.code === code, `expected ${code}`);
}

export async function until(fixture: EventLogFixture, what: string, met: () => boolean): Promise<void> {
  for (let waited = 0; !met(); waited += 5) {
    assert.ok(waited < fixture.patienceMs, `${what}: not within ${fixture.patienceMs} ms`);
    await fixture.sleep(5);
  }
}
