import { expect, test } from 'vitest';
import { advertiserNames } from './places.ts';
import { solvePod } from './solver.ts';
import { ad, minuteRules } from './test-ads.ts';

const served = (...candidates: Parameters<typeof solvePod>[0]) =>
  solvePod(candidates, minuteRules).ads.map(({ candidate }) => candidate.creativeId);

test('a creative that remembers its places looks them up anew once names were forgotten', () => {
  const old = { ...ad('old', 30, 9), memo: { places: null } };
  expect(served(old)).toEqual(['old']);
  for (let name = 0; name <= 500_000; name++) advertiserNames.place(`advertiser ${name}`);
  // The next pod begins by forgetting: whoever comes first now has the place that the old one had.
  expect(served(ad('young', 30, 10), old)).toEqual(['young', 'old']);
});
