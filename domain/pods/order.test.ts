import { expect, test } from 'vitest';
import type { Place } from '../creative.ts';
import { arrange, inPlace } from './order.ts';

interface Ad {
  readonly id: string;
  readonly durationSeconds: number;
  readonly place: Place | null;
}

const ad = (id: string, place: Place | null = null): Ad => ({ id, durationSeconds: 15, place });
const ids = (ads: readonly Ad[] | null) => ads?.map(({ id }) => id) ?? null;
/** Ads whose ids begin alike compete. */
const alike = (a: Ad, b: Ad) => a.id[0] === b.id[0];

function order(ads: readonly Ad[], gapSeconds = 15): readonly string[] | null {
  return ids(arrange(ads, alike, gapSeconds, { limit: 1_000, nodes: 0, spent: false }));
}

test('who wants to be first or last is there, and the others keep their order', () => {
  expect(ids(inPlace([ad('z', 'last'), ad('b'), ad('a', 'first'), ad('c')]))).toEqual(['a', 'b', 'c', 'z']);
  expect(inPlace([ad('a', 'first'), ad('b', 'first')])).toBeNull();
  expect(inPlace([ad('a', 'last'), ad('b', 'last')])).toBeNull();
});

test('competitors are put apart around whoever wants a place', () => {
  expect(order([ad('z', 'last'), ad('c1'), ad('c2'), ad('b')])).toEqual(['c1', 'b', 'c2', 'z']);
  expect(order([ad('c1'), ad('c2'), ad('b'), ad('a', 'first')])).toEqual(['a', 'c1', 'b', 'c2']);
  expect(order([ad('c1', 'last'), ad('c2'), ad('b')])).toEqual(['c2', 'b', 'c1']);
  expect(order([ad('c1', 'first'), ad('b', 'last'), ad('c2')], 30)).toBeNull();
});

test('a gap is kept to the second', () => {
  expect(order([ad('c1'), ad('b'), ad('c2')], 15)).toEqual(['c1', 'b', 'c2']);
  expect(order([ad('c1'), ad('b'), ad('c2')], 16)).toBeNull();
});
