import type { Parameters } from '../../../engines/warehouse/report-reader.ts';
import { type DimensionName, dimensions } from '../dimensions.ts';
import {
  type Counted,
  counted,
  countsOf,
  differences,
  isDifference,
  isRate,
  type Measure,
  type MeasureName,
  rates,
  type Source,
  sourceOf,
} from '../measures.ts';
import { chooseTable, type Table } from './choose-table.ts';
import type { Report, Scope } from './report.ts';
import { timeKeys, timeOrder, timeText } from './time-sql.ts';

const DAY_MS = 86_400_000;

export interface Compiled {
  readonly sql: string;
  readonly parameters: Parameters;
  readonly table: string;
}

/**
 * One statement for a report. Its text is made of this folder's own words and of names from the closed lists; whatever
 * the caller gave, zone, times, values and limits, is in the parameters.
 */
export function compile(report: Report, scope: Scope): Compiled {
  const table = chooseTable(report);
  const bind = binder();
  const before = previousPeriod(report);
  const periods: readonly Period[] = [
    { from: report.from, to: report.to, shift: null },
    ...(before === null ? [] : [before]),
  ];
  const tables = adjusts(report) ? [table, adjustments] : [table];
  const parts = periods.flatMap((period) => tables.map((from) => periodSql(report, from, scope, bind, period)));
  const isMerged = parts.length > 1;
  const keys = outerKeys(report);
  const columns = [...keys.map(({ sql, name }) => `${sql} AS ${name}`), ...outerMeasures(report, isMerged)];
  const bounds = report.bounds.flatMap(({ measure, atLeast, atMost }) => [
    ...(atLeast === null ? [] : [`${nowSql(measure, isMerged)} >= ${bind('Float64', atLeast)}`]),
    ...(atMost === null ? [] : [`${nowSql(measure, isMerged)} <= ${bind('Float64', atMost)}`]),
  ]);
  const sql = `SELECT
  ${columns.join(',\n  ')}
FROM
(
  ${parts.join('\n  UNION ALL\n  ')}
) AS p
${!isMerged || keys.length === 0 ? '' : `GROUP BY ${innerKeys(report).join(', ')}\n`}${bounds.length === 0 ? '' : `HAVING ${bounds.join(' AND ')}\n`}${orderSql(report, keys)}LIMIT ${bind('UInt32', report.limit)}`;
  return { sql, parameters: { ...bind.parameters, ...organisationOf(scope), zone: report.zone }, table: table.name };
}

/** The same without its breakdown: one row. */
export function compileTotals(report: Report, scope: Scope): Compiled {
  return compile({ ...report, dimensions: [], granularity: 'none', order: null, bounds: [], limit: 1 }, scope);
}

/** How many rows it would read, about: what decides between an answer and a job. */
export function compileSize(report: Report, scope: Scope): Compiled {
  const table = chooseTable(report);
  const bind = binder();
  const { from, to } = span(report);
  const sql = `SELECT count() AS n FROM ${table.name} AS ${table.alias} WHERE ${within(table, from, to, bind)}${owned(table, scope)}`;
  return { sql, parameters: { ...bind.parameters, ...organisationOf(scope) }, table: table.name };
}

/** By this name the reader finds it too, where the server keeps organisations apart itself. */
function organisationOf(scope: Scope): Parameters {
  return scope === 'everything' ? {} : { organisation: scope.organisation };
}

interface Period {
  readonly from: number;
  readonly to: number;
  /** Null: the report's own time. Days of the calendar, or the span in seconds, by which its buckets move. */
  readonly shift: number | 'seconds' | null;
}

/**
 * Hours and minutes move by whole days of 24 hours: where the clock was changed between, some of the time before would come to lie
 * outside the time asked for. Those have nothing to be held against.
 */
function previousPeriod({ previous, granularity, from, to }: Report): Period | null {
  if (previous === null) return null;
  const { days } = previous;
  if (days === null) return { ...previous, shift: 'seconds' };
  if (granularity !== 'hour' && granularity !== 'minute') return { ...previous, shift: days };
  const move = days * DAY_MS;
  return { from: Math.max(previous.from, from - move), to: Math.min(previous.to, to - move), shift: days };
}

