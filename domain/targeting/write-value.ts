import type { Dimension } from './dimension.ts';

/** Room for the longest name of a place, twice. */
const CHARS_MAX = 200;

/**
 * What is wrong with a value that somebody writes into a rule now; null: nothing. Stricter than `parse`, by which values that were
 * written earlier go on to mean what they meant.
 */
export function valueFault(
  { parse, schema, refuse }: Pick<Dimension, 'parse' | 'schema' | 'refuse'>,
  value: unknown,
): string | null {
  const parsed = parse(value);
  if ('problem' in parsed) return parsed.problem;
  return textFault(value) ?? fieldFault(value, schema.properties) ?? refuse(parsed.value);
}

function textFault(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (value.length > CHARS_MAX) return `is longer than ${CHARS_MAX} characters`;
  return /\p{Cc}/u.test(value) ? 'holds control characters' : null;
}

function fieldFault(value: unknown, known: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = Object.keys(known ?? {});
  const strange = Object.keys(value).find((field) => !fields.includes(field));
  return strange === undefined ? null : `has an unknown field; expected ${fields.join(' and ')} alone`;
}
