/** What reports can count. To add a measure: one line here. */

/** Where numbers come from: `delivery` counts beacons, `inventory` counts requests. */
export type Source = 'delivery' | 'inventory';

export interface Measure {
  readonly source: Source;
  readonly about: string;
  readonly unit: 'count' | 'micros' | 'seconds' | 'viewers' | 'ratio';
  /** Over rows `r` of a roll-up. */
  readonly rollUp: string;
  /** Over raw rows `b`: a beacon, or a request. */
  readonly raw: string;
  /** Over rows `j` of adjustments, which are no beacons; absent: they say nothing of it. */
  readonly adjustment?: string;
}

const net = (event: string) => `countIf(b.event = '${event}' AND b.billable)`;
const delivered = (about: string, column: string, raw: string, unit: Measure['unit'] = 'count'): Measure => ({
  source: 'delivery',
  about,
  unit,
  rollUp: `sum(r.${column})`,
  raw,
});
const asked = (about: string, column: string, raw: string, unit: Measure['unit'] = 'count'): Measure => ({
  source: 'inventory',
  about,
  unit,
  rollUp: `sum(r.${column})`,
  raw,
});

const LATE = 'b.late AND NOT b.duplicate';
const INVALID = 'NOT b.late AND NOT b.duplicate AND NOT b.billable';

/** Measures that are counted. */
export const counted = {
  impressions: delivered('billable impressions', 'impressions', net('impression')),
  starts: delivered('starts', 'starts', net('start')),
  first_quartiles: delivered('first quartiles', 'first_quartiles', net('firstQuartile')),
  midpoints: delivered('midpoints', 'midpoints', net('midpoint')),
  third_quartiles: delivered('third quartiles', 'third_quartiles', net('thirdQuartile')),
  completes: delivered('completes', 'completes', net('complete')),
  clicks: delivered('clicks', 'clicks', net('click')),
  skips: delivered('skips', 'skips', net('skip')),
  errors: delivered('errors', 'errors', net('error')),
  spend_micros: delivered('spend', 'spend_micros', 'sum(b.spend_micros)', 'micros'),
  gross: delivered('beacons of any kind, all of them', 'gross', 'count()'),
  duplicates: delivered('beacons that came again', 'duplicates', 'countIf(b.duplicate)'),
  late: delivered('beacons that came late, and are no repetition', 'late_first', `countIf(${LATE})`),
  invalid: delivered('beacons neither repeated nor late, and yet not counted', 'invalid', `countIf(${INVALID})`),
  net: delivered('beacons that count: gross less duplicates, late and invalid', 'net', 'countIf(b.billable)'),
  gross_impressions: delivered('impressions, all of them', 'gross_impressions', `countIf(b.event = 'impression')`),
  duplicate_impressions: delivered(
    'impressions that came again',
    'duplicate_impressions',
    `countIf(b.event = 'impression' AND b.duplicate)`,
  ),
  late_impressions: delivered(
    'impressions that came late, and are no repetition',
    'late_impressions',
    `countIf(b.event = 'impression' AND ${LATE})`,
  ),
  invalid_impressions: delivered(
    'impressions neither repeated nor late, and yet not counted',
    'invalid_impressions',
    `countIf(b.event = 'impression' AND ${INVALID})`,
  ),
  reach: {
    source: 'delivery',
    about: 'different viewers of billable impressions; about, from some ten thousand on',
    unit: 'viewers',
    rollUp: 'uniqCombined64Merge(r.viewers)',
    raw: `uniqCombined64If(b.viewer, b.event = 'impression' AND b.billable)`,
  },
  adjusted_impressions: {
    ...delivered('billed impressions that were found later not to be owed', '', '0'),
    rollUp: '0',
    adjustment: 'sum(j.impressions)',
  },
  adjusted_micros: {
    ...delivered('spend that was found later not to be owed', '', '0', 'micros'),
    rollUp: '0',
    adjustment: 'sum(j.amount_micros)',
  },
  requests: asked('requests, repeated ones once', 'requests', 'countIf(NOT b.duplicate)'),
  filled: asked('requests that got at least one ad', 'filled', 'countIf(NOT b.duplicate AND b.ads > 0)'),
  ads: asked('ads served', 'ads', 'sumIf(b.ads, NOT b.duplicate)'),
  requested_seconds: asked(
    'seconds asked for',
    'requested_seconds',
    'sumIf(b.requested_seconds, NOT b.duplicate)',
    'seconds',
  ),
  filled_seconds: asked(
    'seconds of the ads served',
    'filled_seconds',
    'sumIf(b.filled_seconds, NOT b.duplicate)',
    'seconds',
  ),
  paid_seconds: asked(
    'seconds of the ads served that are not house ads',
    'paid_seconds',
    'sumIf(b.paid_seconds, NOT b.duplicate)',
    'seconds',
  ),
  viewers: {
    source: 'inventory',
    about: 'different viewers who asked; about, from some ten thousand on',
    unit: 'viewers',
    rollUp: 'uniqCombined64Merge(r.viewers)',
    raw: 'uniqCombined64If(b.viewer, NOT b.duplicate)',
  },
} as const satisfies Readonly<Record<string, Measure>>;

