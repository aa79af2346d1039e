import type { Logger } from 'pino';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog, Lease, LogRecord, TopicPartition } from '../engines/event-log/event-log.ts';
import type { Random } from '../engines/random.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import { decodeOf, UndecodableError } from '../schemas/codec.ts';
import { advanced, isOutdated, reappliedMs, type Standing, standingOf, tokensAreOver } from './catch-up.ts';
import { type DeadRecord, toDeadLetters } from './dead-letters.ts';
import { Failing } from './failing.ts';
import { tokenLifeMs } from './first-sight.ts';
import { moveHead } from './heads.ts';
import { keepJournals, unsure, withMarks } from './journals.ts';
import { lookAround } from './look-around.ts';
import { deservesMark, noteMark } from './marks.ts';
import type { WorkerMetrics } from './metrics.ts';
import { PartitionGauges } from './partition-gauges.ts';
import { Turns } from './turns.ts';
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
  /** Which partition it cannot apply, and why; null: none of those it holds. */
  failing(): string | null;
  close(): Promise<void>;
}

/** Batches of one worker that are applied at once: so many overlap well, and more would hold the process up for too long. */
const AT_ONCE = 4;

/** How often lag and watermarks are measured and quiet partitions looked at. */
const LOOK_MS = 250;

/** How often the log is asked where its partitions end: two calls of a broker for each topic. */
const ENDS_MS = 1_000;

export interface Progress {
  standing: Standing;
  /** Append time of the newest mark that this process wrote. */
  markedAt: number;
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
  /** As last seen; a partition that does not know them all goes back before it writes anything. */
  let storesNow: readonly string[] = [];
  /** How far back marks must reach; grows when an instance notes a longer token life. */
  let spanMs = reappliedMs(engines.config.tokenLifeMs);
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
  const failing = new Failing();
  // One that gathers batches of many partitions waits for all of them.
  const turns = new Turns(worker.fence ? AT_ONCE : Number.POSITIVE_INFINITY);

  /** `from`: the offset that a batch began at; null: it was where to go on that could not be found out. */
  function failed(lease: Lease, error: unknown, from: number | null): void {
    failing.failed(lease, error, from);
    metrics.failures.inc({ group: worker.name, code: error instanceof EngineError ? error.code : 'fault' });
    logger.warn(
      { err: error, group: worker.name, at: nameOf(lease), from },
      `${from === null ? 'resume' : 'batch'} failed`,
    );
  }

  async function resume(lease: Lease): Promise<number> {
    const standing = await standingOf(worker, lease, engines).catch((error: unknown) => {
      failed(lease, error, null);
      throw error;
    });
    failing.resumed(lease, standing.position);
    progress.set(nameOf(lease), { standing, markedAt: 0, heardAt: clock.now() });
    if (standing.catchUp) {
      const { position, catchUp } = standing;
      logger.warn(
        { group: worker.name, at: nameOf(lease), from: position, to: catchUp.position },
        'catching up a store',
      );
    }
    return standing.position;
  }

  const apply = (records: readonly LogRecord[], lease: Lease) => {
    const began = clock.ticks();
    return turns.take(() => applyNow(records, lease, began));
  };

  /** `began`: when the batch came to this worker, by `clock.ticks`. */
  async function applyNow(records: readonly LogRecord[], lease: Lease, began: number): Promise<void> {
    const first = records[0];
    if (!first) return;
    if (lease.lost.aborted) throw new EngineError('lease_lost', nameOf(lease));
    try {
      const { good, dead } = sort(records);
      if (dead.length > 0) await toDeadLetters(log, worker.name, dead);
      const outcomes = await applyGood(good, records, lease, began);
      metrics.batch.observe({ group: worker.name }, records.length);
      for (const { outcome } of outcomes) metrics.outcomes.inc({ group: worker.name, outcome });
      if (dead.length > 0) metrics.outcomes.inc({ group: worker.name, outcome: 'dead_letter' }, dead.length);
      failing.applied(lease);
    } catch (error) {
      failed(lease, error, first.offset);
      throw error;
    }
  }

