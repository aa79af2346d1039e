import type { ReportQuestion } from '../../management-api/analytics/reports/shape.ts';
import type { PlainAdjustment } from './reports-adjustments.ts';
import type { PlainBeacon, PlainFacts, PlainRequest } from './reports-facts.ts';

/** A report answered by walking over every record, in plain words; nothing of management-api is used but types. */

export interface PlainPeriod {
  readonly from: number;
  readonly to: number;
}

type Fact = PlainBeacon | PlainRequest | PlainAdjustment;
export type PlainRow = Record<string, string | number | null>;

const beaconMeasures: Readonly<Record<string, (of: readonly PlainBeacon[]) => number>> = {
  impressions: billable('impression'),
  starts: billable('start'),
  first_quartiles: billable('firstQuartile'),
  midpoints: billable('midpoint'),
  third_quartiles: billable('thirdQuartile'),
  completes: billable('complete'),
  clicks: billable('click'),
  skips: billable('skip'),
  errors: billable('error'),
  spend_micros: (of) => of.reduce((sum, { spend }) => sum + spend, 0),
  gross: (of) => of.length,
  net: (of) => of.filter((one) => one.billable).length,
  duplicates: (of) => of.filter((one) => one.duplicate).length,
  late: (of) => of.filter((one) => one.late && !one.duplicate).length,
  invalid: (of) => of.filter((one) => !one.late && !one.duplicate && !one.billable).length,
  gross_impressions: (of) => of.filter(({ event }) => event === 'impression').length,
  duplicate_impressions: (of) => of.filter((one) => one.event === 'impression' && one.duplicate).length,
  late_impressions: (of) => of.filter((one) => one.event === 'impression' && one.late && !one.duplicate).length,
  invalid_impressions: (of) =>
    of.filter((one) => one.event === 'impression' && !one.late && !one.duplicate && !one.billable).length,
  reach: (of) =>
    new Set(of.filter((one) => one.event === 'impression' && one.billable).map(({ viewer }) => viewer)).size,
};

const requestMeasures: Readonly<Record<string, (of: readonly PlainRequest[]) => number>> = {
  requests: (of) => of.filter((one) => !one.duplicate).length,
  filled: (of) => of.filter((one) => !one.duplicate && one.ads > 0).length,
  ads: added((one) => one.ads),
  requested_seconds: added((one) => one.requested),
  filled_seconds: added((one) => one.filled),
  paid_seconds: added((one) => one.paid),
  viewers: (of) => new Set(of.filter((one) => !one.duplicate).map(({ viewer }) => viewer)).size,
};

const adjustedMeasures: Readonly<Record<string, (of: readonly PlainAdjustment[]) => number>> = {
  adjusted_impressions: (of) => of.reduce((sum, { impressions }) => sum + impressions, 0),
  adjusted_micros: (of) => of.reduce((sum, { micros }) => sum + micros, 0),
};

/** The first less the second. */
const remainders: Readonly<Record<string, readonly [string, string]>> = {
  payable_impressions: ['impressions', 'adjusted_impressions'],
  payable_micros: ['spend_micros', 'adjusted_micros'],
};

const isAdjustment = (fact: Fact): fact is PlainAdjustment => 'micros' in fact;

const ratios: Readonly<Record<string, readonly [string, string, number]>> = {
  ctr: ['clicks', 'impressions', 1],
  vtr: ['completes', 'impressions', 1],
  completion_rate: ['completes', 'starts', 1],
  error_rate: ['errors', 'impressions', 1],
  skip_rate: ['skips', 'starts', 1],
  invalid_rate: ['invalid', 'gross', 1],
  frequency: ['impressions', 'reach', 1],
  ecpm_micros: ['spend_micros', 'impressions', 1000],
  ecpc_micros: ['spend_micros', 'clicks', 1],
  ecpcv_micros: ['spend_micros', 'completes', 1],
  fill_rate: ['paid_seconds', 'requested_seconds', 1],
  request_fill_rate: ['filled', 'requests', 1],
  ads_per_request: ['ads', 'requests', 1],
};

function billable(event: string): (of: readonly PlainBeacon[]) => number {
  return (of) => of.filter((one) => one.event === event && one.billable).length;
}

function added(value: (one: PlainRequest) => number): (of: readonly PlainRequest[]) => number {
  return (of) => of.reduce((sum, one) => sum + (one.duplicate ? 0 : value(one)), 0);
}

function measure(name: string, of: readonly Fact[]): number | null {
  const ratio = ratios[name];
  if (ratio) {
    const below = measure(ratio[1], of) ?? 0;
    return below === 0 ? null : ((measure(ratio[0], of) ?? 0) * ratio[2]) / below;
  }
  const remainder = remainders[name];
  if (remainder) return (measure(remainder[0], of) ?? 0) - (measure(remainder[1], of) ?? 0);
  const adjusted = adjustedMeasures[name];
  if (adjusted) return adjusted(of.filter(isAdjustment));
  return (
    beaconMeasures[name]?.(of.filter((fact) => !isAdjustment(fact)) as readonly PlainBeacon[]) ??
    requestMeasures[name]?.(of as readonly PlainRequest[]) ??
    null
  );
}

