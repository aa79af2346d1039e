import { expect, test } from 'vitest';
import { Sparing } from './sparing.ts';

test('what takes long is read again after nine times as long, what is quick at every beat', async () => {
  let now = 0;
  let reads = 0;
  const clock = { ticks: () => now };
  const read = (takes: number) => async () => {
    now += takes;
    return ++reads;
  };
  const slow = new Sparing<number>();
  const seen: number[] = [];
  for (let beat = 0; beat < 20; beat++) {
    now += 300;
    seen.push((await slow.get(clock, read(250))).value);
  }
  expect(seen).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3]);
  now += 9_000;
  expect(await slow.get(clock, read(2_000_000))).toEqual({ value: 4, fresh: true });
  now += 2_999_999;
  expect(await slow.get(clock, read(1))).toEqual({ value: 4, fresh: false });
  now += 1;
  expect(await slow.get(clock, read(1))).toEqual({ value: 5, fresh: true });
  reads = 0;
  const quick = new Sparing<number>();
  for (let beat = 1; beat <= 5; beat++) {
    now += 300;
    expect(await quick.get(clock, read(20))).toEqual({ value: beat, fresh: true });
  }
});

test('a reading that fails is tried again', async () => {
  const clock = { ticks: () => 0 };
  const sparing = new Sparing<number>();
  await expect(sparing.get(clock, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect((await sparing.get(clock, async () => 1)).value).toBe(1);
});
