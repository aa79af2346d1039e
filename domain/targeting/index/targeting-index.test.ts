import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, DimensionName } from '../../campaign.ts';
import { normaliseContext } from '../context.ts';
import { dimensions } from '../dimensions.ts';
import { createTargetingIndex, type Targeted } from './targeting-index.ts';
import { countForms, grownCases, noForms, operationsOf } from './test-grown.ts';
import { compare, compareAnswers, contexts, noCounts, operations } from './test-operations.ts';

const monday = Date.parse('2026-03-02T14:30:00Z');

function campaign(id: string, ...rules: Partial<Record<DimensionName, readonly unknown[]>>[]): Targeted {
  const targeting = rules.map((listed) => ({
    id: 'r',
    conditions: Object.entries(listed).map(
      ([dimension, values]): Condition => ({ dimension: dimension as DimensionName, mode: 'include', values }),
    ),
  }));
  return { id, timeZone: 'UTC', targeting };
}

function indexOf(...campaigns: readonly Targeted[]) {
  const index = createTargetingIndex<Targeted>();
  for (const one of campaigns) index.put(one);
  return index;
}

test('the index answers what the plain matcher answers, whatever is put and removed in between', () => {
  const counts = noCounts();
  fc.assert(
    fc.property(operations, (done) => compare(done, counts)),
    { numRuns: 200 },
  );
  expect(counts.matches).toBeGreaterThan(1_000);
  expect(counts.misses).toBeGreaterThan(1_000);
  expect(counts.doubtful).toBeGreaterThan(300);
  expect(counts.lineages).toBeGreaterThan(300);
});

test('beyond the boundaries that a column keeps, clauses are looked at one by one', () => {
  const text = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const odd = Array.from({ length: 700 }, (_, n) => {
    const one = campaign(`c${n}`, {
      household_income: [{ min: n * 37, max: n * 53 + 11 }],
      day_parts: [{ start: text((n * 7) % 1_440), end: text((n * 11 + 601) % 1_440) }],
    });
    const conditions = [
      ...(one.targeting[0]?.conditions ?? []),
      { dimension: 'household_income', mode: 'exclude', values: [{ min: n * 41, max: n * 41 + 5 }] } as const,
    ];
    return { ...one, targeting: [{ id: 'r', conditions }] };
  });
  const index = indexOf(...odd);
  const counts = noCounts();
  const ask = (all: readonly Targeted[]) => {
    for (let n = 0; n < 60; n++) {
      const user = { household_income: n * 500, ...(n % 2 === 0 ? { time_zone: 'Asia/Kolkata' } : {}) };
      const context = normaliseContext({ user }, monday + n * 61 * 60_000);
      compareAnswers(index.match(context), all, context, counts);
    }
  };
  ask(odd);
  for (const { id } of odd.slice(0, 600)) index.remove(id);
  ask(odd.slice(600));
  expect(counts.matches).toBeGreaterThan(500);
});

test('a changed campaign is found by its new rules at once and by its old ones no more', () => {
  const index = indexOf(campaign('a', { geo_countries: ['US'] }), campaign('b', { geo_countries: ['US'] }));
  const at = (country: string) => index.match(normaliseContext({ geo: { country } }, monday)).map(({ id }) => id);
  expect(at('US')).toEqual(['a', 'b']);
  index.put(campaign('a', { geo_countries: ['FR'] }, { geo_countries: ['DE'] }));
  expect([at('US'), at('FR'), at('DE')]).toEqual([['b'], ['a'], ['a']]);
  expect([index.remove('a'), index.remove('a'), index.size]).toEqual([true, false, 1]);
  expect(at('FR')).toEqual([]);
});

