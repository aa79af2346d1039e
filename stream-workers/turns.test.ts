import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('lets so many work at once, in order, and goes on after one that failed', async () => {
  const turns = new Turns(3);
  let busy = 0;
  let most = 0;
  const begun: number[] = [];
  const work = (n: number) => async () => {
    begun.push(n);
    most = Math.max(most, ++busy);
    await new Promise((resolve) => setTimeout(resolve, 1));
    busy--;
    if (n % 4 === 0) throw new Error(`${n}`);
    return n;
  };
  const all = Array.from({ length: 40 }, (_, n) => turns.take(work(n)).catch((error: Error) => error.message));
  const ended = await Promise.all(all);
  expect(ended).toEqual(Array.from({ length: 40 }, (_, n) => (n % 4 === 0 ? `${n}` : n)));
  expect([most, busy]).toEqual([3, 0]);
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
});
