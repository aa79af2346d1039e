import type { Clock } from '../clock.ts';
import { VirtualClock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { LmdbEnvironment } from '../lmdb/environment.ts';
import type { EventLog, Subscription } from './event-log.ts';
import { LeaseBook } from './leases.ts';
import { LmdbSubscription } from './lmdb-subscription.ts';
import { LogStore } from './log-store.ts';
import { sweep } from './retention.ts';

export interface LmdbEventLogOptions {
  /** A folder; made if absent. Any number of processes of one machine may open it. */
  readonly path: string;
  readonly clock: Clock;
  /** How often subscriptions look for new records. Default 20. */
  readonly pollMs?: number;
  /** As in EnvironmentOptions. Default true. */
  readonly flush?: boolean;
  /** As in EnvironmentOptions. Default false. */
  readonly inline?: boolean;
  /** Hears of failures in the background. Default: a process warning. */
  readonly onError?: (error: unknown) => void;
}

const POLL_MS = 20;
const MAX_BATCH = 500;
const SWEEP_MS = 3_600_000;

/**
 * The embedded event log: one LMDB folder shared by processes of one machine. Layout: log-store.ts and leases.ts.
 *
 * `append` resolves once committed and flushed (about 1 ms alone; concurrent appends share a commit): the records are
 * visible to every process and survive the death of this one. Append times are max(previous of the partition, clock).
 *
 * With a VirtualClock deliveries are in lock-step: each poll applies, one partition after another, what it found.
 */
export function openLmdbEventLog(options: LmdbEventLogOptions): EventLog {
  const { path, clock, pollMs = POLL_MS, flush = true, inline = false } = options;
  const onError = options.onError ?? ((error: unknown) => process.emitWarning(error as Error));
  const environment = new LmdbEnvironment({ path, clock, flush, inline, onError });
  const store = new LogStore(environment);
  const book = new LeaseBook(environment, store);
  const subscriptions = new Set<Promise<Subscription>>();
  const sweepAll = () => sweep(environment, store, clock.now());
  let sweeping: Promise<void> = sweepAll().catch(onError);
  const sweeper = clock.every(SWEEP_MS, () => (sweeping = sweepAll()), onError);
  let closing: Promise<void> | null = null;

  const close = async () => {
    sweeper[Symbol.dispose]();
    const joined = await Promise.allSettled(subscriptions);
    const stops = joined.flatMap((entry) => (entry.status === 'fulfilled' ? [entry.value.stop()] : []));
    const stopped = await Promise.allSettled([...stops, sweeping]);
    await environment.close();
    const failed = stopped.find((entry) => entry.status === 'rejected');
    if (failed) onError(failed.reason);
  };
  const refuseWhenClosing = () => {
    if (closing) throw new EngineError('closed', 'the event log');
  };

  return {
    async ensureTopics(specs) {
      refuseWhenClosing();
      await environment.write(() => store.ensureTopicsInTransaction(specs));
    },
    async partitions(topic) {
      environment.refresh();
      return store.settings(topic).partitions;
    },
    async append(topic, records) {
      refuseWhenClosing();
      return environment.write(() => store.appendInTransaction(topic, records, clock.now()));
    },
    async ends(topic) {
      environment.refresh();
      const { partitions } = store.settings(topic);
      return Array.from({ length: partitions }, (_, partition) => store.nextOffset(topic, partition));
    },
    async subscribe(group, topics, consumer, { maxBatch = MAX_BATCH } = {}) {
      refuseWhenClosing();
      const lockStep = clock instanceof VirtualClock;
      const about = { group, topics, consumer, maxBatch, pollMs, lockStep, clock, store, book, onError };
      const joining = new LmdbSubscription(about).start();
      subscriptions.add(joining);
      joining.catch(() => subscriptions.delete(joining));
      return joining;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
