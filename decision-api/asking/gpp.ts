import { bytesOf, numberAt } from './bits.ts';

/** As the IAB numbers the sections of its Global Privacy Platform. */
export const sectionIds = { europe: 2, header: 3, integrity: 4, canada: 5, usPrivacy: 6, usNational: 7 } as const;

/** Far more than there are. */
const SECTION_MAX = 64;
/** Fibonacci numbers up to 55: one more place would be beyond the highest section. */
const CODE_BITS_MAX = 10;
const HEADER = { type: 3, version: 1, idsAt: 24 };

/** The sections of a GPP string by number. Null: it is none, or of another version. */
export function sectionsOf(text: string): ReadonlyMap<number, string> | null {
  // A string of TCF v2, which begins with its version, is one section alone.
  if (text.startsWith('C')) return new Map([[sectionIds.europe, text]]);
  const [header = '', ...sections] = text.split('~', SECTION_MAX + 2);
  const ids = idsIn(header, sections.length);
  return ids === null ? null : new Map(ids.map((id, at) => [id, sections[at] ?? '']));
}

/** The numbers of so many sections, ascending. Null: the header is none, or tells of more or fewer. */
function idsIn(header: string, count: number): readonly number[] | null {
  const bytes = bytesOf(header, HEADER.idsAt);
  if (bytes === null) return null;
  if (numberAt(bytes, 0, 6) !== HEADER.type || numberAt(bytes, 6, 6) !== HEADER.version) return null;
  const entries = numberAt(bytes, 12, 12);
  const ids: number[] = [];
  let at = HEADER.idsAt;
  let last = 0;
  for (let entry = 0; entry < entries && ids.length <= count; entry++) {
    const isRange = numberAt(bytes, at, 1) === 1;
    const first = fibonacciAt(bytes, at + 1);
    const beyond = isRange && first ? fibonacciAt(bytes, first.end) : null;
    if (first === null || (isRange && beyond === null)) return null;
    const from = last + first.value;
    last = from + (beyond?.value ?? 0);
    if (last > SECTION_MAX) return null;
    for (let id = from; id <= last; id++) ids.push(id);
    at = beyond?.end ?? first.end;
  }
  return ids.length === count ? ids : null;
}

interface Coded {
  readonly value: number;
  /** The bit after it. */
  readonly end: number;
}

/** A number of the Fibonacci code: the places 1, 2, 3, 5, … that add up to it, and another 1. Null: it is too large to be a section. */
function fibonacciAt(bytes: Buffer, at: number): Coded | null {
  let [place, next, value, before] = [1, 2, 0, 0];
  for (let bit = at; bit < at + CODE_BITS_MAX; bit++) {
    const digit = numberAt(bytes, bit, 1);
    if (digit === 1 && before === 1) return { value, end: bit + 1 };
    value += digit * place;
    before = digit;
    [place, next] = [next, place + next];
  }
  return null;
}
