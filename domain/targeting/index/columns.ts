import type { DimensionName } from '../../campaign.ts';
import type { Context } from '../../request.ts';
import { wallClock } from '../../zone.ts';
import type { Lookup } from '../dimension.ts';
import { dimensions } from '../dimensions.ts';
import { keysOfPlace, keysOfPlaces } from '../geo.ts';
import type { Range } from '../range.ts';
import { type Listed, placesOf, type ReadRule } from '../read-rule.ts';
import { Bitmap } from './bits.ts';
import { type Interval, IntervalColumn } from './interval-column.ts';
import { ExcludeRows, type Found, IncludeRows } from './rows.ts';
import { minuteOfWeek, scheduleOf } from './schedule.ts';

/** What clauses ask of one dimension, or of those that are read together. */
export interface Column {
  add(bit: number, rule: ReadRule, zone: string): void;
  /** The rule and zone that were added. */
  delete(bit: number, rule: ReadRule, zone: string): void;
  ask(context: Context, found: Found): void;
  /** Room for so many words of bits. */
  grow(words: number): void;
}

/** One column for each dimension; places share one, and so do times. */
export function createColumns(words: number): readonly Column[] {
  const columns: Column[] = [new PlaceColumn(words), new TimeColumn(words)];
  for (const { name, lookup } of dimensions) {
    if (lookup.by === 'name') columns.push(new NameColumn(name, lookup, words));
    if (lookup.by === 'range') columns.push(new RangeColumn(name, lookup, words));
  }
  return columns;
}

/** A rule that no moment can meet: a value that cannot be read, or everybody excluded. */
export function isDead(rule: ReadRule): boolean {
  if (rule.broken.size > 0) return true;
  return dimensions.some(
    ({ name, lookup }) =>
      lookup.by === 'name' && lookup.everybody !== null && rule.exclude.get(name)?.includes(lookup.everybody),
  );
}

class NameColumn implements Column {
  readonly #name: DimensionName;
  readonly #lookup: Lookup & { readonly by: 'name' };
  readonly #include: IncludeRows;
  readonly #exclude: ExcludeRows;

  constructor(name: DimensionName, lookup: Lookup & { readonly by: 'name' }, words: number) {
    this.#name = name;
    this.#lookup = lookup;
    this.#include = new IncludeRows(words);
    this.#exclude = new ExcludeRows(words);
  }

  add(bit: number, rule: ReadRule): void {
    this.#include.add(bit, this.#included(rule));
    this.#exclude.add(bit, namesOf(rule.exclude, this.#name) ?? []);
  }

  delete(bit: number, rule: ReadRule): void {
    this.#include.delete(bit, this.#included(rule));
    this.#exclude.delete(bit, namesOf(rule.exclude, this.#name) ?? []);
  }

  ask(context: Context, found: Found): void {
    const names = this.#lookup.read(context);
    this.#include.ask(names, found);
    this.#exclude.ask(names, found);
    this.#exclude.ask(this.#lookup.doubt(context), found);
  }

  grow(words: number): void {
    this.#include.grow(words);
    this.#exclude.grow(words);
  }

  #included(rule: ReadRule): readonly string[] | null {
    const { everybody } = this.#lookup;
    const names = namesOf(rule.include, this.#name);
    return names === null || (everybody !== null && names.includes(everybody)) ? null : names;
  }
}

function namesOf(listed: Listed, name: DimensionName): readonly string[] | null {
  return (listed.get(name) as readonly string[] | undefined) ?? null;
}

class RangeColumn implements Column {
  readonly #name: DimensionName;
  readonly #lookup: Lookup & { readonly by: 'range' };
  readonly #includeRows: IncludeRows;
  readonly #excludeRows: ExcludeRows;
  readonly #include: IntervalColumn;
  readonly #exclude: IntervalColumn;

  constructor(name: DimensionName, lookup: Lookup & { readonly by: 'range' }, words: number) {
    this.#name = name;
    this.#lookup = lookup;
    this.#includeRows = new IncludeRows(words);
    this.#excludeRows = new ExcludeRows(words);
    this.#include = new IntervalColumn(this.#includeRows);
    this.#exclude = new IntervalColumn(this.#excludeRows);
  }

