import { isNothing } from './names.ts';

/** Fields of a request as they came. */
export type RawFields = Readonly<Record<string, unknown>>;

/** A text or number in its normal form; null: nothing is said, or nothing that can be read. */
export function read(value: unknown, normalise: (text: string) => string | null): string | null {
  if (typeof value === 'string') return normalise(value.trim());
  return typeof value === 'number' ? normalise(String(value)) : null;
}

/** Whether a field says something, readable or not. */
export function isSaid(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && !isNothing(value));
}
