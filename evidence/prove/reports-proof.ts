import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Problem } from '../../engines/http/problem.ts';
import { openReports, openWarehouse } from '../../engines/open.ts';
import { readOnlySql } from '../../engines/warehouse/read-only-sql.ts';
import type { ReportReader } from '../../engines/warehouse/report-reader.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { checkReport } from '../../management-api/analytics/reports/check-report.ts';
import { compile, compileTotals } from '../../management-api/analytics/reports/compile.ts';
import { csvOf } from '../../management-api/analytics/reports/csv.ts';
import { columnsOf, type Row, shapeRows } from '../../management-api/analytics/reports/run.ts';
import { type ReportQuestion, reportQuestion } from '../../management-api/analytics/reports/shape.ts';
import { checkerOf } from '../../management-api/check.ts';
import { readLogFile } from '../audit/read-log.ts';
import { checkSlowProperty, sum } from './check-property.ts';
import { RunCopy } from './copy.ts';
import { makeRun } from './make-run.ts';
import type { ProofOptions, Tally } from './proof.ts';
import { writeAdjustments } from './reports-adjustments.ts';
import { checkCut } from './reports-cut.ts';
import { ALL_ROWS, questionsOver, type Spread } from './reports-drawn.ts';
import { type PlainFacts, plainFacts } from './reports-facts.ts';
import { countsBeacons, type PlainRow, plainReport } from './reports-oracle.ts';
import { recomputeAll, stretch } from './reports-stretch.ts';

const organisation = '00000000-0000-7000-a000-00000000000b';
const DEFAULT_REPORTS = 10_000;

