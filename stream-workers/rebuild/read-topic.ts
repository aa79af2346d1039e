import { randomUUID } from 'node:crypto';
import type { Clock } from '../../engines/clock.ts';
import type { EventLog, LogRecord } from '../../engines/event-log/event-log.ts';
import { decodeOf, encode, UndecodableError } from '../../schemas/codec.ts';
import type { WorkerRecord } from '../worker.ts';
import type { Progress } from './progress.ts';

/** A partition that says nothing for this long may hold nothing any more: a tick tells. */
const SILENT_MS = 5_000;
const LOOK_MS = 250;
/** An end that is older than this is asked for again: a long reading would end far behind. */
const END_AGE_MS = 2_000;
const MAX_BATCH = 2_000;

/** What was read of one partition. */
export interface PartitionRead {
  /** Next offset: everything below it that the log still holds was read. */
  readonly position: number;
  /** The oldest offset that the log still holds; the position where there is none. */
  readonly oldest: number;
  /** Append time of the oldest record, epoch ms; 0 where there is none. */
  readonly oldestAt: number;
  /** Append time of the last record, epoch ms; 0 where there is none. */
  readonly lastAt: number;
}

export interface ReadOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly topic: string;
  readonly progress: Progress;
  /** Records of one partition in order, undecodable ones left out; partitions may come side by side. */
  readonly take: (partition: number, records: readonly WorkerRecord[]) => void | Promise<void>;
}

interface Going {
  position: number;
  oldest: number | null;
  oldestAt: number;
  lastAt: number;
  heardAt: number;
}

/**
 * Reads a topic from its beginning to its end, in a group of its own; what is appended meanwhile too, until it is not far
 * from the end any more. An error of `take` rejects.
 */
export async function readTopic(options: ReadOptions): Promise<readonly PartitionRead[]> {
  const { log, clock, topic, progress } = options;
  let ends = await log.ends(topic);
  let askedAt = clock.now();
  const going = ends.map((): Going => ({ position: 0, oldest: null, oldestAt: 0, lastAt: 0, heardAt: clock.now() }));
  const isOpen = (partition: number) => (going[partition]?.position ?? 0) < (ends[partition] ?? 0);
  const open = () => [...going.keys()].filter(isOpen);
  const done = Promise.withResolvers<void>();
  const settle = async () => {
    if (open().length > 0) return;
    if (clock.now() - askedAt > END_AGE_MS) {
      ends = await log.ends(topic);
      askedAt = clock.now();
    }
    if (open().length === 0) done.resolve();
  };
  progress.expect(topic, ends);
  await settle();
  const apply = async (records: readonly LogRecord[]) => {
    const [first] = records;
    const at = first && going[first.partition];
    if (!first || !at) return;
    if (at.oldest === null) begin(at, first);
    const fresh = records.filter(({ offset }) => offset >= at.position);
    await options.take(first.partition, fresh.flatMap(decoded));
    for (const { offset, appendedAt } of fresh) {
      at.position = offset + 1;
      at.lastAt = appendedAt;
    }
    at.heardAt = clock.now();
    const end = Math.max(at.position, ends[first.partition] ?? 0);
    progress.read(topic, first.partition, { oldest: at.oldest ?? 0, position: at.position, end }, fresh);
    await settle();
  };
  const subscription = await log.subscribe(
    `rebuild-${randomUUID()}`,
    [topic],
    {
      resume: async ({ partition }) => going[partition]?.position ?? 0,
      apply: (records) =>
        apply(records).catch((error: unknown) => {
          done.reject(error);
        }),
    },
    { maxBatch: MAX_BATCH },
  );
  const look = clock.every(LOOK_MS, () => tickSilent(options, open(), going), done.reject);
  try {
    await done.promise;
  } finally {
    look[Symbol.dispose]();
    await subscription.stop();
  }
  return going.map(({ position, oldest, oldestAt, lastAt }) => ({
    position,
    oldest: oldest ?? position,
    oldestAt,
    lastAt,
  }));
}

function begin(at: Going, first: LogRecord): void {
  at.oldest = first.offset;
  at.oldestAt = first.appendedAt;
  at.position = first.offset;
}

/** Where the log has dropped all that was there, only a new record tells that nothing is left to be read. */
async function tickSilent({ log, clock, topic }: ReadOptions, open: readonly number[], going: readonly Going[]) {
  const silent = open.filter((partition) => {
    const at = going[partition];
    return at?.oldest === null && clock.now() - at.heardAt >= SILENT_MS;
  });
  if (silent.length === 0) return;
  const value = encode('tick', { group: 'rebuild' });
  await log.append(
    topic,
    silent.map((partition) => ({ partition, key: 'tick', value })),
  );
  for (const partition of silent) {
    const at = going[partition];
    if (at) at.heardAt = clock.now();
  }
}

/** A dead letter is passed over here as it was when a worker met it. */
function decoded({ topic, partition, offset, appendedAt, value }: LogRecord): readonly WorkerRecord[] {
  try {
    return [{ topic, partition, offset, appendedAt, record: decodeOf(topic, value) }];
  } catch (error) {
    if (error instanceof UndecodableError) return [];
    throw error;
  }
}