test('campaigns come in the order in which they were put, and a changed one keeps its place', () => {
  const index = indexOf(...['a', 'b', 'c', 'd'].map((id) => campaign(id)));
  index.put(campaign('b', { gender: ['all'] }));
  expect(index.match(normaliseContext({}, monday)).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
});

test('answers are in the order of ids as long as campaigns are put so, or replaced in place', () => {
  const rule = { geo_countries: ['US'] };
  const index = indexOf(campaign('a', rule), campaign('b', rule, { gender: ['all'] }), campaign('d', rule));
  const here = normaliseContext({ geo: { country: 'US' } }, monday);
  const ids = () => index.match(here).map(({ id }) => id);
  // No rule of it can hold: it has no number.
  index.put(campaign('e', { geo_countries: ['nowhere at all'] }));
  index.put(campaign('b', { gender: ['all'] }, rule));
  index.put(campaign('f', rule));
  expect([index.inOrder, ids()]).toEqual([true, ['a', 'b', 'd', 'f']]);
  index.remove('d');
  index.put(campaign('c', rule));
  expect([index.inOrder, ids()]).toEqual([true, ['a', 'b', 'c', 'f']]);
  index.put(campaign('aa', rule));
  expect([index.inOrder, ids()]).toEqual([false, ['a', 'b', 'c', 'f', 'aa']]);
});

test('more values than are folded, and more clauses than there was room for', () => {
  const towns = Array.from({ length: 3_000 }, (_, n) =>
    campaign(
      `c${n}`,
      { geo_cities: [`Town ${n % 700}`, `Town ${(n * 3) % 700}`] },
      { device_brands: [`brand ${n % 300}`] },
    ),
  );
  const index = indexOf(...towns);
  const counts = noCounts();
  for (const n of [0, 1, 255, 256, 257, 299, 699, 700]) {
    const context = normaliseContext({ geo: { city: `Town ${n}` }, device: { brand: `brand ${n}` } }, monday);
    compareAnswers(index.match(context), towns, context, counts);
  }
  expect(counts.matches).toBeGreaterThan(50);
  // Numbers that are free again go to campaigns that ask for something else.
  const asking = towns.map((town, n) => (n % 2 === 0 ? town : campaign(town.id, { geo_cities: ['Town 7'] })));
  for (const town of towns.toReversed()) index.remove(town.id);
  for (const one of asking) index.put(one);
  for (const n of [0, 1, 7, 255, 299]) {
    const context = normaliseContext({ geo: { city: `Town ${n}` }, device: { brand: `brand ${n}` } }, monday);
    compareAnswers(index.match(context), asking, context, counts);
  }
});

test('many clauses that exclude one value are all left out, before and after the index grows', () => {
  const without = (id: string): Targeted => ({
    id,
    timeZone: 'UTC',
    targeting: [{ id: 'r', conditions: [{ dimension: 'geo_countries', mode: 'exclude', values: ['US'] }] }],
  });
  const index = createTargetingIndex<Targeted>();
  const at = (country: string) => index.match(normaliseContext({ geo: { country } }, monday)).length;
  for (let n = 0; n < 3_000; n++) {
    index.put(without(`c${n}`));
    if (n % 500 === 20) expect([at('US'), at('CA')]).toEqual([0, n + 1]);
  }
  expect([at('US'), at('CA')]).toEqual([0, 3_000]);
});

test('an index of thousands answers what the plain matcher answers, whatever comes and goes', () => {
  const [counts, forms] = [noCounts(), noForms()];
  const property = fc.property(grownCases, (one) => {
    const done = operationsOf(one);
    countForms(done, forms);
    compare(done, counts);
  });
  fc.assert(property, { numRuns: 4 });
  expect(Math.min(forms.grown, forms.unfolded, forms.dense)).toBe(4);
});

test("a name dimension's lookup says what its matches says", () => {
  fc.assert(
    fc.property(contexts, (context) => {
      for (const { lookup, matches, bars, name } of dimensions) {
        if (lookup.by !== 'name') continue;
        const [read, doubt] = [lookup.read(context), lookup.doubt(context)];
        for (const value of [...read, ...doubt, 'other', ...(lookup.everybody === null ? [] : [lookup.everybody])]) {
          const holds = read.includes(value) || value === lookup.everybody;
          expect(matches([value], context, 'UTC') === 'yes', name).toBe(holds);
          expect(bars([value], context, 'UTC') === 'yes', name).toBe(holds || doubt.includes(value));
        }
      }
    }),
  );
});
