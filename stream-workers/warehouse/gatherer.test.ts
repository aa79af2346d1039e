import { expect, test } from 'vitest';
import { gatherer } from './gatherer.ts';

/** A gatherer of numbers whose waits and flushes are let through by hand. */
function byHand(maxWeight = 100) {
  const waits: (() => void)[] = [];
  const flushes: { items: readonly number[]; end: (error?: Error) => void }[] = [];
  const numbers = gatherer<number>({
    wait: () => new Promise((resolve) => waits.push(resolve)),
    flush: (items) =>
      new Promise((resolve, reject) => flushes.push({ items, end: (error) => (error ? reject(error) : resolve()) })),
    maxWeight,
    weightOf: (item) => item,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { numbers, waits, flushes, settle };
}

test('what comes while a flush waits is flushed with it; what comes while it runs, in the next', async () => {
  const { numbers, waits, flushes, settle } = byHand();
  const done: number[] = [];
  for (const item of [1, 2]) void numbers.add(item).then(() => done.push(item));
  waits[0]?.();
  await settle();
  void numbers.add(3).then(() => done.push(3));
  await settle();
  expect(flushes.map(({ items }) => items)).toEqual([[1, 2]]);
  expect(done).toEqual([]);
  flushes[0]?.end();
  await settle();
  expect(done).toEqual([1, 2]);
  waits[1]?.();
  await settle();
  flushes[1]?.end();
  await settle();
  expect(done).toEqual([1, 2, 3]);
});

test('a failed flush fails those that were in it, and nobody else', async () => {
  const { numbers, waits, flushes, settle } = byHand();
  const first = expect(numbers.add(1)).rejects.toThrow('away');
  waits[0]?.();
  await settle();
  const second = numbers.add(2);
  flushes[0]?.end(new Error('away'));
  await first;
  await settle();
  waits[1]?.();
  await settle();
  flushes[1]?.end();
  await second;
});

test('a flush stops growing at its weight, but takes at least one item', async () => {
  const { numbers, waits, flushes, settle } = byHand(10);
  for (const item of [50, 4, 4, 4, 4]) void numbers.add(item);
  for (let round = 0; round < 3; round++) {
    for (const letThrough of waits.splice(0)) letThrough();
    await settle();
    flushes[round]?.end();
    await settle();
  }
  expect(flushes.map(({ items }) => items)).toEqual([[50], [4, 4, 4], [4]]);
});

test('where enough waits for a flush, nobody waits for more', async () => {
  const { numbers, waits, flushes, settle } = byHand(10);
  for (const item of [6, 6, 6]) void numbers.add(item);
  await settle();
  expect([waits.length, flushes.length]).toEqual([1, 0]);
  waits[0]?.();
  await settle();
  for (const item of [6, 6]) void numbers.add(item);
  flushes[0]?.end();
  await settle();
  expect(flushes.map(({ items }) => items)).toEqual([
    [6, 6],
    [6, 6],
  ]);
  expect(waits).toHaveLength(1);
  flushes[1]?.end();
  await settle();
  expect([waits.length, flushes.length]).toEqual([2, 2]);
});

test('nothing runs while nothing waits', async () => {
  const { waits, settle } = byHand();
  await settle();
  expect(waits).toEqual([]);
});
