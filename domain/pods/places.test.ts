import { expect, test } from 'vitest';
import { advertiserNames } from './places.ts';
import { solvePod } from './solver.ts';
import { ad, inCategory, minuteRules } from './test-ads.ts';

const served = (...candidates: Parameters<typeof solvePod>[0]) =>
  solvePod(candidates, minuteRules).ads.map(({ candidate }) => candidate.creativeId);

test('a creative that remembers its places looks them up anew once names were forgotten', () => {
  const old = { ...ad('old', 30, 9), memo: { places: null } };
  expect(served(old)).toEqual(['old']);
  for (let name = 0; name <= 500_000; name++) advertiserNames.place(`advertiser ${name}`);
  // The next pod begins by forgetting: whoever comes first now has the place that the old one had.
  expect(served(ad('young', 30, 10), old)).toEqual(['young', 'old']);
});

test('a film is in a pod once, also where who has it is met for the first time, or for the first time again', () => {
  const film = { mediaUrls: ['film'] };
  const [first, last] = [ad('first', 30, 20_000, film), ad('last', 30, 10_000, film)].map((one) => ({
    ...one,
    memo: { places: null },
  })) as [ReturnType<typeof ad>, ReturnType<typeof ad>];
  // More lists of categories than are kept, so that each pod begins by forgetting.
  const many = Array.from({ length: 2_100 }, (_, n) => ad(`m${n}`, 30, 5, inCategory(`list ${n}`)));
  for (let pod = 0; pod < 3; pod++) {
    expect(served(first, ...many, last)).toContain('first');
    expect(served(first, ...many, last)).not.toContain('last');
  }
  for (let name = 0; name < 500_000; name++) advertiserNames.place(`another ${name}`);
  expect(served(first, last)).toEqual(['first']);
});
