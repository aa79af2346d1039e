import { attribute, type Credit, WHOLE } from '../../domain/attribution/attribute.ts';
import { campaignsOf, type Step } from '../../domain/attribution/markov.ts';
import type { ModelName } from '../../domain/attribution/models.ts';
import { pathOf, type Windows } from '../../domain/attribution/path.ts';
import { dayOf, endOfDay } from '../../domain/zone.ts';
import { conversionsIn, type StoredConversion } from './attribution-paths.ts';

export type By = 'campaign' | 'creative' | 'path' | 'day' | 'type';

/** What is weighed, in a shape that goes to a thread. */
export interface Weighing {
  /** As `readConversions` gives them. */
  readonly lines: Uint8Array;
  readonly lost: readonly Step[];
  readonly models: readonly ModelName[];
  readonly by: By;
  /** Null: credits of all campaigns. */
  readonly campaign: string | null;
  readonly zone: string;
  readonly windows: Windows;
  readonly halfLifeMs: number;
}

export interface WeighedRow {
  readonly key: string;
  readonly conversions: number;
  readonly value_micros: number;
  readonly restated_at: string | null;
}

export interface WeighedModel {
  readonly rows: readonly WeighedRow[];
  /** What the rows after the first add up to; null: there are no more. */
  readonly others: { readonly rows: number; readonly conversions: number; readonly value_micros: number } | null;
  readonly attributed_value_micros: number;
}

export interface Weighed {
  readonly models: Readonly<Record<string, WeighedModel>>;
  readonly conversions: number;
  readonly value_micros: number;
  readonly unattributed: { readonly conversions: number; readonly value_micros: number };
  readonly late_conversions: number;
  readonly restated_at: string | null;
}

/** Rows that are told one by one, those of the most value. */
const ROWS_MAX = 1_000;
/** The data-driven model takes time with the cube of them. */
const CAMPAIGNS_MAX = 500;

/** A text says what there is too much of. */
export function weigh(asked: Weighing): Weighed | string {
  const conversions = conversionsIn(asked.lines);
  if (conversions === null) return 'there are too many conversions, or touches of theirs: ask for a shorter time';
  const { windows, halfLifeMs, lost, zone } = asked;
  if (asked.models.includes('data_driven')) {
    const ways = conversions.map(({ touches, at }) => ({
      campaigns: pathOf(touches, at, windows).map(({ campaign }) => campaign),
    }));
    const { size } = campaignsOf(ways, lost);
    if (size > CAMPAIGNS_MAX) return `data_driven weighs at most ${CAMPAIGNS_MAX} campaigns, and there are ${size}`;
  }
  const models: Record<string, WeighedModel> = {};
  for (const model of asked.models) {
    models[model] = modelOf(attribute(conversions, model, { windows, halfLifeMs, lost }).credits, asked);
  }
  const alone = conversions.filter(({ touches, at }) => pathOf(touches, at, windows).length === 0);
  const late = conversions.filter((one) => isLate(one, zone));
  return {
    models,
    conversions: conversions.length,
    value_micros: sum(conversions, ({ valueMicros }) => valueMicros),
    unattributed: { conversions: alone.length, value_micros: sum(alone, ({ valueMicros }) => valueMicros) },
    late_conversions: late.length,
    restated_at: newest(late),
  };
}

/** It came when the day on which it happened was over in the zone, so that day's numbers had been told without it. */
function isLate({ at, appendedAt }: StoredConversion, zone: string): boolean {
  return appendedAt >= endOfDay(at, zone);
}

function newest(late: readonly StoredConversion[]): string | null {
  const at = late.reduce((most, { appendedAt }) => Math.max(most, appendedAt), 0);
  return at === 0 ? null : new Date(at).toISOString();
}

function modelOf(all: readonly Credit[], { by, campaign, zone }: Weighing): WeighedModel {
  const credits = campaign === null ? all : all.filter(({ touch }) => touch.campaign === campaign);
  const groups = Map.groupBy(credits, (credit) => keyOf(credit, by, zone));
  const rows = [...groups].map(([key, own]) => ({
    key,
    parts: sum(own, ({ parts }) => parts),
    conversions: sum(own, ({ parts }) => parts) / WHOLE,
    value_micros: sum(own, ({ valueMicros }) => valueMicros),
    restated_at:
      by === 'day'
        ? newest(own.map(({ conversion }) => conversion as StoredConversion).filter((one) => isLate(one, zone)))
        : null,
  }));
  rows.sort((a, b) => b.value_micros - a.value_micros || b.parts - a.parts || (a.key < b.key ? -1 : 1));
  const rest = rows.slice(ROWS_MAX);
  return {
    rows: rows.slice(0, ROWS_MAX).map(({ parts: _, ...row }) => row),
    others:
      rest.length === 0
        ? null
        : {
            rows: rest.length,
            conversions: sum(rest, ({ parts }) => parts) / WHOLE,
            value_micros: sum(rest, ({ value_micros }) => value_micros),
          },
    attributed_value_micros: sum(credits, ({ valueMicros }) => valueMicros),
  };
}

function keyOf({ conversion, path, touch }: Credit, by: By, zone: string): string {
  if (by === 'campaign') return touch.campaign;
  if (by === 'creative') return touch.creative;
  if (by === 'day') return dayOf(conversion.at, zone);
  if (by === 'type') return (conversion as StoredConversion).type;
  return path.map((one) => one.campaign).join(' > ');
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
