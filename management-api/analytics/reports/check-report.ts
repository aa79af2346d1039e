import { canonicalZone } from '../../../domain/zone.ts';
import { Problem, type Wrong } from '../../../engines/http/problem.ts';
import { isUuid } from '../../../schemas/uuid.ts';
import { dimensions, isAvailable } from '../dimensions.ts';
import { sourceOf } from '../measures.ts';
import { previousOf, rangeOf } from './ranges.ts';
import type { Report } from './report.ts';
import { type ReportQuestion, reportLimits } from './shape.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** ClickHouse's DateTime ends in 2106. */
const END_MS = Date.UTC(2100, 0, 1);

/** The report that a question asks for. Throws Problem 400 with each place that is wrong. */
export function checkReport(question: ReportQuestion, now: number): Report {
  const wrong: Wrong[] = [];
  const zone = zoneOf(question, wrong);
  const { from, to } = timesOf(question, now, zone, wrong);
  const granularity = question.granularity ?? 'none';
  const named = question.dimensions ?? [];
  checkSource(question, wrong);
  const filters = (question.filters ?? []).map(({ dimension, mode, values }, index) => ({
    dimension,
    mode: mode ?? 'include',
    values: values.map((value, place) => filterValue(dimension, value, `/filters/${index}/values/${place}`, wrong)),
  }));
  filters.forEach(({ values }, index) => {
    const bytes = values.reduce<number>((sum, value) => sum + Buffer.byteLength(String(value)), 0);
    if (bytes <= reportLimits.bytesOfFilter) return;
    const detail = `are ${bytes} bytes together, and ${reportLimits.bytesOfFilter} at most`;
    wrong.push({ pointer: `/filters/${index}/values`, detail });
  });
  const bounds = (question.having ?? []).map(({ measure, at_least, at_most }) => ({
    measure,
    atLeast: at_least ?? null,
    atMost: at_most ?? null,
  }));
  const columns = [...question.measures, ...named, ...(granularity === 'none' ? [] : ['time'])];
  const by = question.order_by;
  if (by !== undefined && !columns.includes(by)) {
    wrong.push({ pointer: '/order_by', detail: `must be one of ${columns.join(', ')}` });
  }
  if (wrong.length > 0) throw invalid(wrong);
  return {
    measures: question.measures,
    dimensions: named,
    granularity,
    zone,
    from,
    to,
    previous: question.compare === undefined ? null : previousOf(from, to, zone),
    filters,
    bounds,
    order: by === undefined ? null : { by, descending: (question.order ?? 'desc') === 'desc' },
    limit: question.limit ?? reportLimits.rows,
  };
}

export function invalid(wrong: readonly Wrong[]): Problem {
  const detail = wrong.map((one) => `${one.pointer} ${one.detail}`).join('; ');
  return new Problem(400, 'Invalid report', detail.slice(0, 2_000), wrong);
}

function zoneOf({ time_zone = 'UTC' }: ReportQuestion, wrong: Wrong[]): string {
  const zone = canonicalZone(time_zone);
  // An alias may be older than either table of zones; what ICU calls it is in both.
  if (zone !== null) return zone === 'Etc/UTC' ? 'UTC' : zone;
  wrong.push({ pointer: '/time_zone', detail: 'is not the name of a time zone' });
  return 'UTC';
}

function timesOf(question: ReportQuestion, now: number, zone: string, wrong: Wrong[]): { from: number; to: number } {
  const { range, from, to } = question;
  if (range !== undefined) {
    if (from !== undefined) wrong.push({ pointer: '/from', detail: 'does not go with range' });
    if (to !== undefined) wrong.push({ pointer: '/to', detail: 'does not go with range' });
    return rangeOf(range, now, zone);
  }
  const end = to === undefined ? (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS : instant(to, '/to', wrong);
  const begin = from === undefined ? null : instant(from, '/from', wrong);
  if (from === undefined) wrong.push({ pointer: '/from', detail: 'is needed, or range' });
  // Of what is no time, or not there, nothing more is to be said.
  if (begin === null || end === null) return { from: 0, to: 0 };
  if (end <= begin) wrong.push({ pointer: '/to', detail: 'must come after from' });
  if (end - begin > reportLimits.days * DAY_MS) {
    wrong.push({ pointer: '/from', detail: `at most ${reportLimits.days} days before to` });
  }
  return { from: begin, to: end };
}

/** Null: it is no time that could be asked for. */
function instant(text: string, pointer: string, wrong: Wrong[]): number | null {
  const at = Date.parse(text);
  if (Number.isNaN(at) || at < DAY_MS * 3_660 || at > END_MS) {
    wrong.push({ pointer, detail: 'is not a time of this century' });
    return null;
  }
  if (at % MINUTE_MS !== 0) wrong.push({ pointer, detail: 'must be a whole minute' });
  return at;
}

function checkSource(
  { measures, dimensions: named = [], filters = [], having = [] }: ReportQuestion,
  wrong: Wrong[],
): void {
  const source = sourceOf(measures[0] ?? 'impressions');
  const other = (pointer: string) =>
    wrong.push({ pointer, detail: `counts ${source === 'delivery' ? 'requests' : 'beacons'}, unlike /measures/0` });
  measures.forEach((name, index) => {
    if (sourceOf(name) !== source) other(`/measures/${index}`);
  });
  having.forEach(({ measure, at_least, at_most }, index) => {
    if (sourceOf(measure) !== source) other(`/having/${index}/measure`);
    if (at_least === undefined && at_most === undefined) {
      wrong.push({ pointer: `/having/${index}`, detail: 'needs at_least or at_most' });
    }
  });
  const unknown = (pointer: string) => wrong.push({ pointer, detail: `is not known of what ${source} counts` });
  named.forEach((name, index) => {
    if (!isAvailable(name, source)) unknown(`/dimensions/${index}`);
  });
  filters.forEach(({ dimension }, index) => {
    if (!isAvailable(dimension, source)) unknown(`/filters/${index}/dimension`);
  });
}

function filterValue(
  name: keyof typeof dimensions,
  value: string | number,
  pointer: string,
  wrong: Wrong[],
): string | number {
  const { type } = dimensions[name];
  if (type === 'number') {
    if (typeof value !== 'number') wrong.push({ pointer, detail: 'must be a whole number' });
    return value;
  }
  if (typeof value !== 'string') wrong.push({ pointer, detail: 'must be a text' });
  else if (type === 'uuid' && !isUuid(value.toLowerCase())) wrong.push({ pointer, detail: 'must be a UUID' });
  return type === 'uuid' ? String(value).toLowerCase() : value;
}
