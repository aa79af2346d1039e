import { expect, test } from 'vitest';
import { forge, lateAt } from './beacons.ts';
import { dialects } from './call.ts';
import { DueQueue } from './due-queue.ts';
import { readOptions } from './options.ts';
import { appealOf } from './playback.ts';
import { populate } from './population.ts';
import { Dice } from './random.ts';
import { planRequests } from './schedule.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 4, 12);
const usual = { baseUrl: 'http://ads', seed: 7, startMs: START, forMs: 20_000, rate: 40, compress: 60, dialects };

test('a plan is the same for a seed and another for another', () => {
  const plan = (seed: number) => JSON.stringify(planRequests({ ...usual, seed }, populate(seed, 240)));
  expect(plan(7)).toBe(plan(7));
  expect(plan(7)).not.toBe(plan(8));
});

test('a run has as many requests as its rate and time say, in order, within its time', () => {
  const times = planRequests(usual, populate(7, 240)).map(({ due }) => due.at);
  expect(times.length).toBe(800);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.every((at) => at >= START && at < START + usual.forMs)).toBe(true);
});

test('eight viewers of three households ask for a quarter of the pods, and all of them are known', () => {
  const population = populate(7, 240);
  const names = new Set(population.core.map((viewer) => viewer.name));
  const planned = planRequests(usual, population);
  const share = planned.filter(({ due }) => names.has(due.call.viewer)).length / planned.length;
  expect(names.size).toBe(8);
  expect(new Set(population.core.map((viewer) => viewer.household.id)).size).toBe(3);
  expect(population.core.every((viewer) => viewer.known && viewer.consent === true)).toBe(true);
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.32);
});

test('every oddity occurs even in a short run, and seldom in a long one', () => {
  const count = (forMs: number) => {
    const planned = planRequests({ ...usual, forMs }, populate(7, 240));
    const of = (intent: string) => planned.filter(({ due }) => due.call.intent === intent).length;
    const repeats = planned.filter(({ repeat }) => repeat).length;
    const conflicts = planned.filter(({ conflict }) => conflict).length;
    return [of('missing_fields'), repeats, of('bot'), of('malformed'), conflicts];
  };
  expect(Math.min(...count(1000))).toBeGreaterThan(0);
  expect(count(100_000)).toEqual([200, 80, 40, 80, 12]);
});

test('a repetition has the bytes and the id of the request, a conflict the id and other bytes', () => {
  for (const { due, repeat, conflict } of planRequests(usual, populate(7, 240))) {
    const said = ({ call }: typeof due) => [call.url, call.payload?.toString() ?? null, call.accept];
    if (repeat) expect([said(repeat), repeat.call.requestId]).toEqual([said(due), due.call.requestId]);
    if (!conflict) continue;
    expect(conflict.call.requestId).toBe(due.call.requestId);
    expect(said({ at: 0, call: conflict.call })).not.toEqual(said(due));
  }
});

test('when a day goes by during a run, more is watched in American evenings than at night', () => {
  const planned = planRequests({ ...usual, compress: DAY_MS / usual.forMs }, populate(7, 240));
  const between = (fromHour: number, toHour: number) =>
    planned.filter(({ due }) => {
      const hour = ((due.at - START) / usual.forMs) * 24;
      return hour >= fromHour && hour < toHour;
    }).length;
  // 00:00 to 04:00 UTC is 20:00 to midnight in New York; 08:00 to 12:00 UTC is 04:00 to 08:00.
  expect(between(0, 4)).toBeGreaterThan(2 * between(8, 12));
});

test('sessions have several breaks with rising numbers', () => {
  const breaks = new Map<string, number[]>();
  for (const { due } of planRequests({ ...usual, dialects: ['json'] }, populate(7, 240))) {
    const body = due.call.body as { session?: { id: string }; break?: { index: number } };
    if (due.call.intent !== 'normal' || !body.session || !body.break) continue;
    breaks.set(body.session.id, [...(breaks.get(body.session.id) ?? []), body.break.index]);
  }
  const rising = [...breaks.values()].filter((indexes) => indexes.length > 1);
  expect(rising.length).toBeGreaterThan(50);
  for (const indexes of rising) expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
});

test('late is after the end of the minute and the life of the token, also for a decision at the very start of a minute', () => {
  expect(lateAt(60_000, 4000)).toBe(120_000 + 4000 + 1500);
  expect(lateAt(119_999, 4000)).toBe(120_000 + 4000 + 1500);
});

test('a forged URL differs in the signature or in the event, and in nothing else', () => {
  const url = 'http://ads/api/v2/beacons/start?t=k1.AbC-d_.Axyz&cb=1&at=2.5';
  expect(forge(url, null)).toBe('http://ads/api/v2/beacons/start?t=k1.AbC-d_.Bxyz&cb=1&at=2.5');
  expect(forge(url, 'start')).toBe('http://ads/api/v2/beacons/complete?t=k1.AbC-d_.Axyz&cb=1&at=2.5');
});

test('creatives differ in appeal, each the same every time, and two in a hundred views are clicked', () => {
  const appeals = Array.from({ length: 2000 }, (_, index) => appealOf(`creative ${index}`));
  const mean = appeals.reduce((sum, { click }) => sum + click, 0) / appeals.length;
  expect(appealOf('creative 5')).toEqual(appeals[5]);
  expect(mean).toBeCloseTo(0.02, 2);
  expect(Math.max(...appeals.map(({ click }) => click))).toBeGreaterThan(0.06);
  expect(Math.min(...appeals.map(({ completion }) => completion))).toBeLessThan(0.72);
});

test('the queue gives by time, then by order of arrival', () => {
  const dice = new Dice(7, 'queue');
  const queue = new DueQueue<number>();
  const entries = Array.from({ length: 500 }, (_, index) => ({ at: dice.whole(0, 50), index }));
  for (const { at, index } of entries) queue.push(at, index);
  const got = entries.map(() => queue.pop()?.item);
  expect(got).toEqual(entries.toSorted((a, b) => a.at - b.at || a.index - b.index).map(({ index }) => index));
  expect([queue.pop(), queue.nextAt(), queue.size]).toEqual([null, null, 0]);
});

test('all problems with the options are told at once', () => {
  const read = readOptions(['--url', 'ads', '--for', '20', '--rate', 'x', '--seed', '1.5']);
  const problems = typeof read === 'object' && 'problems' in read ? read.problems : [];
  expect(problems.map((problem) => problem.split(':')[0])).toEqual(['--url', '--out', '--seed', '--for', '--rate']);
});