  add(bit: number, rule: ReadRule): void {
    const included = intervalsOf(rule.include, this.#name);
    if (included === null) this.#includeRows.add(bit, null);
    else this.#include.add(bit, included);
    this.#exclude.add(bit, intervalsOf(rule.exclude, this.#name) ?? []);
  }

  delete(bit: number, rule: ReadRule): void {
    const included = intervalsOf(rule.include, this.#name);
    if (included === null) this.#includeRows.delete(bit, null);
    else this.#include.delete(bit, included);
    this.#exclude.delete(bit, intervalsOf(rule.exclude, this.#name) ?? []);
  }

  ask(context: Context, found: Found): void {
    const value = this.#lookup.read(context);
    this.#include.ask(value, found);
    this.#exclude.ask(value, found);
  }

  grow(words: number): void {
    this.#includeRows.grow(words);
    this.#excludeRows.grow(words);
  }
}

/** An open end reaches as far as a number can. */
function intervalsOf(listed: Listed, name: DimensionName): readonly Interval[] | null {
  const ranges = listed.get(name) as readonly Range[] | undefined;
  if (ranges === undefined) return null;
  return ranges.map(({ min, max }) => ({ from: min ?? 0, to: max === null ? Number.MAX_SAFE_INTEGER : max + 1 }));
}

const places = ['geo_countries', 'geo_regions', 'geo_cities', 'geo_dma_codes'] as const;

class PlaceColumn implements Column {
  readonly #include: IncludeRows;
  readonly #exclude: ExcludeRows;

  constructor(words: number) {
    this.#include = new IncludeRows(words);
    this.#exclude = new ExcludeRows(words);
  }

  add(bit: number, { include, exclude }: ReadRule): void {
    this.#include.add(bit, placeKeys(include));
    this.#exclude.add(bit, placeKeys(exclude) ?? []);
  }

  delete(bit: number, { include, exclude }: ReadRule): void {
    this.#include.delete(bit, placeKeys(include));
    this.#exclude.delete(bit, placeKeys(exclude) ?? []);
  }

  ask(context: Context, found: Found): void {
    const keys = keysOfPlace(context);
    this.#include.ask(keys, found);
    this.#exclude.ask(keys, found);
  }

  grow(words: number): void {
    this.#include.grow(words);
    this.#exclude.grow(words);
  }
}

/** Null: no place is listed. */
function placeKeys(listed: Listed): readonly string[] | null {
  return places.some((name) => listed.has(name)) ? keysOfPlaces(placesOf(listed)) : null;
}

class TimeColumn implements Column {
  readonly #rows: IncludeRows;
  readonly #minutes: IntervalColumn;
  /** By the campaign's zone, the clauses that ask for a time: what a moment without a zone of its own is read in. */
  readonly #zones = new Map<string, Bitmap>();
  readonly #scratch: Bitmap;
  #words: number;

  constructor(words: number) {
    this.#words = words;
    this.#rows = new IncludeRows(words);
    this.#minutes = new IntervalColumn(this.#rows);
    this.#scratch = new Bitmap(words);
  }

  add(bit: number, rule: ReadRule, zone: string): void {
    const schedule = scheduleOf(rule);
    if (schedule === null) {
      this.#rows.add(bit, null);
      return;
    }
    this.#minutes.add(bit, schedule);
    const timed = this.#zones.get(zone) ?? new Bitmap(this.#words);
    this.#zones.set(zone, timed);
    timed.add(bit);
  }

  delete(bit: number, rule: ReadRule, zone: string): void {
    const schedule = scheduleOf(rule);
    if (schedule === null) {
      this.#rows.delete(bit, null);
      return;
    }
    this.#minutes.delete(bit, schedule);
    const timed = this.#zones.get(zone);
    timed?.delete(bit);
    if (timed?.count === 0) this.#zones.delete(zone);
  }

  ask({ at, timeZone }: Context, found: Found): void {
    if (this.#zones.size === 0) return;
    if (timeZone !== null) {
      this.#minutes.ask(minuteOfWeek(wallClock(at, timeZone)), found);
      return;
    }
    const { words } = this.#scratch;
    words.set(this.#rows.any.words);
    let { count } = this.#rows.any;
    for (const [zone, timed] of this.#zones) {
      this.#minutes.orInto(minuteOfWeek(wallClock(at, zone)), timed, words);
      count += timed.count >>> 2;
    }
    found.inside.push({ words, count });
  }

  grow(words: number): void {
    this.#words = words;
    this.#rows.grow(words);
    this.#scratch.grow(words);
    for (const timed of this.#zones.values()) timed.grow(words);
  }
}
