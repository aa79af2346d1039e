import type { Judgement } from '../../domain/first-sight.ts';
import { micros } from '../../domain/money.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { gatherer } from '../../stream-workers/warehouse/gatherer.ts';
import { beaconRow, requestAdRows, requestRow } from '../../stream-workers/warehouse/rows.ts';
import { containerOf, type RawTable, type Row } from '../../stream-workers/warehouse/tables.ts';
import type { WorkerRecord } from '../../stream-workers/worker.ts';

const FLUSH_MS = 1_000;
const RECORDS_MAX = 20_000;

/** The same rows in the same flushes as the warehouse worker's, and nothing else: no first sights, no roll-ups. */
export function plainInserts(warehouse: Warehouse) {
  return gatherer<readonly WorkerRecord[]>({
    wait: () => new Promise((resolve) => setTimeout(resolve, FLUSH_MS)),
    maxWeight: RECORDS_MAX,
    weightOf: (records) => records.length,
    async flush(batches) {
      const rows = new Map<RawTable, Row[]>([
        ['requests', []],
        ['request_ads', []],
        ['beacons', []],
      ]);
      for (const record of batches.flat()) {
        const { name, value } = record.record;
        if (name === 'ad-request') {
          rows.get('requests')?.push(requestRow(record, value, false));
          rows.get('request_ads')?.push(...requestAdRows(record, value, false));
        } else if (name === 'ad-beacon')
          rows.get('beacons')?.push(beaconRow(record, value, asFirst(value.price_micros)));
      }
      for (const [table, ofTable] of rows) {
        if (ofTable.length > 0) await warehouse.insertAvro(`breakwater.${table}`, containerOf(table, ofTable));
      }
    },
  });
}

function asFirst(price: number): Judgement {
  return { duplicate: false, late: false, billable: true, decisive: true, spend_micros: micros(price) };
}
