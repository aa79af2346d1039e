import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { engineErrorCodes } from '../engines/errors.ts';
import { events } from '../schemas/events.ts';

/** What workers say of themselves. One registry per process. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly watermarkAge: Gauge<'group' | 'partition'>;
  readonly lag: Gauge<'group' | 'topic'>;
  readonly partitionLag: Gauge<'group' | 'topic' | 'partition'>;
  readonly assigned: Gauge<'group' | 'topic'>;
  readonly topicPartitions: Gauge<'topic'>;
  readonly batch: Histogram<'group'>;
  readonly step: Histogram<'group' | 'step'>;
  readonly outcomes: Counter<'group' | 'outcome'>;
  readonly failures: Counter<'group' | 'code'>;
  readonly undecodable: Counter<'topic'>;
  readonly effect: Histogram<'effect'>;
  readonly processing: Histogram<'effect'>;
  readonly signals: Counter<'kind'>;
  readonly catchingUp: Gauge<'group'>;
  readonly waitsForJournals: Gauge<'group'>;
  readonly closedMinute: Gauge;
  readonly heldMicros: Gauge;
  readonly heldReservations: Gauge;
}

export const EFFECT_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];

/**
 * `groups`: of the workers in this process. The series of theirs that alerts watch are there from the beginning: one that is born
 * with its first event has not increased since, so `rate` and `increase` would not see that event.
 */
export function createWorkerMetrics(groups: readonly string[] = []): WorkerMetrics {
  const metrics = instruments();
  for (const group of groups) {
    metrics.outcomes.inc({ group, outcome: 'dead_letter' }, 0);
    for (const code of [...engineErrorCodes, 'fault']) metrics.failures.inc({ group, code }, 0);
  }
  metrics.undecodable.inc({ topic: events['catalog-change'].topic }, 0);
  return metrics;
}

function instruments(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    ...partitionMetrics(registers),
    batch: new Histogram({
      name: 'breakwater_batch_records',
      help: 'Records in one batch',
      labelNames: ['group'],
      buckets: [1, 5, 20, 50, 100, 250, 500, 1000, 2000],
      registers,
    }),
    step: new Histogram({
      name: 'breakwater_step_seconds',
      help: 'Time of one step of a batch',
      labelNames: ['group', 'step'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
    outcomes: new Counter({
      name: 'breakwater_outcomes_total',
      help: 'Records by what became of them',
      labelNames: ['group', 'outcome'],
      registers,
    }),
    failures: new Counter({
      name: 'breakwater_batch_failures_total',
      help: 'Batches that failed and will come again, and failed looks at where to go on, by cause',
      labelNames: ['group', 'code'],
      registers,
    }),
    undecodable: new Counter({
      name: 'breakwater_undecodable_total',
      help: 'Records of a topic outside the groups that could not be used',
      labelNames: ['topic'],
      registers,
    }),
    effect: new Histogram({
      name: 'breakwater_event_to_effect_seconds',
      help: 'From the receipt of a beacon to its effect',
      labelNames: ['effect'],
      buckets: EFFECT_BUCKETS_SECONDS,
      registers,
    }),
    processing: new Histogram({
      name: 'breakwater_processing_seconds',
      help: 'From the arrival of a beacon at its worker to its effect',
      labelNames: ['effect'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2, 5],
      registers,
    }),
    signals: new Counter({
      name: 'breakwater_signals_published_total',
      help: 'Campaign signals published',
      labelNames: ['kind'],
      registers,
    }),
    ...heldMetrics(registers),
  };
}

/** Which partitions are held, and how far behind they are. */
function partitionMetrics(
  registers: Registry[],
): Pick<WorkerMetrics, 'watermarkAge' | 'lag' | 'partitionLag' | 'assigned' | 'topicPartitions'> {
  return {
    watermarkAge: new Gauge({
      name: 'breakwater_watermark_age_seconds',
      help: 'How far a partition is behind: now less its watermark',
      labelNames: ['group', 'partition'],
      registers,
    }),
    lag: new Gauge({
      name: 'breakwater_consumer_lag_records',
      help: 'Records appended and not yet applied, over the partitions held here',
      labelNames: ['group', 'topic'],
      registers,
    }),
    partitionLag: new Gauge({
      name: 'breakwater_partition_lag_records',
      help: 'Records appended and not yet applied, of one partition held here',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    assigned: new Gauge({
      name: 'breakwater_assigned_partitions',
      help: 'Partitions held here',
      labelNames: ['group', 'topic'],
      registers,
    }),
    topicPartitions: new Gauge({
      name: 'breakwater_topic_partitions',
      help: 'Partitions that the topic has',
      labelNames: ['topic'],
      registers,
    }),
  };
}

/** What waits for a minute to close or a place to be decided. */
function heldMetrics(
  registers: Registry[],
): Pick<WorkerMetrics, 'catchingUp' | 'waitsForJournals' | 'closedMinute' | 'heldMicros' | 'heldReservations'> {
  return {
    catchingUp: new Gauge({
      name: 'breakwater_store_catching_up_partitions',
      help: 'Partitions held here whose effects are being applied again because a store forgot',
      labelNames: ['group'],
      registers,
    }),
    waitsForJournals: new Gauge({
      name: 'breakwater_store_waits_for_journals',
      help: 'Journals that may hold decisions from before a store forgot',
      labelNames: ['group'],
      registers,
    }),
    closedMinute: new Gauge({
      name: 'breakwater_closed_minute',
      help: 'Epoch minute up to which money is closed',
      registers,
    }),
    heldMicros: new Gauge({
      name: 'breakwater_held_micros',
      help: 'Money taken by deciders and not yet closed, over the campaigns on duty here',
      registers,
    }),
    heldReservations: new Gauge({
      name: 'breakwater_held_reservations',
      help: 'Places under caps that wait for their impression or their expiry, as last seen by this worker',
      registers,
    }),
  };
}
