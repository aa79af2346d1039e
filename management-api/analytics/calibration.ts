import Type, { type Static } from 'typebox';
import { shareEstimate } from '../../domain/statistics.ts';
import type { ManagementParts } from '../parts.ts';
import { closed, oneOf, orNull, time, uuid } from '../shapes.ts';
import { analyticsOf, dataAsOf, withWarehouse } from './ask-warehouse.ts';
import { type Read, shareTenant } from './owners.ts';
import { checkReport } from './reports/check-report.ts';
import { rangeNames } from './reports/ranges.ts';

const DAY_MS = 86_400_000;

/** What predictions can be broken down by: SQL over a row `p` of `predictions`, as text. */
const breakdowns = {
  none: `''`,
  campaign: 'toString(p.campaign)',
  creative: 'toString(p.creative)',
  device_type: 'toString(p.device_type)',
  content_category: 'toString(p.content_category)',
  hour: `toString(toHour(p.minute, 'UTC'))`,
  position: 'toString(p.position)',
} as const;

/** A rate that is predicted: of which ads, by what, and what counts as having come. */
const predicted = {
  completion: {
    of: 'p.started',
    by: 'p.predicted_completion_ppm',
    came: 'p.completed',
    bucket: 'least(950000, intDiv(p.predicted_completion_ppm, 50000) * 50000)',
  },
  click: {
    of: '1',
    by: 'p.predicted_ctr_ppm',
    came: 'p.clicked',
    bucket: 'roundDown(p.predicted_ctr_ppm, [0, 500, 1000, 2000, 5000, 10000, 20000, 50000])',
  },
} as const;

/** Of a breakdown with more than that, those with most ads are told; the total is of all. */
const BUCKETS_MAX = 2_000;

export const calibrationQuery = closed({
  rate: Type.Optional(oneOf('completion', 'click')),
  by: Type.Optional(oneOf('none', 'campaign', 'creative', 'device_type', 'content_category', 'hour', 'position')),
  from: Type.Optional(time()),
  to: Type.Optional(time()),
  range: Type.Optional(oneOf(...rangeNames)),
  time_zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  campaign_id: Type.Optional(uuid('only ads of this campaign')),
});

type Query = Static<typeof calibrationQuery>;

const bucket = Type.Object({
  key: Type.String({ description: 'by what was asked for; empty where by is none, or the value is unknown' }),
  predicted_from: Type.Number({ description: 'predictions of this bucket begin here' }),
  ads: Type.Integer({ description: 'completion: ads that started; click: ads that were shown' }),
  predicted: Type.Number({ description: 'mean of their predictions' }),
  observed: Type.Number({ description: 'share that came' }),
  observed_low: Type.Number({ description: 'with 95 %, the share is between' }),
  observed_high: Type.Number(),
  within: Type.Boolean({ description: 'the prediction lies in that interval' }),
});

export const calibrationAnswer = Type.Object({
  rate: Type.String(),
  by: Type.String(),
  buckets: Type.Array(bucket),
  total: Type.Object({
    ads: Type.Integer(),
    predicted: orNull(Type.Number()),
    observed: orNull(Type.Number()),
    observed_over_predicted: orNull(Type.Number({ description: '1: neither too high nor too low in all' })),
    expected_calibration_error: orNull(
      Type.Number({ description: 'mean distance between predicted and observed, over ads' }),
    ),
  }),
  from: Type.String(),
  to: Type.String(),
  time_zone: Type.String(),
  data_as_of: orNull(Type.String()),
});

interface Row {
  readonly key: string;
  readonly bucket: number;
  readonly ads: number;
  readonly predicted: number;
  readonly came: number;
}

/** Predicted against observed rates of the ads that were decided in a time. */
export async function calibrationOf(
  query: Query,
  organisation: string,
  read: Read,
  parts: ManagementParts,
): Promise<Static<typeof calibrationAnswer>> {
  const { rate = 'completion', by = 'none', campaign_id: campaign, ...times } = query;
  const unset = times.from === undefined && times.range === undefined;
  const end = times.to === undefined ? Number.NaN : Date.parse(times.to);
  const weekAgo = new Date(
    Math.floor((Number.isNaN(end) ? parts.clock.now() : end) / DAY_MS - 7) * DAY_MS,
  ).toISOString();
  const asked = { measures: ['impressions' as const], ...times, ...(unset ? { from: weekAgo } : {}) };
  const { from, to, zone } = checkReport(asked, parts.clock.now());
  const asOf = await dataAsOf('delivery', parts);
  const { of, by: prediction, came, bucket: bucketed } = predicted[rate];
  const sql = `SELECT ${breakdowns[by]} AS key, toUInt32(${bucketed}) AS bucket, count() AS ads,
  sum(${prediction}) / 1000000 AS predicted, sum(${came}) AS came
FROM breakwater.predictions AS p
WHERE ${of} AND p.minute >= toDateTime({from:UInt32}, 'UTC') AND p.minute < toDateTime({to:UInt32}, 'UTC')
  AND p.advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})${
    campaign === undefined ? '' : '\n  AND p.campaign = {campaign:UUID}'
  }
GROUP BY key, bucket
ORDER BY ads DESC, key, bucket`;
  const given = { from: from / 1000, to: to / 1000, organisation, ...(campaign === undefined ? {} : { campaign }) };
  const rows = await withWarehouse('delivery', parts, async () => {
    const { reader } = analyticsOf(parts);
    await shareTenant(organisation, read, analyticsOf(parts));
    return reader.query<Readonly<Record<keyof Row, string>>>(sql, given);
  });
  const found = rows.map((row): Row => {
    return {
      key: row.key,
      bucket: Number(row.bucket),
      ads: Number(row.ads),
      predicted: Number(row.predicted),
      came: Number(row.came),
    };
  });
  return {
    rate,
    by,
    buckets: found
      .slice(0, BUCKETS_MAX)
      .map(bucketOf)
      .sort((a, b) => compare(a.key, b.key) || a.predicted_from - b.predicted_from),
    total: totalOf(found),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    time_zone: zone,
    data_as_of: asOf,
  };
}

function bucketOf({ key, bucket: from, ads, predicted: sum, came }: Row): Static<typeof bucket> {
  const mean = sum / ads;
  const { low, high } = shareEstimate({ successes: came, trials: ads }, 0.95);
  return {
    key,
    predicted_from: from / 1_000_000,
    ads,
    predicted: mean,
    observed: came / ads,
    observed_low: low,
    observed_high: high,
    within: mean >= low && mean <= high,
  };
}

function totalOf(rows: readonly Row[]): Static<typeof calibrationAnswer>['total'] {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [ads, expected, came] = [sum((row) => row.ads), sum((row) => row.predicted), sum((row) => row.came)];
  return {
    ads,
    predicted: ads === 0 ? null : expected / ads,
    observed: ads === 0 ? null : came / ads,
    observed_over_predicted: expected === 0 ? null : came / expected,
    expected_calibration_error: ads === 0 ? null : sum((row) => Math.abs(row.came - row.predicted)) / ads,
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
