import { expect, test } from 'vitest';
import { inOneTurn } from './one-turn.ts';

test('what is asked in one turn goes together, in its order and no more than the most at once', async () => {
  const batches: (readonly number[])[] = [];
  const ask = inOneTurn<number, string>(3, async (questions) => {
    batches.push(questions);
    return questions.map((question) => `${question}`);
  });
  expect(await Promise.all([1, 2, 3, 4].map(ask))).toEqual(['1', '2', '3', '4']);
  expect(await ask(5)).toBe('5');
  expect(batches).toEqual([[1, 2, 3], [4], [5]]);
});

test('an answer that is an error is its own question alone, a rejection is of all that went together', async () => {
  const ask = inOneTurn<number, string>(2, async (questions) => {
    if (questions.includes(4)) throw new Error('all');
    return questions.map((question) => (question === 1 ? new Error('one') : `${question}`));
  });
  const told = await Promise.all([1, 2, 3, 4, 5].map((each) => ask(each).catch(({ message }) => message)));
  expect(told).toEqual(['one', '2', 'all', 'all', '5']);
});
