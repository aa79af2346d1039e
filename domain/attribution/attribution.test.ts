import { expect, test } from 'vitest';
import { attribute, type Conversion } from './attribute.ts';
import { liftOf } from './lift.ts';
import { removalEffects } from './markov.ts';
import { pathOf, type Touch } from './path.ts';
import { split } from './split.ts';

const DAY = 86_400_000;
const at = Date.UTC(2026, 5, 1);
const touch = (campaign: string, daysBefore: number, kind: Touch['kind'] = 'view'): Touch => ({
  at: at - daysBefore * DAY,
  kind,
  campaign,
  creative: campaign,
  reservation: `${campaign}${daysBefore}`,
});
const settings = { windows: { clickMs: 30 * DAY, viewMs: 7 * DAY }, halfLifeMs: 7 * DAY, lost: [] };
const conversion = (valueMicros: number, ...touches: Touch[]): Conversion => ({ id: 'c', at, valueMicros, touches });

function credits(model: Parameters<typeof attribute>[1], one: Conversion) {
  return attribute([one], model, settings).credits.map(({ touch: { campaign }, valueMicros }) => [
    campaign,
    valueMicros,
  ]);
}

test('a window ends with its last millisecond, clicks have their own, and nothing after the conversion counts', () => {
  const touches = [touch('a', 7), touch('b', 7 + 1 / DAY), touch('c', 30, 'click'), touch('d', -1), touch('e', 0)];
  expect(pathOf(touches, at, settings.windows).map(({ campaign }) => campaign)).toEqual(['c', 'a', 'e']);
});

test('each model divides a path as its name says, to the micro', () => {
  const path = conversion(100, touch('a', 7), touch('b', 3), touch('c', 1), touch('d', 0));
  expect(credits('last_touch', path).map(([, value]) => value)).toEqual([0, 0, 0, 100]);
  expect(credits('first_touch', path).map(([, value]) => value)).toEqual([100, 0, 0, 0]);
  expect(credits('linear', path).map(([, value]) => value)).toEqual([25, 25, 25, 25]);
  expect(credits('position_based', path).map(([, value]) => value)).toEqual([40, 10, 10, 40]);
  expect(credits('position_based', conversion(101, touch('a', 2), touch('b', 1))).map(([, value]) => value)).toEqual([
    51, 50,
  ]);
  expect(credits('time_decay', conversion(300, touch('a', 7), touch('b', 0)))).toEqual([
    ['a', 100],
    ['b', 200],
  ]);
});

test('a conversion is divided as its value is', () => {
  const path = conversion(-300, touch('a', 7), touch('b', 0));
  const parts = (model: Parameters<typeof attribute>[1]) =>
    attribute([path], model, settings).credits.map((credit) => credit.parts);
  expect(parts('last_touch')).toEqual([0, 1_000_000]);
  expect(parts('time_decay')).toEqual([333_333, 666_667]);
  expect(parts('linear')).toEqual([500_000, 500_000]);
});

test('parts add up to the whole, also of what was taken back and where nothing weighs', () => {
  expect(split(100, [1, 1, 1])).toEqual([34, 33, 33]);
  expect(split(-100, [1, 1, 1])).toEqual([-34, -33, -33]);
  expect(split(5, [0, 0])).toEqual([3, 2]);
  expect(split(7, [])).toEqual([]);
  expect(split(9_007_199_254_740_991, [0.1, 0.2, 0.7]).reduce((sum, part) => sum + part, 0)).toBe(
    9_007_199_254_740_991,
  );
});

test('a campaign that every way leads through is worth all, and two that convert apart what each converts', () => {
  const effects = removalEffects([
    { campaigns: ['a', 'b'], converted: 3, lost: 1 },
    { campaigns: ['a', 'c'], converted: 1, lost: 3 },
  ]);
  expect(effects.get('a')).toBeCloseTo(1, 12);
  expect(effects.get('b')).toBeCloseTo(0.75, 12);
  expect(effects.get('c')).toBeCloseTo(0.25, 12);
  expect(removalEffects([{ campaigns: ['a'], converted: 0, lost: 4 }]).get('a')).toBe(0);
});

test('ways that led to nothing weigh as much by their steps as one by one', () => {
  const won = [{ campaigns: ['a', 'b'], converted: 3, lost: 0 }];
  const ways = [
    { campaigns: ['a', 'b', 'a'], converted: 0, lost: 2 },
    { campaigns: ['c'], converted: 0, lost: 1 },
  ];
  const steps = ways.flatMap(({ campaigns, lost }) =>
    [null, ...campaigns].map((from, at) => ({ from, to: campaigns[at] ?? null, times: lost })),
  );
  expect([...removalEffects(won, steps)]).toEqual([...removalEffects([...won, ...ways])]);
});

test('lift is the ratio of rates less one, with its interval, and null where nothing can be divided', () => {
  const found = liftOf({ viewers: 1_000, converters: 60 }, { viewers: 1_000, converters: 40 });
  expect(found.lift).toBeCloseTo(0.5, 12);
  expect(found.incrementalConverters).toBeCloseTo(20, 9);
  expect(found.low).toBeCloseTo(0.0152, 3);
  expect(found.high).toBeCloseTo(1.2163, 3);
  expect(liftOf({ viewers: 10, converters: 1 }, { viewers: 10, converters: 0 }).lift).toBeNull();
  expect(liftOf({ viewers: 0, converters: 0 }, { viewers: 0, converters: 0 }).rate).toBeNull();
});
