import { readFileSync } from 'node:fs';
import { assert } from './checks.ts';

/** A row of a kept bench, as `bench/rows.ts` writes it. */
export interface KeptRow {
  readonly measured: number;
  readonly detail: string;
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../results/${file}`, import.meta.url), 'utf8')) as T;
}

/** Every row of a bench whose result is kept. */
export function keptRows(bench: string): Readonly<Record<string, KeptRow>> {
  return read<{ rows: Record<string, KeptRow> }>(`bench-${bench}.json`).rows;
}

/** One of them; it throws where there is none. */
export function keptRow(bench: string, name: string): KeptRow {
  const row = keptRows(bench)[name];
  assert(row !== undefined && Number.isFinite(row.measured), `bench-${bench}.json has no ${name}`);
  return row;
}

/** The number that begins what a row says in words. */
export function numberIn({ detail }: KeptRow, words: RegExp): number {
  return Number(words.exec(detail)?.[1] ?? Number.NaN);
}

interface LabVerdict {
  readonly policy: string;
  readonly seed: number;
  readonly budget_used_of_feasible: number;
  readonly floors: Readonly<Record<string, { readonly reached: number }>> | null;
}

/** What the product's own policy reached in the lab, seed by seed. */
export function keptLab(): readonly LabVerdict[] {
  const ours = read<{ verdicts: readonly LabVerdict[] }>('lab.json').verdicts.filter(({ policy }) => policy === 'ours');
  assert(ours.length > 0, "lab.json has no verdict on the product's policy");
  return ours;
}