type Binder = ((type: string, value: Parameters[string]) => string) & {
  readonly parameters: Record<string, Parameters[string]>;
};

function binder(): Binder {
  const parameters: Record<string, Parameters[string]> = {};
  const bind = (type: string, value: Parameters[string]) => {
    const name = `p${Object.keys(parameters).length}`;
    parameters[name] = value;
    return `{${name}:${type}}`;
  };
  return Object.assign(bind, { parameters });
}

function periodSql(report: Report, table: Table, scope: Scope, bind: Binder, period: Period): string {
  const shift =
    period.shift === 'seconds'
      ? { seconds: bind('Int64', (report.to - report.from) / 1000) }
      : period.shift === null
        ? null
        : { days: bind('Int32', period.shift) };
  const keys = [
    ...timeKeys(report.granularity, table.at, shift),
    ...report.dimensions.map((name) => `${dimensionSql(name, table)} AS k_${name}`),
  ];
  const counts = countedOf(report).map((name) => `${measureSql(name, table)} AS m_${name}`);
  const filters = report.filters.map(({ dimension, mode, values }) => {
    const type =
      dimensions[dimension].type === 'uuid' ? 'UUID' : dimensions[dimension].type === 'text' ? 'String' : 'Int64';
    return `\n    AND ${dimensionSql(dimension, table)} ${mode === 'include' ? '' : 'NOT '}IN ${bind(`Array(${type})`, values)}`;
  });
  const group = innerKeys(report);
  return `SELECT ${[...(report.previous === null && !adjusts(report) ? [] : [`${period.shift === null ? 0 : 1} AS previous`]), ...keys, ...counts].join(', ')}
  FROM ${table.name} AS ${table.alias} FINAL${joined(report, table, scope, bind, period)}
  WHERE ${within(table, period.from, period.to, bind)}${owned(table, scope)}${filters.join('')}${
    group.length === 0
      ? ''
      : `\n  GROUP BY ${group.join(', ')}${table.kind === 'roll-up' ? `\n  HAVING ${aliveSql(table)} > 0` : ''}`
  }`;
}

/** A group that vanished from raw stands in a roll-up as zeros. */
function aliveSql({ source }: Table): string {
  return source === 'delivery'
    ? 'sum(r.gross + r.net + r.impressions + r.duplicates + r.late)'
    : 'sum(r.requests + r.duplicates)';
}

function within(table: Table, from: number, to: number, bind: Binder): string {
  const [low, high] = [bind('UInt32', from / 1000), bind('UInt32', to / 1000)];
  if (table.column === 'day')
    return `${table.alias}.day >= toDate(toDateTime(${low}, 'UTC')) AND ${table.alias}.day < toDate(toDateTime(${high}, 'UTC'))`;
  return `${table.alias}.${table.column} >= toDateTime(${low}, 'UTC') AND ${table.alias}.${table.column} < toDateTime(${high}, 'UTC')`;
}

function owned({ alias, source }: Pick<Table, 'alias' | 'source'>, scope: Scope): string {
  if (scope === 'everything' || source === 'inventory') return '';
  return `\n    AND ${alias}.advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})`;
}

/** The served ads that the beacons name; a beacon that came late names one of long before. */
function joined(report: Report, table: Table, scope: Scope, bind: Binder, period: Period): string {
  if (!table.served) return '';
  const columns = [...new Set([...report.dimensions, ...report.filters.map(({ dimension }) => dimension)])].filter(
    (name) => dimensions[name].delivery === 'served',
  );
  const time = within({ ...table, alias: 'o' }, period.from, period.to, bind);
  return `
  LEFT ANY JOIN
  (
    SELECT s.reservation AS reservation, ${columns.map((name) => `s.${name} AS ${name}`).join(', ')}
    FROM breakwater.request_ads AS s FINAL
    WHERE NOT s.duplicate AND s.minute < toDateTime(${bind('UInt32', period.to / 1000 + 3600)}, 'UTC')
      AND s.minute >= (SELECT min(o.decision_minute) - 3600 FROM breakwater.beacons AS o WHERE ${time})${owned({ alias: 's', source: 'delivery' }, scope)}
  ) AS a ON b.reservation = a.reservation`;
}

