import type { Answer, Parsed, ValueSchema } from './dimension.ts';

/** Both ends belong to the range; null is open. */
export interface Range {
  readonly min: number | null;
  readonly max: number | null;
}

export function matchRanges(value: number | null, ranges: readonly Range[]): Answer {
  if (value === null) return 'unknown';
  return ranges.some(({ min, max }) => (min === null || min <= value) && (max === null || value <= max)) ? 'yes' : 'no';
}

export function rangeSchema(limit: number): ValueSchema {
  const end = { type: ['integer', 'null'], minimum: 0, maximum: limit };
  return { type: ['object', 'string'], properties: { min: end, max: end }, additionalProperties: false };
}

/** {"min":18,"max":34}, whole numbers from 0 to `limit`; either end may be left out. Or as people write it: "18-34", "55+", "under 18". */
export function parseRange(limit: number) {
  return (value: unknown): Parsed<Range> => {
    const expected = {
      problem: `expected {"min":…,"max":…}, whole numbers from 0 to ${limit}, one end may be open; or text such as 18-34, 55+ or under 18`,
    };
    const given = typeof value === 'string' ? readBucket(value) : value;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return expected;
    const { min = null, max = null } = given as { min?: unknown; max?: unknown };
    if (!isEnd(min, limit) || !isEnd(max, limit) || (min === null && max === null)) return expected;
    if (min !== null && max !== null && min > max) return { problem: 'min is above max' };
    return { value: { min, max } };
  };
}

/** A bucket's ends. "under 18" and "<18" leave 18 out, "55+" does not leave 55 out. */
function readBucket(text: string): Partial<Range> | null {
  const plain = text
    .trim()
    .toLowerCase()
    .replaceAll(/[,_ ](?=\d{3}\b)/g, '');
  const [, from, to] = /^(\d+)\s*(?:-|–|to)\s*(\d+)$/.exec(plain) ?? [];
  if (from !== undefined && to !== undefined) return { min: Number(from), max: Number(to) };
  const least = /^(?:(\d+)\s*\+|(?:>=|from)\s*(\d+))$/.exec(plain);
  if (least !== null) return { min: Number(least[1] ?? least[2]) };
  const [, below] = /^(?:under|<)\s*(\d+)$/.exec(plain) ?? [];
  return below === undefined ? null : { max: Number(below) - 1 };
}

function isEnd(value: unknown, limit: number): value is number | null {
  return value === null || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limit);
}