/** A run as it was kept, then the same run with its seconds made hours, over changes of clocks. */
export async function proveReports(options: ProofOptions): Promise<Tally> {
  const temporary = mkdtempSync(join(tmpdir(), 'breakwater-prove-reports-'));
  const dir = options.dir ?? (await makeRun(join(temporary, 'run'), options.say));
  const copy = await RunCopy.of(dir);
  const warehouse = await openWarehouse(copy.warehouseUrl);
  const reader = openReports(copy.warehouseUrl);
  try {
    const log = await readLogFile(dir);
    const kept = plainFacts(log, (at) => at);
    const advertisers = [...new Set(kept.beacons.map(({ of }) => String(of.advertiser)))].sort();
    const ours = new Set(advertisers.filter((_, index) => index % 2 === 0));
    await warehouse.run('INSERT INTO breakwater.owners SELECT {organisation:UUID}, arrayJoin({ours:Array(UUID)})', {
      organisation,
      ours: [...ours],
    });
    const runs = options.runs === 300 ? DEFAULT_REPORTS : options.runs;
    const first = spreadOf(kept);
    await writeAdjustments(warehouse, kept.adjustments);
    const world = { warehouse, reader, ours, options, folder: temporary };
    const tallies = [await prove('the run as kept', kept, first, Math.ceil(runs / 4), world)];
    const moved = await stretch(warehouse, first);
    await recomputeAll(warehouse);
    const wide = plainFacts(log, moved);
    await writeAdjustments(warehouse, wide.adjustments);
    tallies.push(await prove('over changes of clocks', wide, spreadOf(wide), Math.floor((runs * 3) / 4), world));
    tallies.push(refusals(options));
    return sum(tallies);
  } finally {
    await reader.close();
    await warehouse.close();
    await copy.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function spreadOf({ beacons, requests }: PlainFacts): Spread {
  const times = [...beacons, ...requests].map(({ at }) => at);
  const values = new Map<string, Set<string | number>>();
  for (const { of } of [...beacons, ...requests]) {
    for (const [name, value] of Object.entries(of)) {
      const known = values.get(name) ?? new Set();
      if (known.size < 40) values.set(name, known.add(value));
    }
  }
  return {
    from: times.reduce((low, at) => Math.min(low, at), Number.POSITIVE_INFINITY),
    to: times.reduce((high, at) => Math.max(high, at), 0),
    values: new Map([...values].map(([name, set]) => [name, [...set]])),
  };
}

interface World {
  readonly warehouse: Warehouse;
  readonly reader: ReportReader;
  readonly ours: ReadonlySet<string>;
  readonly options: ProofOptions;
  readonly folder: string;
}

async function prove(name: string, facts: PlainFacts, spread: Spread, runs: number, world: World): Promise<Tally> {
  const counts = {
    rows: 0,
    not_zero: 0,
    compared: 0,
    files: 0,
    hostile: 0,
    from_raw: 0,
    zones: new Set<string>(),
    rows_of_others: 0,
    adjusted: 0,
    cut: 0,
  };
  const theirs = new Set(
    [...facts.beacons.map(({ of }) => String(of.advertiser))].filter((one) => !world.ours.has(one)),
  );
  const property = fc.asyncProperty(questionsOver(spread), async ({ question, hostile, asFile }) => {
    const asked = checkReport(question, spread.to);
    const report = { ...asked, limit: ALL_ROWS };
    const { sql, parameters, table } = compile(report, { organisation });
    if (hostile !== null && sql.includes(hostile)) throw new Error(`a value stands in the statement: ${sql}`);
    const found = shapeRows(await world.reader.query<Record<string, unknown>>(sql, parameters), report);
    const wanted = plainReport(question, facts, report, report.previous, world.ours);
    same(found, wanted, question);
    ordered(found, question);
    const total = compileTotals(report, { organisation });
    const whole = { ...report, dimensions: [], granularity: 'none' } as const;
    const totals = shapeRows(await world.reader.query<Record<string, unknown>>(total.sql, total.parameters), whole);
    const { dimensions: _, granularity: _g, order_by: _o, having: _h, ...undivided } = question;
    same(totals, plainReport(undivided, facts, report, report.previous, world.ours), question);
    if (asFile) await files(report, found, world);
    if (await checkCut(asked, found, organisation, world.reader)) counts.cut++;
    counts.rows += found.length;
    counts.not_zero += found.filter((row) => question.measures.some((one) => Number(row[one]) > 0)).length;
    counts.compared += report.previous ? 1 : 0;
    counts.files += asFile ? 2 : 0;
    counts.hostile += hostile === null ? 0 : 1;
    counts.from_raw += table === 'breakwater.beacons' || table === 'breakwater.requests' ? 1 : 0;
    counts.zones.add(report.zone);
    counts.adjusted += found.filter((row) => Number(row.adjusted_micros ?? 0) !== 0).length;
    if (countsBeacons(question))
      counts.rows_of_others += found.filter((row) => theirs.has(String(row.advertiser))).length;
  });
  const tally = await checkSlowProperty(`reports, ${name}`, property, { ...world.options, runs }, () =>
    JSON.stringify({
      ...counts,
      zones: counts.zones.size,
      beacons: facts.beacons.length,
      beacons_of_others: facts.beacons.filter(({ of }) => theirs.has(String(of.advertiser))).length,
    }),
  );
  if (tally.failed === 0 && (counts.not_zero === 0 || counts.rows_of_others > 0 || counts.adjusted === 0))
    return { passed: 0, failed: 1 };
  return tally;
}

/** Text of numbers keeps -0 and 0 alike, and a missing field apart from null. */
function text(rows: readonly Row[] | readonly PlainRow[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}

function same(found: readonly Row[], wanted: readonly PlainRow[], question: ReportQuestion): void {
  const [a, b] = [text(found), text(wanted)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    if (a[index] !== b[index])
      throw new Error(
        `${a[index]} instead of ${b[index]}; ${a.length} rows instead of ${b.length}: ${JSON.stringify(question)}`,
      );
  }
}

function ordered(found: readonly Row[], { order_by, order }: ReportQuestion): void {
  if (order_by === undefined) return;
  const values = found.map((row) => row[order_by] ?? null).filter((value) => value !== null);
  for (let index = 1; index < values.length; index++) {
    const [a, b] = [values[index - 1] ?? 0, values[index] ?? 0];
    const rising = typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) <= 0 : a <= Number(b);
    if (a !== b && rising !== (order === 'asc')) throw new Error(`${order_by} is not in order: ${a}, ${b}`);
  }
}

/** What a spreadsheet and a Parquet reader would find. */
async function files(report: ReturnType<typeof checkReport>, found: readonly Row[], world: World): Promise<void> {
  const columns = columnsOf(report);
  const lines = parseCsv(csvOf(columns, found, null)).slice(1);
  const read = lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, isText }, index) => {
        const cell = line[index] ?? '';
        if (isText) return [name, cell.startsWith("'") ? cell.slice(1) : cell];
        return [name, cell === '' ? null : Number(cell)];
      }),
    ),
  );
  // Cell by cell of a line: a number may be negative, and an empty last cell is none here.
  const isFormula = (cell: string, at: number) => columns[at]?.isText && /^[=+\-@\t\r]/.test(cell);
  if (lines.some((line) => line.some(isFormula))) throw new Error('a formula in CSV');
  equalRows(read, found, 'CSV');
  const { sql, parameters } = compile(report, { organisation });
  const path = join(world.folder, 'report.parquet');
  writeFileSync(path, await world.reader.bytes(sql, parameters, 'Parquet'));
  // Through the connection that may write: readers of reports may not read files.
  const back = await world.warehouse.query<Record<string, unknown>>(`SELECT * FROM file({path:String}, 'Parquet')`, {
    path,
  });
  equalRows(shapeRows(back, report), found, 'Parquet');
  if (back[0]) equalRows([Object.keys(back[0])], [columns.map(({ name }) => name)], 'columns of Parquet');
}

