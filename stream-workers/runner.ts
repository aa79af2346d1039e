import type { Logger } from 'pino';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog, Lease, LogRecord, Subscription, TopicPartition } from '../engines/event-log/event-log.ts';
import type { Random } from '../engines/random.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import { decodeOf, encode, UndecodableError } from '../schemas/codec.ts';
import { type DeadRecord, toDeadLetters } from './dead-letters.ts';
import { moveHead, readHeads } from './heads.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { Beat, BeatContext, Context, Worker, WorkerRecord } from './worker.ts';

/** What the runner is given. */
export interface RunnerEngines {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EventLog;
  readonly store: StateStore;
  readonly warehouse: Warehouse;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
}

export interface Runner {
  readonly name: string;
  assigned(): readonly TopicPartition[];
  close(): Promise<void>;
}

/** How often lag and watermarks are measured and quiet partitions looked at. */
const LOOK_MS = 250;

/** A partition behind which nothing is heard for this long is ticked too: the log may have forgotten what it lags behind. */
const SILENT_MS = 60_000;

interface Progress {
  position: number;
  watermark: number;
  /** Clock time of the last record, or of the tick that was appended for want of one. */
  heardAt: number;
}

/**
 * Polls, resumes, applies, retries, dead-letters, keeps heads and watermarks, measures and drains for one worker.
 * A failed batch is left to the log, which pauses and begins again from the head.
 */
export async function startRunner(worker: Worker, engines: RunnerEngines): Promise<Runner> {
  const { log, store, clock, logger, metrics } = engines;
  const progress = new Map<string, Progress>();
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

  async function resume(lease: Lease): Promise<number> {
    const [head] = await readHeads(store, worker.name, [lease]);
    const position = head?.position ?? 0;
    progress.set(nameOf(lease), { position, watermark: head?.watermark ?? 0, heardAt: clock.now() });
    return position;
  }

  async function apply(records: readonly LogRecord[], lease: Lease): Promise<void> {
    const first = records[0];
    const last = records.at(-1);
    if (!first || !last) return;
    try {
      const { good, dead } = sort(records);
      if (dead.length > 0) await toDeadLetters(log, worker.name, dead);
      const watermark = last.appendedAt - engines.config.logClockMarginMs;
      const batch = { topic: lease.topic, partition: lease.partition, records: good, watermark };
      const outcomes = good.length > 0 ? await worker.handle(batch, contextOf(lease.lost)) : [];
      const next = { position: last.offset + 1, watermark };
      // Where the log has forgotten records, a batch begins further on than the head: only a head that went back is a loss.
      const from = progress.get(nameOf(lease))?.position ?? first.offset;
      await measure('head', () => moveHead(store, worker.name, lease, from, next));
      progress.set(nameOf(lease), { ...next, heardAt: clock.now() });
      metrics.batch.observe({ group: worker.name }, records.length);
      for (const { outcome } of outcomes) metrics.outcomes.inc({ group: worker.name, outcome });
      if (dead.length > 0) metrics.outcomes.inc({ group: worker.name, outcome: 'dead_letter' }, dead.length);
    } catch (error) {
      const code = error instanceof EngineError ? error.code : 'fault';
      metrics.failures.inc({ group: worker.name, code });
      logger.warn({ err: error, group: worker.name, at: nameOf(lease), from: first.offset }, 'batch failed');
      throw error;
    }
  }

  async function measure<T>(step: string, run: () => Promise<T>): Promise<T> {
    const began = clock.ticks();
    try {
      return await run();
    } finally {
      metrics.step.observe({ group: worker.name, step }, (clock.ticks() - began) / 1e6);
    }
  }

  const shared: Omit<Context, 'lost'> = {
    store,
    log,
    clock,
    warehouse: engines.warehouse,
    config: engines.config,
    random: engines.random,
    measure,
    effect: (effect, receivedAt) => metrics.effect.observe({ effect }, Math.max(0, clock.now() - receivedAt) / 1000),
  };
  const contextOf = (lost: AbortSignal): Context => ({ ...shared, lost });

  const options = { maxBatch: worker.maxBatch };
  const subscription = await log.subscribe(worker.name, worker.reads, { resume, apply }, options);
  const beatContext: BeatContext = { ...shared, assigned: () => subscription.assigned() };
  const look: Beat = { everyMs: LOOK_MS, run: () => lookAround(worker, engines, subscription, progress) };
  const beats = [...worker.beats, look].map((beat) =>
    clock.every(
      beat.everyMs,
      () => beat.run(beatContext),
      (error) => logger.warn({ err: error, group: worker.name }, 'beat failed'),
    ),
  );
  return {
    name: worker.name,
    assigned: () => subscription.assigned(),
    async close() {
      for (const beat of beats) beat[Symbol.dispose]();
      await subscription.stop();
    },
  };
}

/** Dead letters go first and are decided from the bytes alone, so a replay decides alike. */
function sort(records: readonly LogRecord[]): { readonly good: WorkerRecord[]; readonly dead: DeadRecord[] } {
  const good: WorkerRecord[] = [];
  const dead: DeadRecord[] = [];
  for (const record of records) {
    try {
      const { topic, partition, offset, appendedAt } = record;
      good.push({ topic, partition, offset, appendedAt, record: decodeOf(topic, record.value) });
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      dead.push({ record, reason: 'undecodable', detail: error.message });
    }
  }
  return { good, dead };
}

/** Measures lag and watermarks, and gives quiet partitions their tick. */
async function lookAround(
  worker: Worker,
  { log, clock, config, metrics }: RunnerEngines,
  subscription: Subscription,
  progress: Map<string, Progress>,
): Promise<void> {
  const held = subscription.assigned();
  for (const topic of worker.reads) {
    const ends = await log.ends(topic);
    const ticking = worker.ticks.includes(topic);
    const quiet: number[] = [];
    let lag = 0;
    for (const { partition } of held.filter((one) => one.topic === topic)) {
      const at = progress.get(`${topic}/${partition}`);
      if (!at) continue;
      const behind = Math.max(0, (ends[partition] ?? 0) - at.position);
      lag += behind;
      if (!ticking) continue;
      const age = Math.max(0, clock.now() - at.watermark) / 1000;
      metrics.watermarkAge.set({ group: worker.name, partition: String(partition) }, at.watermark === 0 ? 0 : age);
      if (clock.now() - at.heardAt < (behind > 0 ? Math.max(SILENT_MS, config.tickAfterMs) : config.tickAfterMs))
        continue;
      quiet.push(partition);
      at.heardAt = clock.now();
    }
    metrics.lag.set({ group: worker.name, topic }, lag);
    if (quiet.length > 0) {
      const value = encode('tick', { group: worker.name });
      await log.append(
        topic,
        quiet.map((partition) => ({ partition, key: 'tick', value })),
      );
    }
  }
}