export type Counted = keyof typeof counted;

export interface Rate {
  readonly source: Source;
  readonly about: string;
  readonly of: Counted;
  readonly per: Counted;
  readonly times: number;
}

const rate = (about: string, of: Counted, per: Counted, times = 1): Rate => ({
  source: counted[of].source,
  about,
  of,
  per,
  times,
});

/** Measures that are one count over another; null where there was nothing to divide by. */
export const rates = {
  ctr: rate('clicks per impression', 'clicks', 'impressions'),
  vtr: rate('completes per impression', 'completes', 'impressions'),
  completion_rate: rate('completes per start', 'completes', 'starts'),
  error_rate: rate('errors per impression', 'errors', 'impressions'),
  skip_rate: rate('skips per start', 'skips', 'starts'),
  invalid_rate: rate('invalid beacons per beacon', 'invalid', 'gross'),
  frequency: rate('impressions per viewer', 'impressions', 'reach'),
  ecpm_micros: rate('spend per thousand impressions', 'spend_micros', 'impressions', 1_000),
  ecpc_micros: rate('spend per click', 'spend_micros', 'clicks'),
  ecpcv_micros: rate('spend per complete', 'spend_micros', 'completes'),
  fill_rate: rate('paid seconds per second asked for', 'paid_seconds', 'requested_seconds'),
  request_fill_rate: rate('requests with an ad per request', 'filled', 'requests'),
  ads_per_request: rate('ads per request', 'ads', 'requests'),
} as const satisfies Readonly<Record<string, Rate>>;

/** Measures that are one count less another. */
export const differences = {
  payable_micros: { about: 'spend less what is not owed', of: 'spend_micros', less: 'adjusted_micros' },
  payable_impressions: { about: 'impressions less those not owed', of: 'impressions', less: 'adjusted_impressions' },
} as const satisfies Readonly<Record<string, { about: string; of: Counted; less: Counted }>>;

export type MeasureName = Counted | keyof typeof rates | keyof typeof differences;

export const measureNames = [
  ...Object.keys(counted),
  ...Object.keys(differences),
  ...Object.keys(rates),
] as readonly MeasureName[];

export function isRate(name: MeasureName): name is keyof typeof rates {
  return Object.hasOwn(rates, name);
}

export function isDifference(name: MeasureName): name is keyof typeof differences {
  return Object.hasOwn(differences, name);
}

/** What must be counted for a measure. */
export function countsOf(name: MeasureName): readonly Counted[] {
  if (isRate(name)) return [rates[name].of, rates[name].per];
  return isDifference(name) ? [differences[name].of, differences[name].less] : [name];
}

export function sourceOf(name: MeasureName): Source {
  const [first = 'impressions'] = countsOf(name);
  return counted[first].source;
}

export function aboutOf(name: MeasureName): string {
  if (isRate(name)) return rates[name].about;
  return isDifference(name) ? differences[name].about : counted[name].about;
}
