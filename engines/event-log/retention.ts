import type { LmdbEnvironment } from '../lmdb/environment.ts';
import type { LogStore } from './log-store.ts';

const CHUNK = 500;

/** Removes records older than their topic's retention, in small transactions so that appends are not held up. */
export async function sweep(environment: LmdbEnvironment, store: LogStore, nowMs: number): Promise<void> {
  environment.refresh();
  for (const topic of store.topics()) {
    const { partitions, retentionMs } = store.settings(topic);
    for (let partition = 0; partition < partitions; partition++) {
      await trim(environment, store, { topic, partition, beforeMs: nowMs - retentionMs });
    }
  }
}

interface Trim {
  readonly topic: string;
  readonly partition: number;
  readonly beforeMs: number;
}

async function trim(environment: LmdbEnvironment, store: LogStore, { topic, partition, beforeMs }: Trim) {
  const oldest = store.read(topic, partition, 0, 1)[0];
  if (!oldest || oldest.appendedAt >= beforeMs) return;
  let removed = CHUNK;
  while (removed === CHUNK) {
    removed = await environment.write(() => store.trimInTransaction(topic, partition, beforeMs, CHUNK));
  }
}
