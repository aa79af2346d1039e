import type { DimensionName } from '../dimensions.ts';
import type { MeasureName } from '../measures.ts';

export const granularities = ['none', 'minute', 'hour', 'day', 'week', 'month'] as const;

export type Granularity = (typeof granularities)[number];

export interface Filter {
  readonly dimension: DimensionName;
  readonly mode: 'include' | 'exclude';
  readonly values: readonly (string | number)[];
}

export interface Bound {
  readonly measure: MeasureName;
  readonly atLeast: number | null;
  readonly atMost: number | null;
}

/** A report that was checked: names from the closed lists, times as instants. */
export interface Report {
  readonly measures: readonly MeasureName[];
  readonly dimensions: readonly DimensionName[];
  readonly granularity: Granularity;
  /** IANA name. */
  readonly zone: string;
  /** Epoch ms, whole minutes; `to` is not in it. */
  readonly from: number;
  readonly to: number;
  /** The time before, as long: by the calendar where the report begins and ends with a day of its zone. Null: not compared. */
  readonly previous: { readonly from: number; readonly to: number; readonly days: number | null } | null;
  readonly filters: readonly Filter[];
  readonly bounds: readonly Bound[];
  /** A measure, a dimension or `time`; null: by time and dimensions. */
  readonly order: { readonly by: string; readonly descending: boolean } | null;
  readonly limit: number;
}

/** Whose rows: one organisation's, or everybody's for the operator at a shell. */
export type Scope = { readonly organisation: string } | 'everything';
