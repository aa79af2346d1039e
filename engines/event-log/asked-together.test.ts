import { expect, it } from 'vitest';
import { askedTogether } from './asked-together.ts';

it('answers everybody by a question that began after theirs, with one under way at a time', async () => {
  let now = 0;
  let asked = 0;
  let underWay = 0;
  const ask = askedTogether(async () => {
    asked++;
    expect(++underWay).toBe(1);
    const seen = now;
    await new Promise((resolve) => setTimeout(resolve, 5));
    underWay--;
    return seen;
  });
  const askers = Array.from({ length: 100 }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, n % 10));
    const since = ++now;
    expect(await ask('a')).toBeGreaterThanOrEqual(since);
  });
  await Promise.all(askers);
  expect(asked).toBeLessThan(20);
});

it('a failed question fails its own askers and nobody after them', async () => {
  const outcomes = [new Error('away'), null];
  const ask = askedTogether(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const outcome = outcomes.shift();
    if (outcome) throw outcome;
    return 'answer';
  });
  const first = ask('a').catch((error: Error) => error.message);
  const [second, third] = [ask('a'), ask('a')];
  expect([await first, await second, await third]).toEqual(['away', 'answer', 'answer']);
  expect(await ask('b')).toBe('answer');
});
