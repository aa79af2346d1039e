import { alpha2Of } from './countries.ts';

/** Normal forms of names. Rules and requests go through the same functions, so that they meet whatever their spelling. Null: says nothing. */

const nothing = new Set(['', 'unknown', 'null', 'undefined', 'n/a', 'none', '-1', '-2']);

/** Whether a text says nothing at all, and means to. */
export function isNothing(text: string): boolean {
  return nothing.has(text.normalize('NFKC').trim().toLowerCase());
}

/** Lower case, words joined by `_`: "Smart TV", "smart-tv" and "SMART_TV" are `smart_tv`. */
export function identifier(text: string): string | null {
  const folded = text.normalize('NFKC').trim().toLowerCase();
  if (nothing.has(folded)) return null;
  return folded.replaceAll(/[\s_-]+/g, '_');
}

/** More are not one programme's. */
const GENRES_MAX = 16;

/** One or several of them: "Drama, Horror" is `drama,horror`. */
export function genres(text: string): string | null {
  const found = new Set(text.split(/[,;|]/).flatMap((each) => identifier(each) ?? []));
  return [...found].slice(0, GENRES_MAX).join(',') || null;
}

/** A content category's id or name: "Food & Drink" and "food-and-drink" are `food_and_drink`. */
export function category(text: string): string | null {
  const name = identifier(text.replaceAll('&', ' and '));
  return name?.replaceAll(/[^\p{L}\p{N}]+/gu, '_').replaceAll(/^_|_$/g, '') || null;
}

/** ISO 3166-1: two letters, also of three ("USA"). UK is not one, but what everyone writes for GB. */
export function country(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (/^[A-Z]{3}$/.test(code)) return Object.hasOwn(alpha2Of, code) ? (alpha2Of[code] ?? null) : null;
  if (!/^[A-Z]{2}$/.test(code)) return null;
  return code === 'UK' ? 'GB' : code;
}

/** ISO 3166-2: "US-CA". */
export function region(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (!/^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(code)) return null;
  return code.startsWith('UK-') ? `GB${code.slice(2)}` : code;
}

/** Lower case without accents, points, apostrophes and hyphens: "São  Paulo" is `sao paulo`, "St. Louis" `st louis`. */
export function city(text: string): string | null {
  if (isNothing(text)) return null;
  const folded = text
    .normalize('NFKD')
    .replaceAll(/[\p{Mark}.'‘’ʼ]+/gu, '')
    .replaceAll(/[\s\p{Pd}]+/gu, ' ')
    .trim()
    .toLowerCase();
  return isNothing(folded) ? null : folded;
}

/** Nielsen DMA code, three digits. */
export function dma(text: string): string | null {
  const code = text.trim();
  return /^[1-9]\d{2}$/.test(code) ? code : null;
}

export function gender(text: string): string | null {
  const name = identifier(text);
  if (name === 'm' || name === 'man') return 'male';
  if (name === 'f' || name === 'woman') return 'female';
  return name === 'u' ? null : name;
}
