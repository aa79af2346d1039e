import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../engines/clock.ts';
import { openReports, openWarehouse } from '../../engines/open.ts';
import { startEmbeddedWarehouse } from '../../engines/warehouse/embedded-server.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { checkReport } from '../../management-api/analytics/reports/check-report.ts';
import { compile } from '../../management-api/analytics/reports/compile.ts';
import { atMost, type BenchOptions, type Rows } from './rows.ts';

const ROWS = 50_000_000;
const AT_ONCE = 500_000;
const ROUNDS = 3;
const TIMES_MAX = 2;
const organisation = '00000000-0000-7000-a000-00000000000c';
const from = Date.UTC(2026, 9, 1);
const DAYS = 30;

/** What somebody who knows the table would write for the same numbers, with the same limits. */
const byHand = `
SELECT b.campaign AS campaign, b.position AS position, toDate(b.minute, 'America/New_York') AS day,
  countIf(b.event = 'impression' AND b.billable) AS impressions, countIf(b.event = 'complete' AND b.billable) AS completes, sum(b.spend_micros) AS spend
FROM breakwater.beacons AS b FINAL
WHERE b.minute >= toDateTime('2026-10-01 04:00:00', 'UTC') AND b.minute < toDateTime('2026-10-31 04:00:00', 'UTC')
GROUP BY campaign, position, day
ORDER BY day, campaign, position`;

const question = {
  measures: ['impressions', 'completes', 'spend_micros', 'vtr'] as const,
  dimensions: ['campaign', 'position'] as const,
  granularity: 'day' as const,
  time_zone: 'America/New_York',
  from: '2026-10-01T04:00:00Z',
  to: '2026-10-31T04:00:00Z',
  limit: 100_000,
};

/** A compiled report beside hand-written SQL over 50 million raw beacons, in turns; both must find the same. */
export async function benchReports({ say }: BenchOptions): Promise<Rows> {
  const clock = systemClock();
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-reports-'));
  const server = await startEmbeddedWarehouse({ path: folder, port: 0 });
  const warehouse = await openWarehouse(server.url);
  const reader = openReports(server.url);
  try {
    await migrateWarehouse(warehouse, () => undefined);
    const written = clock.now();
    await fill(warehouse);
    say(`  ${ROWS} rows written in ${Math.round((clock.now() - written) / 1000)} s`);
    const report = checkReport(
      { ...question, measures: [...question.measures], dimensions: [...question.dimensions] },
      clock.now(),
    );
    const { sql, parameters, table } = compile(report, { organisation });
    const limits = { seconds: 300, memoryBytes: 8_000_000_000 };
    const time = async (text: string, values: typeof parameters) => {
      const start = clock.now();
      const rows = await reader.query<Record<string, unknown>>(text, values, limits);
      return { ms: clock.now() - start, rows };
    };
    const compiled: number[] = [];
    const plain: number[] = [];
    let rows = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const a = await time(byHand, {});
      const b = await time(sql, parameters);
      const sum = (of: readonly Record<string, unknown>[], name: string) =>
        of.reduce((total, row) => total + Number(row[name]), 0);
      if (a.rows.length !== b.rows.length || sum(a.rows, 'impressions') !== sum(b.rows, 'impressions'))
        throw new Error('the two find different numbers');
      rows = b.rows.length;
      // The first round warms both.
      if (round === 0) continue;
      plain.push(a.ms);
      compiled.push(b.ms);
    }
    const times = median(compiled) / median(plain);
    const detail = `${rows} rows out of ${ROWS} in ${table}: compiled ${compiled.join(', ')} ms, by hand ${plain.join(', ')} ms`;
    return { reports_compiled_over_by_hand: atMost(times, TIMES_MAX, 1.2, detail) };
  } finally {
    await reader.close();
    await warehouse.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(warehouse: Warehouse): Promise<void> {
  await warehouse.run(
    `INSERT INTO breakwater.owners SELECT {organisation:UUID}, toUUID(concat('00000000-0000-7000-8000-', leftPad(toString(number), 12, '0'))) FROM numbers(20)`,
    { organisation },
  );
  for (let start = 0; start < ROWS; start += AT_ONCE) {
    await warehouse.run(
      `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event, viewer, reservation, campaign, creative, advertiser, position, pricing_model, price_micros, country, device_type, billable, spend_micros)
       SELECT 'ad-beacons', n % 24, n, at, at, at, at, ['impression', 'start', 'firstQuartile', 'midpoint', 'thirdQuartile', 'complete', 'click'][1 + n % 7], toString(h % 1000000),
         reinterpretAsUUID(toUInt128(intDiv(n, 7))), toUUID(concat('00000000-0000-7000-9000-', leftPad(toString(h % 200), 12, '0'))), toUUID('00000000-0000-7000-9000-000000000000'),
         toUUID(concat('00000000-0000-7000-8000-', leftPad(toString(h % 20), 12, '0'))), 1 + h % 6, 'cpm', 12000, ['US', 'FR', 'GB'][1 + h % 3], ['smart_tv', 'roku'][1 + h % 2], h % 50 != 0, if(n % 7 = 0 AND h % 50 != 0, 12000, 0)
       FROM (SELECT number + {start:UInt64} AS n, cityHash64(intDiv(n, 7)) AS h, toDateTime({from:UInt32} + 60 * intDiv(n * ${DAYS * 1440}, {all:UInt64}), 'UTC') AS at FROM numbers({count:UInt64}))`,
      { start, from: from / 1000, all: ROWS, count: AT_ONCE },
    );
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
