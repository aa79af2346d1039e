import Type, { type Static } from 'typebox';
import { closed, oneOf, orNull, time } from '../../shapes.ts';
import { dimensionNames } from '../dimensions.ts';
import { measureNames } from '../measures.ts';
import { rangeNames } from './ranges.ts';
import { granularities } from './report.ts';

export const reportLimits = {
  measures: 20,
  dimensions: 6,
  filters: 20,
  valuesOfFilter: 1_000,
  /** Of the texts of one filter, in UTF-8: they are bound as one parameter, and quoting may double them. */
  bytesOfFilter: 48_000,
  rows: 10_000,
  rowsMax: 100_000,
  /** Longest time of a report. */
  days: 1_200,
} as const;

export const formats = ['json', 'csv', 'excel', 'parquet'] as const;

const measure = oneOf(...measureNames);
const dimension = oneOf(...dimensionNames);
const count = Type.Number({ minimum: 0, maximum: 1e15 });

/** What a report asks for, without how it is sent. */
const question = {
  measures: Type.Array(measure, { minItems: 1, maxItems: reportLimits.measures, uniqueItems: true }),
  dimensions: Type.Optional(Type.Array(dimension, { maxItems: reportLimits.dimensions, uniqueItems: true })),
  granularity: Type.Optional(oneOf(...granularities)),
  time_zone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'IANA name; default UTC. Days begin and hours stand there',
    }),
  ),
  from: Type.Optional(time()),
  to: Type.Optional(time()),
  range: Type.Optional(
    Type.Unsafe<(typeof rangeNames)[number]>({
      ...oneOf(...rangeNames),
      description: 'instead of from and to: a time that moves on, in whole days of the time zone',
    }),
  ),
  compare: Type.Optional(
    Type.Unsafe<'previous_period'>({
      ...oneOf('previous_period'),
      description: 'adds previous_<measure>: the time before, as many days or as long',
    }),
  ),
  filters: Type.Optional(
    Type.Array(
      closed({
        dimension,
        mode: Type.Optional(oneOf('include', 'exclude')),
        values: Type.Array(Type.Union([Type.String({ maxLength: 512 }), Type.Integer({ minimum: 0, maximum: 1e9 })]), {
          minItems: 1,
          maxItems: reportLimits.valuesOfFilter,
          description: `texts of at most ${reportLimits.bytesOfFilter} bytes together`,
        }),
      }),
      { maxItems: reportLimits.filters },
    ),
  ),
  having: Type.Optional(
    Type.Array(closed({ measure, at_least: Type.Optional(count), at_most: Type.Optional(count) }), {
      maxItems: reportLimits.measures,
      description: 'only rows whose measures lie between',
    }),
  ),
  order_by: Type.Optional(Type.String({ maxLength: 64, description: 'a measure, a dimension or time of the report' })),
  order: Type.Optional(oneOf('asc', 'desc')),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: reportLimits.rowsMax, description: `rows; default ${reportLimits.rows}` }),
  ),
};

export const reportQuestion = closed(question);

export type ReportQuestion = Static<typeof reportQuestion>;

export const reportBody = closed({
  ...question,
  format: Type.Optional(oneOf(...formats)),
  totals: Type.Optional(
    Type.Boolean({
      description:
        'all of it in one row, beside the rows: default true for json, false for csv and excel, where it is a last line; not for parquet',
    }),
  ),
  async: Type.Optional(
    Type.Boolean({
      description: 'true: always as a job. Default: as a job where it would read too much for an answer',
    }),
  ),
});

export type ReportBody = Static<typeof reportBody>;

const row = Type.Record(Type.String(), Type.Unknown());

export const reportAnswer = Type.Object({
  rows: Type.Array(row, { description: 'time and dimensions, then measures; money in micros' }),
  totals: orNull(row),
  truncated: Type.Boolean({ description: 'there are more rows than the limit' }),
  columns: Type.Array(Type.Object({ name: Type.String(), about: Type.String() })),
  names: Type.Record(Type.String(), Type.String(), {
    description: 'of advertisers, campaigns and creatives in the rows, by id',
  }),
  from: Type.String(),
  to: Type.String(),
  time_zone: Type.String(),
  compared_with: orNull(Type.Object({ from: Type.String(), to: Type.String() })),
  source: Type.String({ description: 'the table that was read' }),
  data_as_of: orNull(
    Type.String({ description: 'everything that the log had taken by then is counted; null: not known' }),
  ),
});
