import Type, { type TProperties, type TSchema } from 'typebox';
import { Problem } from '../engines/http/problem.ts';

/** Fields that more than one resource has. Times are ISO 8601 in UTC, money is whole micros, ids are UUIDs. */

/** An object of a request: what is not listed is refused. */
export const closed = <P extends TProperties>(
  properties: P,
  options: { description?: string; minProperties?: number } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

export const uuid = (description?: string) =>
  Type.String({
    pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
    format: 'uuid',
    ...(description === undefined ? {} : { description }),
  });

/** A line of text: no control characters, not blank. */
export const name = (maxLength = 255) =>
  Type.String({ minLength: 1, maxLength, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$' });

/** As `name`, for what may be shorter or longer than one. */
export const line = (maxLength: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Cc}\\p{Cs}\\u2028\\u2029\\ufffe\\uffff]*$',
    ...(description === undefined ? {} : { description }),
  });

/** Any text that XML can carry. */
export const text = (maxLength: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f\\p{Cs}\\ufffe\\uffff]*$',
    ...(description === undefined ? {} : { description }),
  });

/** Text of several lines. */
export const prose = (maxLength = 4_000) =>
  Type.String({ maxLength, pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$' });

/** ISO 8601 with a zone: 2026-12-01T00:00:00Z. */
export const time = () =>
  Type.String({
    format: 'date-time',
    maxLength: 35,
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2})$',
  });

/** Throws Problem 400 for what has the form of a time and is none, such as the 31st of February. */
export function readTime(text: string, pointer: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new Problem(400, 'No such time', `${pointer} is no time`, [{ pointer, detail: 'is no time of the calendar' }]);
}

/** A thousand million of the currency. */
export const MICROS_MAX = 1_000_000_000_000_000;
export const money = (minimum = 1) => Type.Integer({ minimum, maximum: MICROS_MAX });

export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const oneOf = <const T extends readonly string[]>(...values: T) =>
  Type.Unsafe<T[number]>(Type.Enum(values as unknown as string[]));

export const url = (maxLength = 2_048) =>
  Type.String({ maxLength, pattern: '^https?://[^\\s\\u0000-\\u0020"<>\\\\^`{|}\\u007f]+$', format: 'uri' });

export const byId = closed({ id: uuid() });

const place = {
  line: Type.Optional(Type.Integer({ description: 'of a body of lines, from 1' })),
  pointer: Type.String({ description: 'JSON pointer' }),
  detail: Type.String(),
};

export const warning = Type.Object(place);

/** RFC 9457. */
export const problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object(place))),
});
