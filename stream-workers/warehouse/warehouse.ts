import { judge, outcomeOf } from '../../domain/first-sight.ts';
import type { ViewerSuppressions } from '../../engines/catalog/viewer-suppressions.ts';
import { EngineError } from '../../engines/errors.ts';
import { type RollUpFamily, recompute, type Slice } from '../../engines/warehouse/roll-ups.ts';
import type { Batch, Context, Outcome, Worker, WorkerRecord } from '../worker.ts';
import { type FirstSights, findFirstSights, isRepeated } from './first-sights.ts';
import { Forgotten, isForgotten, nobodys } from './forgotten.ts';
import { gatherer } from './gatherer.ts';
import { beaconRow, conversionRow, isAfterRelease, minuteOf, requestAdRows, requestRow, signalRow } from './rows.ts';
import { containerOf, type RawTable, type Row, rawTables } from './tables.ts';

/** What became of a record in the warehouse. */
export type WarehouseOutcome = 'stored' | 'billed' | 'duplicate' | 'late' | 'invalid' | 'tick' | 'ignored';

export interface WarehouseWorkerOptions {
  /** Who asked to be forgotten; absent: nobody. */
  readonly suppressions?: Pick<ViewerSuppressions, 'all'>;
  /** How long batches wait for each other. Default 1,000; in virtual mode they do not wait. */
  readonly flushMs?: number;
  /** Records in one flush, about. Default 4,000: much shorter than a lease, or a slow warehouse would never be done before it ends. */
  readonly maxRecords?: number;
}

interface Waiting {
  readonly batch: Batch;
  readonly context: Context;
  readonly outcomes: Outcome[];
}

/**
 * Keeps every record as a raw row and the roll-ups of what it touched. Batches of all partitions are flushed together:
 * first sight, one insert per table, one recompute per roll-up; only then may their positions move. Whatever is
 * replayed writes the same rows again, so a kill at any point leaves nothing to repair.
 */
export function warehouseWorker(options: WarehouseWorkerOptions = {}): Worker {
  const flushMs = options.flushMs ?? 1000;
  const maxRecords = options.maxRecords ?? 4_000;
  const forgotten = new Forgotten(options.suppressions ?? { all: async () => [] });
  let latest: Context | undefined;
  const flushes = gatherer<Waiting>({
    wait: async () => {
      if (latest && latest.config.virtual === null && flushMs > 0) await latest.clock.sleep(flushMs);
      else await new Promise((resolve) => setImmediate(resolve));
    },
    flush: (waiting) => flush(waiting, forgotten),
    maxWeight: maxRecords,
    weightOf: ({ batch }) => batch.records.length,
  });
  return {
    name: 'warehouse',
    reads: ['ad-requests', 'ad-beacons', 'conversions', 'campaign-signals'],
    ticks: [],
    maxBatch: 2000,
    fence: null,
    async handle(batch, context) {
      const real = batch.records.filter(({ record }) => record.name !== 'tick');
      const outcomes = batch.records
        .filter(({ record }) => record.name === 'tick')
        .map(({ offset }): Outcome => outcome(offset, 'tick'));
      if (real.length === 0) return outcomes;
      latest = context;
      await flushes.add({ batch: { ...batch, records: real }, context, outcomes });
      if (context.lost.aborted) throw new EngineError('lease_lost', `${batch.topic}/${batch.partition}`);
      return outcomes;
    },
    beats: [],
  };
}

/** Batches whose partition was lost while they waited are left to its next owner. */
async function flush(all: readonly Waiting[], asked: Forgotten): Promise<void> {
  const waiting = all.filter(({ context }) => !context.lost.aborted);
  const context = waiting[0]?.context;
  if (!context) return;
  const { warehouse, measure } = context;
  const records = waiting.flatMap(({ batch }) => batch.records);
  const forgotten = await asked.known(context.clock);
  const firsts = await measure('first_sight', () => findFirstSights(warehouse, records));
  const rows = new Map<RawTable, Row[]>(rawTables.map((table) => [table, []]));
  for (const { batch, outcomes } of waiting) {
    for (const record of batch.records) {
      const shown = isForgotten(record, forgotten) ? nobodys : (row: Row) => row;
      outcomes.push(
        outcome(
          record.offset,
          place(record, firsts, (table, row) => rows.get(table)?.push(shown(row))),
        ),
      );
    }
  }
  await measure('insert', async () => {
    for (const [table, ofTable] of rows) {
      if (ofTable.length > 0) await warehouse.insertAvro(`breakwater.${table}`, containerOf(table, ofTable));
    }
  });
  await measure('recompute', async () => {
    for (const [family, slices] of touched(records)) await recompute(warehouse, family, slices);
  });
}

/** Turns a record into its rows. */
function place(record: WorkerRecord, firsts: FirstSights, put: (table: RawTable, row: Row) => void): WarehouseOutcome {
  const decoded = record.record;
  const duplicate = isRepeated(record, firsts);
  switch (decoded.name) {
    case 'ad-request':
      put('requests', requestRow(record, decoded.value, duplicate));
      for (const row of requestAdRows(record, decoded.value, duplicate)) put('request_ads', row);
      return duplicate ? 'duplicate' : 'stored';
    case 'ad-beacon': {
      const holders = outcomeOf(decoded.value).map((id) => firsts.of(record, id));
      const judgement = judge(decoded.value, record.appendedAt, record.offset, holders);
      put('beacons', beaconRow(record, decoded.value, judgement));
      if (judgement.duplicate) return 'duplicate';
      if (judgement.late) return 'late';
      if (decoded.value.invalid !== null || isAfterRelease(decoded.value, judgement)) return 'invalid';
      return judgement.spend_micros > 0 ? 'billed' : 'stored';
    }
    case 'conversion':
      put('conversions', conversionRow(record, decoded.value, duplicate));
      return duplicate ? 'duplicate' : 'stored';
    case 'campaign-signal':
      put('signals', signalRow(record, decoded.value));
      return 'stored';
    default:
      return 'ignored';
  }
}

/** The minutes whose roll-ups the records change. */
function touched(records: readonly WorkerRecord[]): ReadonlyMap<RollUpFamily, readonly Slice[]> {
  const slices = new Map<RollUpFamily, Slice[]>();
  for (const { partition, record } of records) {
    if (record.name !== 'ad-request' && record.name !== 'ad-beacon') continue;
    const family = record.name === 'ad-request' ? 'request' : 'delivery';
    const ofFamily = slices.get(family) ?? [];
    ofFamily.push({ partition, minute: minuteOf(record.value.received_at) });
    slices.set(family, ofFamily);
  }
  return slices;
}

function outcome(offset: number, became: WarehouseOutcome): Outcome {
  return { offset, outcome: became };
}
