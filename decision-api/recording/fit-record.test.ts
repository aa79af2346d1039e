import { afterEach, expect, test } from 'vitest';
import { decode } from '../../schemas/codec.ts';
import type { AdRequest, Candidate } from '../../schemas/records.ts';
import { limits } from '../limits.ts';
import { openHouse, type TestHouse, testCampaign, testId } from '../test-house.ts';
import { fitRecord } from './fit-record.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

test('a record that is too long leaves out who was not chosen, the least first', async () => {
  house = await openHouse([testCampaign()]);
  await house.post({ pod_duration: 30 });
  const [written] = await house.records('ad-request');
  const record = written?.event as AdRequest;
  const [like] = record.candidates;
  const more = (outcome: string, score_micros: number): Candidate => ({
    ...(like as Candidate),
    campaign: testId(),
    creative: testId(),
    outcome,
    score_micros,
  });
  const losers = Array.from({ length: 6_000 }, (_, at) => more('lost', 1_000 + at));
  const chosen = [more('won', 5), more('backup', 1)];
  const { value, cut } = fitRecord({ ...record, candidates: [...losers, ...chosen] });
  expect([cut, value.length <= limits.recordBytes]).toEqual([true, true]);
  const { candidates, fallouts } = decode(value).value as AdRequest;
  expect(candidates.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['won', 'backup']);
  expect(candidates[2]?.score_micros).toBe(6_999);
  expect(fallouts).toContainEqual({ reason: 'record_cut', campaigns: 6_002 - candidates.length });
});
