import { expect, test } from 'vitest';
import { honestRate, judgeAnswers, judgePaced } from './decide.ts';

const stretch = { p95Ms: 1, lateP95Ms: 1, sentPerSecond: 1_000 };

test('what holds at a lower rate than the floor is for does not reach it, and a caller that keeps none says so', async () => {
  const at = async (most: number) => {
    const found = await honestRate(async (rate) => ({ ...stretch, sentPerSecond: Math.min(rate, most) }));
    return { found, row: judgePaced(found, [stretch], [stretch]).decide_p95_over_echo };
  };
  const full = await at(2_000);
  expect([full.found, full.row?.ok]).toEqual([{ rate: 1_000, kept: true }, true]);
  const half = await at(600);
  expect([half.found, half.row?.ok]).toEqual([{ rate: 500, kept: true }, false]);
  expect(half.row?.detail).toContain('do not keep up 1000/s');
  const none = await at(50);
  expect([none.found, none.row?.ok]).toEqual([{ rate: 100, kept: false }, false]);
  expect(none.row?.detail).toContain('nor 100/s');
});

test('empty pods are not what is measured', () => {
  const pod = (...ads: readonly number[]) => JSON.stringify({ pod: { ads } });
  const ok = (answers: readonly string[]) => judgeAnswers(answers).decide_answers_with_an_ad_percent?.ok;
  expect(ok([pod(), pod(), pod(1)])).toBe(false);
  expect(ok([pod(), pod(1, 2)])).toBe(true);
});