function dimensionSql(name: DimensionName, table: Table): string {
  const dimension: (typeof dimensions)[DimensionName] = dimensions[name];
  if ('clock' in dimension) return dimension.clock.replace('{at}', table.at);
  if (table.kind === 'adjustments') return adjustedDimension(name);
  return `${table.served && dimension.delivery === 'served' ? 'a' : table.alias}.${name}`;
}

function measureSql(name: Counted, { kind }: Table): string {
  const measure: Measure = counted[name];
  if (kind === 'adjustments') return measure.adjustment ?? '0';
  return kind === 'roll-up' ? measure.rollUp : measure.raw;
}

/** They stand in a table of their own, which is read only for who asks for them. */
const adjustments: Table = {
  name: 'breakwater.adjustments',
  source: 'delivery',
  kind: 'adjustments',
  alias: 'j',
  column: 'at',
  at: 'j.at',
  served: false,
};

function adjusts(report: Report): boolean {
  return countedOf(report).some((name) => 'adjustment' in counted[name]);
}

/** An adjustment is of a campaign; all else of it is unknown, as of a beacon that does not say. */
function adjustedDimension(name: DimensionName): string {
  if (name === 'campaign' || name === 'advertiser') return `j.${name}`;
  if (name === 'creative') return `toUUID('00000000-0000-0000-0000-000000000000')`;
  return dimensions[name].type === 'number' ? '0' : `''`;
}

/** What must be counted for the measures asked for. */
function countedOf(report: Report): readonly Counted[] {
  const wanted = [...report.measures, ...report.bounds.map(({ measure }) => measure)];
  return [...new Set(wanted.flatMap(countsOf))];
}

function innerKeys(report: Report): readonly string[] {
  const time =
    report.granularity === 'none'
      ? []
      : report.granularity === 'minute' || report.granularity === 'hour'
        ? ['k_number', 'k_offset']
        : ['k_date'];
  return [...time, ...report.dimensions.map((name) => `k_${name}`)];
}

function outerKeys(report: Report): readonly { readonly name: string; readonly sql: string }[] {
  const time = report.granularity === 'none' ? [] : [{ name: 'time', sql: timeText(report.granularity) }];
  return [
    ...time,
    ...report.dimensions.map((name) => ({
      name,
      sql: dimensions[name].type === 'number' ? `k_${name}` : `toString(k_${name})`,
    })),
  ];
}

function outerMeasures(report: Report, isMerged: boolean): readonly string[] {
  const compared = report.previous !== null;
  const now = report.measures.map((name) => `${nowSql(name, isMerged)} AS ${name}`);
  const before = compared ? report.measures.map((name) => `${valueSql(name, 'previous = 1')} AS previous_${name}`) : [];
  return [...now, ...before];
}

function nowSql(name: MeasureName, isMerged: boolean): string {
  return valueSql(name, isMerged ? 'previous = 0' : null);
}

function valueSql(name: MeasureName, period: string | null): string {
  const count = (one: Counted) => (period === null ? `m_${one}` : `sumIf(m_${one}, ${period})`);
  if (isDifference(name)) return `${count(differences[name].of)} - ${count(differences[name].less)}`;
  if (!isRate(name)) return count(name);
  const { of, per, times } = rates[name];
  const above = times === 1 ? count(of) : `${count(of)} * ${times}`;
  return `if(${count(per)} = 0, NULL, ${above} / ${count(per)})`;
}

function orderSql(report: Report, keys: readonly { readonly name: string }[]): string {
  const placed = (name: string) => (name === 'time' ? timeOrder(report.granularity) : name);
  const chosen =
    report.order === null ? [] : [`${placed(report.order.by)} ${report.order.descending ? 'DESC' : 'ASC'} NULLS LAST`];
  const rest = keys.filter(({ name }) => name !== report.order?.by).map(({ name }) => `${placed(name)} ASC`);
  return chosen.length + rest.length === 0 ? '' : `ORDER BY ${[...chosen, ...rest].join(', ')}\n`;
}

function span(report: Report): { readonly from: number; readonly to: number } {
  return { from: Math.min(report.from, report.previous?.from ?? report.from), to: report.to };
}

export function sourceOfReport(report: Pick<Report, 'measures'>): Source {
  return sourceOf(report.measures[0] ?? 'impressions');
}
