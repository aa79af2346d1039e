import { identifier } from './names.ts';

/** What is written for a rating, in letters and digits alone, and its normal form. */
const americanTv = ['TV-Y7-FV', 'TV-Y7', 'TV-Y', 'TV-G', 'TV-PG', 'TV-14', 'TV-MA'];
const americanFilm = ['G', 'PG', 'PG-13', 'R', 'NC-17'];
const german = ['FSK-0', 'FSK-6', 'FSK-12', 'FSK-16', 'FSK-18'];
const british = ['BBFC-U', 'BBFC-PG', 'BBFC-12', 'BBFC-12A', 'BBFC-15', 'BBFC-18', 'BBFC-R18'];
const french = ['CSA-10', 'CSA-12', 'CSA-16', 'CSA-18'];
const dutch = [
  'KIJKWIJZER-AL',
  'KIJKWIJZER-6',
  'KIJKWIJZER-9',
  'KIJKWIJZER-12',
  'KIJKWIJZER-14',
  'KIJKWIJZER-16',
  'KIJKWIJZER-18',
];
const canadian = ['CHVRS-G', 'CHVRS-PG', 'CHVRS-14A', 'CHVRS-18A', 'CHVRS-R'];
const australian = ['ACB-G', 'ACB-PG', 'ACB-M', 'ACB-MA15', 'ACB-R18'];
const brazilian = ['CLASSIND-L', 'CLASSIND-10', 'CLASSIND-12', 'CLASSIND-14', 'CLASSIND-16', 'CLASSIND-18'];
const systems = [americanTv, americanFilm, german, british, french, dutch, canadian, australian, brazilian];

/** Ways to name a system. The film ratings of the United States stand without one. */
const systemNames: readonly (readonly [RegExp, string])[] = [
  [/^(?:US)?(?:MPAA|MPA)(?:FILM)?(?:RATED)?/, ''],
  [/^(?:UK|GB)?BBFC/, 'BBFC'],
  [/^(?:DE)?(?:FSK)(?:AB)?/, 'FSK'],
  [/^(?:FR)?(?:CSA|ARCOM)/, 'CSA'],
  [/^(?:NL)?(?:KIJKWIJZER|NICAM)/, 'KIJKWIJZER'],
  [/^(?:CA)?CHVRS/, 'CHVRS'],
  [/^(?:AU)?(?:ACB|OFLC)/, 'ACB'],
  [/^(?:BR)?(?:CLASSIND|DJCTQ)/, 'CLASSIND'],
  [/^(?:US)?(?:USATV|TVPG(?=TV)|VCHIP|USTV)/, ''],
];

const known = new Map<string, string>();
for (const rating of systems.flat()) known.set(rating.replaceAll('-', ''), rating);
const others: readonly (readonly [string, string])[] = [
  ['X', 'NC-17'],
  ['UR', 'NR'],
  ['NR', 'NR'],
  ['UNRATED', 'NR'],
  ['NOTRATED', 'NR'],
  ['NOTYETRATED', 'NR'],
  ['TVNR', 'NR'],
  ['TVY7FANTASYVIOLENCE', 'TV-Y7-FV'],
  ['ACBMA15', 'ACB-MA15'],
];
for (const [written, rating] of others) known.set(written, rating);

/** Content descriptors of American television, which may follow a rating: dialogue, language, sex, violence. */
const descriptors = /^(TV(?:PG|14|MA))[DLSV]{1,4}$/;

/**
 * Ratings of television and film in one form each: "tv14", "TV 14" and "TV-14-DLSV" are `TV-14`, "Rated PG13" is `PG-13`, "FSK ab 12"
 * is `FSK-12`, "BBFC 12A" is `BBFC-12A`. Bare letters are the United States' film ratings, a bare number is nobody's. What is in no
 * system known here is itself in upper case, joined by `-`.
 */
export function rating(text: string): string | null {
  const plain = identifier(text)?.replaceAll('_', '-').toUpperCase();
  if (plain === undefined) return null;
  const solid = plain.replace(/^RATED?-/, '').replaceAll(/[^A-Z0-9]/g, '');
  for (const [name, system] of systemNames) {
    const rest = solid.replace(name, system);
    if (rest !== solid || name.test(solid)) {
      const found = known.get(rest);
      if (found !== undefined) return found;
    }
  }
  return known.get(solid) ?? known.get(solid.replace(descriptors, '$1')) ?? plain;
}
