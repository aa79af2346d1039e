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
  return { type: 'object', properties: { min: end, max: end } };
}

/** {"min":18,"max":34}, whole numbers from 0 to `limit`; either end may be left out. */
export function parseRange(limit: number) {
  return (value: unknown): Parsed<Range> => {
    const expected = { problem: `expected {"min":…,"max":…}, whole numbers from 0 to ${limit}; one end may be open` };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return expected;
    const { min = null, max = null } = value as { min?: unknown; max?: unknown };
    if (!isEnd(min, limit) || !isEnd(max, limit) || (min === null && max === null)) return expected;
    if (min !== null && max !== null && min > max) return { problem: 'min is above max' };
    return { value: { min, max } };
  };
}

function isEnd(value: unknown, limit: number): value is number | null {
  return value === null || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limit);
}