function equalRows(a: readonly unknown[], b: readonly unknown[], what: string): void {
  if (JSON.stringify(a) !== JSON.stringify(b))
    throw new Error(
      `${what} is read back as ${JSON.stringify(a).slice(0, 400)} instead of ${JSON.stringify(b).slice(0, 400)}`,
    );
}

function parseCsv(csv: string): string[][] {
  return csv
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)]
        .slice(0, -1)
        .concat([])
        .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    );
}

const reaching = [
  'file',
  'url',
  'merge',
  's3',
  'remote',
  'cluster',
  'mysql',
  'postgresql',
  'executable',
  'dictionary',
  'hdfs',
  'sqlite',
  'mongodb',
  'redis',
  'odbc',
  'jdbc',
  'loop',
  'view',
  'deltaLake',
  'iceberg',
  'azureBlobStorage',
  'input',
];

/** Names that are not on the lists are refused before any SQL is made; what reaches outside is refused in raw SQL, on either engine alike. */
function refusals({ say }: ProofOptions): Tally {
  const check = checkerOf(reportQuestion, false);
  let passed = 0;
  const failed: string[] = [];
  const refuse = (what: string, isRefused: boolean) => {
    if (isRefused) passed++;
    else failed.push(what);
  };
  for (const name of reaching) {
    for (const call of [`${name}('x')`, `impressions) FROM ${name}('x') --`]) {
      refuse(`measure ${call}`, 'wrong' in check({ measures: [call], range: 'today' }));
      refuse(`dimension ${call}`, 'wrong' in check({ measures: ['impressions'], dimensions: [call], range: 'today' }));
    }
    for (const field of ['order_by', 'time_zone']) {
      refuse(
        `${field} ${name}`,
        isProblem(() =>
          checkReport(
            { measures: ['impressions'], range: 'today', [field]: `${name}('x')` } as ReportQuestion,
            Date.UTC(2026, 0, 1),
          ),
        ),
      );
    }
    for (const sql of [
      `SELECT * FROM ${name}('/etc/hostname')`,
      `SELECT 1 FROM (SELECT * FROM ${name.toUpperCase()}/**/('x'))`,
    ]) {
      refuse(sql, isRefusedSql(sql, name));
    }
  }
  for (const what of failed) say(`FAIL  taken: ${what}`);
  say(`${failed.length === 0 ? 'ok   ' : 'FAIL '} refused: ${passed} of ${passed + failed.length}`);
  return { passed: failed.length === 0 ? 1 : 0, failed: failed.length === 0 ? 0 : 1 };
}

function isProblem(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Problem) return true;
    throw error;
  }
}

function isRefusedSql(sql: string, name: string): boolean {
  try {
    readOnlySql(sql, [name]);
    return false;
  } catch {
    return true;
  }
}