  /** Effects, then the mark, then the head. */
  async function applyGood(good: readonly WorkerRecord[], records: readonly LogRecord[], lease: Lease, began: number) {
    const [first, last] = [records[0], records.at(-1)];
    const now = progress.get(nameOf(lease));
    if (!first || !last || !now) throw new Error(`${nameOf(lease)} has records and was never resumed`);
    const { standing } = now;
    if (isOutdated(standing, storesNow)) {
      throw new EngineError('store_lost_writes', `a store of ${nameOf(lease)} has changed its id`);
    }
    const watermark = last.appendedAt - engines.config.logClockMarginMs;
    const next = await nextOf(worker, lease, standing, { good, position: last.offset + 1, watermark }, engines);
    const context = contextOf(lease.lost, standing, began);
    const batch = { topic: lease.topic, partition: lease.partition, records: good, watermark };
    const outcomes = good.length > 0 ? await worker.handle(batch, context) : [];
    if (standing.catchUp && !next.catchUp) await worker.fence?.restored(lease, context);
    let { markedAt } = now;
    if (worker.fence && deservesMark(first, markedAt)) {
      markedAt = await noteMark(store, worker.name, first, spanMs, standing.stores);
    }
    if (next.journals !== standing.journals) {
      await keepJournals(store, worker.name, lease.partition, next.journals, standing.stores);
    }
    const head = { ...next, caughtUp: next.catchUp === null };
    // The oldest kept record may lie after the position: nobody can apply what the log has dropped.
    await measure('head', () => moveHead(store, worker.name, lease, Math.min(first.offset, standing.position), head));
    progress.set(nameOf(lease), { standing: next, markedAt, heardAt: clock.now() });
    return outcomes;
  }

  async function measure<T>(step: string, run: () => Promise<T>): Promise<T> {
    const began = clock.ticks();
    try {
      return await run();
    } finally {
      metrics.step.observe({ group: worker.name, step }, (clock.ticks() - began) / 1e6);
    }
  }

  const shared: Omit<Context, 'lost' | 'stores' | 'catchingUpSince'> = {
    store,
    log,
    clock,
    warehouse: engines.warehouse,
    config: engines.config,
    random: engines.random,
    measure,
    effect: (effect, receivedAt) => metrics.effect.observe({ effect }, Math.max(0, clock.now() - receivedAt) / 1000),
  };
  const contextOf = (lost: AbortSignal, { stores, catchUp }: Standing, began: number): Context => ({
    ...shared,
    effect: (effect, receivedAt) => {
      shared.effect(effect, receivedAt);
      metrics.processing.observe({ effect }, (clock.ticks() - began) / 1e6);
    },
    lost,
    stores,
    catchingUpSince: catchUp?.since ?? null,
  });

  const options = { maxBatch: worker.maxBatch };
  const subscription = await log.subscribe(worker.name, worker.reads, { resume, apply }, options);
  const beatContext: BeatContext = { ...shared, assigned: () => subscription.assigned() };
  const gauges = new PartitionGauges(worker.name, metrics);
  const ends = new Map<string, readonly number[]>();
  let endsAt = Number.NEGATIVE_INFINITY;
  const look: Beat = {
    everyMs: LOOK_MS,
    async run() {
      try {
        if (worker.fence) {
          storesNow = await store.stores();
          spanMs = reappliedMs(await tokenLifeMs(engines));
        }
      } finally {
        // A store that is away is why lag grows, and no reason to tell that of before.
        if (clock.now() >= endsAt + ENDS_MS) {
          endsAt = clock.now();
          for (const topic of worker.reads) ends.set(topic, await log.ends(topic));
        }
        await lookAround(worker, engines, { subscription, progress, stores: storesNow, gauges, ends });
      }
    },
  };
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
    failing: () => failing.told(),
    async close() {
      for (const beat of beats) beat[Symbol.dispose]();
      await subscription.stop();
    },
  };
}

/** Where a partition stands once these records are applied. */
async function nextOf(
  worker: Worker,
  { partition }: TopicPartition,
  standing: Standing,
  read: { readonly good: readonly WorkerRecord[]; readonly position: number; readonly watermark: number },
  engines: RunnerEngines,
): Promise<Standing> {
  if (!worker.fence) return advanced(standing, read.position, read.watermark, [], false);
  const journals = withMarks(standing.journals, read.good);
  const blocked = standing.catchUp !== null && unsure(journals, standing.stores ?? []).length > 0;
  const over = blocked && (await tokensAreOver(worker.name, partition, standing, read.watermark, engines));
  return advanced(standing, read.position, read.watermark, journals, over);
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