export function countsBeacons({ measures }: ReportQuestion): boolean {
  const [name = ''] = measures;
  const first = ratios[name]?.[0] ?? remainders[name]?.[0] ?? name;
  return Object.hasOwn(beaconMeasures, first) || Object.hasOwn(adjustedMeasures, first);
}

/** `advertisers`: whose rows may be seen. Rows are in no order and not cut. */
export function plainReport(
  question: ReportQuestion,
  facts: PlainFacts,
  period: PlainPeriod,
  previous: (PlainPeriod & { readonly days: number | null }) | null,
  advertisers: ReadonlySet<string>,
): PlainRow[] {
  const zone = question.time_zone ?? 'UTC';
  const granularity = question.granularity ?? 'none';
  const byClock = granularity === 'hour' || granularity === 'minute';
  const having = question.having ?? [];
  const adjusts = [...question.measures, ...having.map(({ measure: name }) => name)].some(
    (name) => name in adjustedMeasures || name in remainders,
  );
  const all: readonly Fact[] = countsBeacons(question)
    ? [...facts.beacons, ...(adjusts ? facts.adjustments : [])].filter(({ of }) =>
        advertisers.has(String(of.advertiser)),
      )
    : facts.requests;
  const groups = new Map<string, { key: PlainRow; now: Fact[]; before: Fact[] }>();
  const place = (fact: Fact, isBefore: boolean, shift: number, days: number | null) => {
    const value = (name: string) => dimensionOf(fact, name, zone);
    for (const { dimension, mode, values } of question.filters ?? []) {
      if (values.some((one) => one === value(dimension)) === (mode === 'exclude')) return;
    }
    const key: PlainRow = granularity === 'none' ? {} : { time: bucket(fact.at, zone, granularity, shift, days) };
    for (const name of question.dimensions ?? []) key[name] = value(name);
    const named = JSON.stringify(key);
    const group = groups.get(named) ?? { key, now: [], before: [] };
    groups.set(named, group);
    group[isBefore ? 'before' : 'now'].push(fact);
  };
  for (const fact of all) {
    const minute = Math.floor(fact.at / 60_000) * 60_000;
    if (minute >= period.from && minute < period.to) place(fact, false, 0, null);
    const moved = minute + (previous?.days ?? 0) * 86_400_000;
    // By hours or minutes, what would come to lie outside the time asked for is held against nothing.
    const strays = byClock && previous?.days != null && (moved < period.from || moved >= period.to);
    if (previous && minute >= previous.from && minute < previous.to && !strays)
      place(fact, true, period.to - period.from, previous.days);
  }
  if (groups.size === 0 && granularity === 'none' && (question.dimensions ?? []).length === 0)
    groups.set('{}', { key: {}, now: [], before: [] });
  const isBetween = ({ now }: { now: readonly Fact[] }) =>
    having.every(({ measure: name, at_least, at_most }) => {
      const value = measure(name, now);
      return value !== null && value >= (at_least ?? value) && value <= (at_most ?? value);
    });
  return [...groups.values()].filter(isBetween).map(({ key, now, before }) => ({
    ...key,
    ...Object.fromEntries(question.measures.map((name) => [name, measure(name, now)])),
    ...(previous
      ? Object.fromEntries(question.measures.map((name) => [`previous_${name}`, measure(name, before)]))
      : {}),
  }));
}

function dimensionOf({ at, of }: Fact, name: string, zone: string): string | number {
  if (name === 'hour_of_day') return Number(local(at, zone).slice(11, 13));
  if (name === 'day_of_week') return weekday(local(at, zone).slice(0, 10));
  return of[name] ?? '';
}

const formatters = new Map<string, Intl.DateTimeFormat>();

const known = new Map<string, Map<number, string>>();

/** 2026-11-01T01:23:00-04:00, by the platform's own formatter; seconds are the minute's first. */
function local(at: number, zone: string): string {
  const minute = Math.floor(at / 60_000) * 60_000;
  const ofZone = known.get(zone) ?? new Map<number, string>();
  known.set(zone, ofZone);
  const found = ofZone.get(minute) ?? format(minute, zone);
  ofZone.set(minute, found);
  return found;
}

function format(at: number, zone: string): string {
  const formatter =
    formatters.get(zone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  formatters.set(zone, formatter);
  const text = formatter.format(at).replace(' ', 'T');
  const minutes = Math.round((Date.parse(`${text}Z`) - at) / 60_000);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${text}${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

function weekday(day: string): number {
  return ((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7) + 1;
}

function bucket(at: number, zone: string, granularity: string, shiftMs: number, days: number | null): string {
  if (granularity === 'minute' || granularity === 'hour') {
    const text = local(at + (days === null ? shiftMs : days * 86_400_000), zone);
    return `${text.slice(0, granularity === 'minute' ? 16 : 13)}${granularity === 'minute' ? '' : ':00'}:00${text.slice(19)}`;
  }
  const day = local(days === null ? at + shiftMs : at, zone).slice(0, 10);
  const moved = days === null ? day : plus(day, days);
  if (granularity === 'day') return moved;
  return granularity === 'week' ? plus(moved, 1 - weekday(moved)) : `${moved.slice(0, 7)}-01`;
}

function plus(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
