import Type, { type TProperties, type TSchema } from 'typebox';
import { Problem } from '../engines/http/problem.ts';
import { isUuid } from '../schemas/uuid.ts';
import { limits } from './limits.ts';

/** It holds a name: 255 characters, of up to six bytes each as JSON writes them, in base64. */
const CURSOR_CHARS_MAX = 4_096;

/** Query fields of every list. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.pageItemsMax, description: 'default 50' })),
  cursor: Type.Optional(Type.String({ maxLength: CURSOR_CHARS_MAX, description: "a page's next_cursor" })),
};

/** `more`: what the page says besides. */
export const pageOf = <T extends TSchema, M extends TProperties = Record<never, never>>(item: T, more = {} as M) =>
  Type.Object({
    ...more,
    items: Type.Array(item),
    next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'null on the last page' }),
  });

/** Where a page ends: the value it is sorted by, as text, and the id. `of` names the order, so that a cursor fits one list only. */
export interface Place {
  readonly value: string;
  readonly id: string;
}

export function cursorOf(of: string, { value, id }: Place): string {
  return Buffer.from(JSON.stringify([of, value, id])).toString('base64url');
}

/** The page of a list by name: `rows` holds one more than `limit` where there is another page. */
export function pageByName<R extends { readonly name: string; readonly id: string }, T>(
  of: string,
  rows: readonly R[],
  limit: number,
  shown: (row: R) => T,
): { items: T[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last;
  return { items: page.map(shown), next_cursor: more ? cursorOf(of, { value: last.name, id: last.id }) : null };
}

/** The page of a list whose newest come first, by a time of whole milliseconds: `rows` as for `pageByName`. */
export function pageByTime<R extends { readonly id: string }, T>(
  of: string,
  rows: readonly R[],
  limit: number,
  timeOf: (row: R) => Date,
  shown: (row: R) => T,
): { items: T[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last;
  const next = more ? cursorOf(of, { value: String(timeOf(last).getTime()), id: last.id }) : null;
  return { items: page.map(shown), next_cursor: next };
}

/** Where a page by time ends, as SQL takes it; nulls: at the beginning. Throws Problem 400 as `placeOf`. */
export function momentOf(of: string, cursor: string | undefined): readonly [at: Date | null, id: string | null] {
  const place = placeOf(of, cursor, (value, id) => isUuid(id) && /^\d{1,15}$/.test(value));
  return place === null ? [null, null] : [new Date(Number(place.value)), place.id];
}

/** Throws Problem 400 for a cursor that is not of this list and order, or whose value does not fit. */
export function placeOf(
  of: string,
  cursor: string | undefined,
  fits: (value: string, id: string) => boolean = (_, id) => isUuid(id),
): Place | null {
  if (cursor === undefined) return null;
  const parts = parse(cursor);
  if (Array.isArray(parts) && parts.length === 3 && parts[0] === of && parts.every((one) => typeof one === 'string')) {
    const [, value, id] = parts as [string, string, string];
    if (
      fits(value, id) &&
      id !== '' &&
      !id.includes('\0') &&
      id.isWellFormed() &&
      !value.includes('\0') &&
      value.isWellFormed()
    )
      return { value, id };
  }
  throw new Problem(400, 'Invalid cursor', 'expected the next_cursor of a page of this list in this order', [
    { pointer: '/cursor', detail: 'is not a cursor of this list' },
  ]);
}

const timestamp =
  /^(?!0000)(\d{4,6})-(\d{2})-(\d{2})[ T](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4])(?::[0-5]\d){0,2})( BC)?$/;

/** A time as PostgreSQL or JavaScript writes it, on a day that there is. */
export function isTimestamp(value: string): boolean {
  const [all, year, month, day, bc] = timestamp.exec(value) ?? [];
  if (all === undefined) return false;
  const at = new Date(0);
  // The year before 1 is 1 BC, and 0 to JavaScript, which takes 30 February for 2 March.
  at.setUTCFullYear(bc === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day));
  return at.getUTCMonth() === Number(month) - 1 && at.getUTCDate() === Number(day);
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
