import { expect, test } from 'vitest';
import { rating } from './ratings.ts';

test.each<[string, readonly string[]]>([
  ['TV-Y', ['TV-Y', 'tvy', 'TV Y', 'tv_y']],
  ['TV-Y7', ['TV-Y7', 'TVY7', 'tv y7']],
  ['TV-Y7-FV', ['TV-Y7-FV', 'TV-Y7 FV', 'TVY7FV']],
  ['TV-G', ['TV-G', 'tvg', 'USTV TV-G']],
  ['TV-PG', ['TV-PG', 'TVPG', 'TV-PG-DL']],
  ['TV-14', ['TV-14', 'tv14', 'TV-14-DLSV', 'TV-14 LV']],
  ['TV-MA', ['TV-MA', 'TVMA', 'tv ma', 'TV-MA-S', 'Rated TV-MA']],
  ['G', ['G', 'MPAA G', 'mpaa:g', 'Rated G']],
  ['PG', ['PG', 'pg', 'MPA PG']],
  ['PG-13', ['PG-13', 'PG13', 'pg 13', 'Rated PG-13', 'MPAA:PG-13']],
  ['R', ['R', 'rated r', 'MPAA R']],
  ['NC-17', ['NC-17', 'NC17', 'nc_17']],
  ['NR', ['NR', 'Not Rated', 'unrated', 'UR', 'TV-NR']],
  ['FSK-0', ['FSK 0', 'FSK-0', 'FSK ab 0']],
  ['FSK-12', ['FSK 12', 'fsk12', 'FSK ab 12', 'DE:FSK-12']],
  ['FSK-18', ['FSK 18', 'FSK ab 18']],
  ['BBFC-U', ['BBFC U', 'bbfc-u', 'UK BBFC U']],
  ['BBFC-12A', ['BBFC 12A', 'BBFC-12a', 'bbfc12A']],
  ['BBFC-PG', ['BBFC PG', 'GB:BBFC:PG']],
  ['BBFC-R18', ['BBFC R18']],
  ['CSA-16', ['CSA 16', 'csa-16', 'CSA -16']],
  ['KIJKWIJZER-12', ['Kijkwijzer 12', 'NICAM 12']],
  ['CHVRS-14A', ['CHVRS 14A']],
  ['ACB-MA15', ['ACB MA15+', 'OFLC MA 15+']],
  ['CLASSIND-L', ['ClassInd L', 'DJCTQ L']],
])('%s is written in many ways', (expected, written) => {
  expect(written.map(rating)).toEqual(written.map(() => expected));
});

test('systems do not meet: PG of the BBFC is not that of the MPA, a bare number is nobody’s', () => {
  const all = ['PG', 'BBFC PG', 'CHVRS PG', 'ACB PG', '12', 'FSK 12', 'BBFC 12', 'BBFC 12A', 'CSA 12'];
  expect(new Set(all.map(rating)).size).toBe(all.length);
});

test('what is in no system is itself; what says nothing is nothing', () => {
  expect(['family friendly', 'TV-14-XYZ', 'PEGI 7'].map(rating)).toEqual(['FAMILY-FRIENDLY', 'TV-14-XYZ', 'PEGI-7']);
  expect(['', ' ', 'unknown', 'n/a', 'none'].map(rating)).toEqual([null, null, null, null, null]);
});
