import fc from 'fast-check';
import type { Condition } from '../../campaign.ts';
import type { Context } from '../../request.ts';
import { normaliseContext } from '../context.ts';
import { isDense, wordBits } from './bits.ts';
import { foldedMax } from './rows.ts';
import { type Targeted, wordsAtFirst } from './targeting-index.ts';
import { campaigns, contexts, type Operation, taxonomy } from './test-operations.ts';

/** In how many cases the index left its smallest form, and used numbers again. */
export interface Forms {
  /** More clauses than there was room for at first. */
  grown: number;
  /** More values of one dimension than are folded. */
  unfolded: number;
  /** One value that so many clauses exclude that a bit for every clause is smaller than their list. */
  dense: number;
  /** More than 100 new campaigns after as many had gone. */
  reused: number;
}

export function noForms(): Forms {
  return { grown: 0, unfolded: 0, dense: 0, reused: 0 };
}

const towns = 700;
const brands = 300;
const countries = ['US', 'US', 'US', 'CA'] as const;
const id = (n: number) => `campaign-${n}`;

/** Many towns, many brands, and many that exclude the same; `step`: how far two that follow are apart. */
function crowd(from: number, to: number, step: number): Targeted[] {
  return Array.from({ length: to - from }, (_, at) => {
    const n = from + at;
    const turn = Math.floor(n / kinds.length) * step;
    const conditions = (kinds[n % kinds.length] as (turn: number) => readonly Condition[])(turn);
    return { id: id(n), timeZone: 'UTC', targeting: [{ id: 'r', conditions }] };
  });
}

const include = (dimension: Condition['dimension'], ...values: unknown[]): Condition => ({
  dimension,
  mode: 'include',
  values,
});
const exclude = (dimension: Condition['dimension'], ...values: unknown[]): Condition => ({
  dimension,
  mode: 'exclude',
  values,
});
const kinds: readonly ((turn: number) => readonly Condition[])[] = [
  (turn) => [include('geo_cities', `Town ${turn % towns}`, `Town ${(turn * 3 + 1) % towns}`)],
  (turn) => [include('device_brands', `brand ${turn % brands}`), exclude('geo_countries', 'US')],
  () => [exclude('geo_countries', 'US')],
  (turn) => [include('geo_countries', 'US', 'CA'), exclude('content_categories', turn % 2 === 0 ? 'news' : 'sports')],
  (turn) => [
    exclude('device_brands', 'brand 7'),
    exclude('household_income', { min: 0, max: 10_000 * (1 + (turn % 3)) }),
  ],
];

const moment = fc
  .record({
    geo: fc.record({
      country: fc.constantFrom(...countries, undefined),
      city: fc.nat(towns).map((n) => `Town ${n}`),
    }),
    device: fc.record({
      brand: fc.oneof(
        fc.constant('brand 7'),
        fc.nat(brands).map((n) => `brand ${n}`),
      ),
    }),
    content: fc.record({ category: fc.constantFrom('sports', 'news', 'crime', undefined) }),
    user: fc.record({ household_income: fc.constantFrom(0, 15_000, 25_000, 90_000, undefined) }),
  })
  .map((raw) => normaliseContext(raw, Date.parse('2026-03-02T14:30Z'), { taxonomy }));

/** Numbers that share no factor with the towns and the brands. */
const steps = [1, 11, 13, 17, 19, 23] as const;

/** Campaigns or removals by the hundred, from one number on. */
type Many = { readonly putFrom: number; readonly step: number } | { readonly removeFrom: number };

/** What is done to an index that begins with a crowd. */
export interface GrownCase {
  readonly size: number;
  readonly step: number;
  readonly first: Context;
  readonly then: readonly (Operation | (Many & { readonly many: number }))[];
  readonly last: Context;
}

/** 1,500 to 3,000 clauses at first; then campaigns come, change and go, one by one and by the hundred. */
export const grownCases: fc.Arbitrary<GrownCase> = fc.integer({ min: 1_500, max: 3_000 }).chain((size) => {
  const some = fc.nat(size + 200);
  const many = fc.integer({ min: 100, max: 1_500 });
  const step = fc.constantFrom(...steps);
  const one = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(campaigns, some).map(([put, n]) => ({ put: { ...put, id: id(n) } })) },
    { weight: 2, arbitrary: some.map((n) => ({ remove: id(n) })) },
    { weight: 6, arbitrary: moment.map((ask) => ({ ask })) },
    { weight: 2, arbitrary: contexts.map((ask) => ({ ask })) },
    { weight: 4, arbitrary: fc.record({ removeFrom: some, many }) },
    { weight: 4, arbitrary: fc.record({ putFrom: some, many, step }) },
  );
  const then = fc.array(one, { minLength: 12, maxLength: 24, size: 'max' });
  return fc.record({ size: fc.constant(size), step, first: moment, then, last: moment });
});

export function operationsOf({ size, step, first, then, last }: GrownCase): readonly Operation[] {
  const put = (from: number, many: number, apart: number) =>
    crowd(from, from + many, apart).map((one) => ({ put: one }));
  const between = then.flatMap((one): readonly Operation[] => {
    if ('putFrom' in one) return put(one.putFrom, one.many, one.step);
    if ('removeFrom' in one) return Array.from({ length: one.many }, (_, at) => ({ remove: id(one.removeFrom + at) }));
    return [one];
  });
  return [...put(0, size, step), { ask: first }, ...between, { ask: last }];
}

/** Says of one case which forms it reached, by what its campaigns ask for at the first moment and how many came after others had gone. */
export function countForms(done: readonly Operation[], forms: Forms): void {
  const held = new Map<string, Targeted>();
  let free = 0;
  let reused = 0;
  let asked = false;
  for (const operation of done) {
    if ('put' in operation) {
      if (!held.has(operation.put.id) && free > 0) {
        free -= 1;
        reused += 1;
      }
      held.set(operation.put.id, operation.put);
    } else if ('remove' in operation) free += Number(held.delete(operation.remove));
    else if (!asked) {
      asked = true;
      const all = [...held.values()].flatMap(({ targeting }) => targeting.flatMap(({ conditions }) => conditions));
      const named = (mode: Condition['mode'], dimension: Condition['dimension']) =>
        all.filter((one) => one.mode === mode && one.dimension === dimension).flatMap(({ values }) => values);
      forms.grown += Number(held.size > wordsAtFirst * wordBits);
      forms.unfolded += Number(new Set(named('include', 'geo_cities')).size > foldedMax);
      // An index grows by half, so it never has room for twice what it has held.
      forms.dense += Number(isDense(named('exclude', 'geo_countries').length, (2 * held.size) / wordBits));
    }
  }
  forms.reused += Number(reused > 100);
}
