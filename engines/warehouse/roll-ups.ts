import { readFileSync } from 'node:fs';
import type { Warehouse } from './warehouse.ts';

/** What is rolled up: `request` from requests, `delivery` from beacons. */
export type RollUpFamily = 'request' | 'delivery';

/** One minute of one source partition. */
export interface Slice {
  readonly partition: number;
  /** Epoch seconds, a whole minute. */
  readonly minute: number;
}

/** Keeps a statement's parameters short enough for a URL. */
const SLICES_AT_ONCE = 150;

const grains = ['minutes', 'hours', 'days'] as const;

/**
 * Computes the slices again from raw rows, then the hours and days that hold them, in clickhouse/recompute/. Idempotent;
 * two at once are harmless: what has seen more of the log wins.
 */
export async function recompute(warehouse: Warehouse, family: RollUpFamily, slices: readonly Slice[]): Promise<void> {
  const different = new Map(slices.map((slice) => [`${slice.partition}:${slice.minute}`, slice]));
  const ordered = [...different.values()].sort((a, b) => a.minute - b.minute || a.partition - b.partition);
  for (let from = 0; from < ordered.length; from += SLICES_AT_ONCE) {
    const chunk = ordered.slice(from, from + SLICES_AT_ONCE);
    const parameters = {
      partitions: chunk.map((slice) => slice.partition),
      minutes: chunk.map((slice) => slice.minute),
    };
    for (const grain of grains) await warehouse.run(statement(family, grain), parameters);
  }
}

const statements = new Map<string, string>();

function statement(family: RollUpFamily, grain: (typeof grains)[number]): string {
  const name = `${family}-${grain}.sql`;
  const known = statements.get(name);
  if (known !== undefined) return known;
  const sql = readFileSync(new URL(`../../clickhouse/recompute/${name}`, import.meta.url), 'utf8');
  statements.set(name, sql);
  return sql;
}
