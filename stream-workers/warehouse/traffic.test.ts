import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge, outcomeOf } from '../../domain/first-sight.ts';
import { openClickHouse } from '../../engines/warehouse/clickhouse-warehouse.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { AdBeacon } from '../../schemas/records.ts';
import { id, plainBeacon } from '../fixture.ts';
import { beaconRow } from './rows.ts';
import { containerOf } from './tables.ts';

let server: TestWarehouse;
let warehouse: Warehouse;
const NOW = Date.UTC(2026, 5, 1, 12);

beforeAll(async () => {
  server = await startTestWarehouse();
  warehouse = openClickHouse({ url: server.url });
  await migrateWarehouse(warehouse, () => undefined);
}, 60_000);

afterAll(async () => {
  await warehouse?.close();
  await server?.remove();
});

/** Rows as the worker writes them, in the order of the log. */
async function store(...beacons: readonly Partial<AdBeacon>[]): Promise<void> {
  const held = new Map<string, number>();
  const rows = beacons.map((each, offset) => {
    const beacon = { ...plainBeacon(NOW), ...each };
    const ids = outcomeOf(beacon);
    for (const one of ids) if (!held.has(one)) held.set(one, offset);
    const judgement = judge(
      beacon,
      NOW,
      offset,
      ids.map((one) => held.get(one) ?? offset),
    );
    return beaconRow({ topic: 'ad-beacons', partition: 0, offset, appendedAt: NOW }, beacon, judgement);
  });
  await warehouse.insertAvro('breakwater.beacons', containerOf('beacons', rows));
}

test('gross, invalid, net and adjusted stand beside each other, and what is suspected is named', async () => {
  await store(
    { reservation: id(1), invalid: 'bot' },
    { reservation: id(1) },
    { reservation: id(1) },
    { reservation: id(2) },
    { reservation: id(3), event: 'complete' },
    { reservation: id(4), event: 'click', invalid: 'data_centre' },
  );
  await warehouse.run(
    "INSERT INTO breakwater.traffic_adjustments (reservation, event, reason) VALUES ({reservation:UUID}, 'impression', 'found')",
    { reservation: id(2) },
  );
  const [row] = await warehouse.query<Record<string, unknown>>('SELECT * FROM breakwater.campaign_traffic');
  const numbers = Object.fromEntries(
    Object.entries(row ?? {}).flatMap(([name, value]) =>
      /^(gross|invalid_imp|net|adj)/.test(name) ? [[name, Number(value)]] : [],
    ),
  );
  expect(numbers).toEqual({
    gross_impressions: 3,
    invalid_impressions: 1,
    net_impressions: 2,
    adjusted_impressions: 1,
    gross_clicks: 1,
    net_clicks: 0,
    gross_completes: 1,
    net_completes: 1,
    net_micros: 24_000,
    adjusted_micros: 12_000,
  });
  expect(row?.invalid_reasons).toMatchObject({ bot: '1', data_centre: '1' });
  const suspected = await warehouse.query<{ reservation: string; reason: string }>(
    'SELECT reservation, reason FROM breakwater.suspected_traffic',
  );
  expect(suspected).toEqual([{ reservation: id(3), reason: 'complete_without_impression' }]);
});
