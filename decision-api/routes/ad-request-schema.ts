import Type from 'typebox';
import { fieldsOf } from '../../domain/targeting/describe.ts';
import { limits } from '../limits.ts';

const text = (maxLength = 256) => Type.Optional(Type.String({ maxLength }));
const flag = () => Type.Optional(Type.Boolean());
const bit = () => Type.Optional(Type.Union([Type.Boolean(), Type.Literal(0), Type.Literal(1)]));
const whole = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }));
const code = () => Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Number()]));
const gapSeconds = () => Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 3600 }), Type.Null()]));

/** Fields that a targeting dimension brings along. They are read by it alone, so nothing here knows their names. */
function brought(part: Parameters<typeof fieldsOf>[0]): Readonly<Record<never, never>> {
  return Object.fromEntries(fieldsOf(part).map(({ name }) => [name, code()]));
}

const pod = Type.Object({
  name: text(),
  id: text(),
  duration_seconds: whole(1, 3600),
  min_ads: whole(0, 30),
  max_ads: whole(1, 30),
  objective: Type.Optional(
    Type.Union([Type.Literal('revenue'), Type.Literal('fill_rate'), Type.Literal('user_experience')]),
  ),
  enable_competitive_separation: flag(),
  min_separation_seconds: gapSeconds(),
  separation_scope: Type.Optional(Type.Union([Type.Literal('pod'), Type.Literal('stream')])),
  allow_duplicate_advertisers: flag(),
  exact_duration: flag(),
  allowed_durations: Type.Optional(
    Type.Union([Type.Array(Type.Integer({ minimum: 1, maximum: 3600 }), { minItems: 1, maxItems: 30 }), Type.Null()]),
  ),
  backup_ads: whole(0, 10),
});

const breaks = Type.Array(
  Type.Object({
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    index: whole(0, 10_000),
    offset: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000_000 })),
    pod_duration: whole(1, 3600),
    max_ads: whole(1, 30),
    min_ads: whole(0, 30),
    pod: Type.Optional(pod),
  }),
  { minItems: 1, maxItems: limits.breaks },
);

/** The body of POST /api/v2/ad-request. What is not here is ignored, and said so in `warnings`. */
export const adRequestBody = Type.Object({
  request_id: Type.Optional(Type.String({ minLength: 1, maxLength: limits.requestIdChars })),
  pod_duration: whole(1, 3600),
  max_ads: whole(1, 30),
  min_ads: whole(0, 30),
  pod: Type.Optional(pod),
  /** Several pods of one stream, instead of one. */
  breaks: Type.Optional(breaks),
  session: Type.Optional(Type.Object({ id: text() })),
  break: Type.Optional(
    Type.Object({
      index: whole(0, 10_000),
      offset_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000_000 })),
    }),
  ),
  user: Type.Optional(
    Type.Object({
      id: text(),
      household_id: text(),
      age: whole(0, 120),
      gender: text(),
      household_income: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000_000 })),
      time_zone: text(),
      ...brought('user'),
    }),
  ),
  device: Type.Optional(
    Type.Object({
      type: text(),
      brand: text(),
      os: text(),
      ifa: text(),
      ifa_type: text(),
      lmt: bit(),
      ip: text(),
      ua: text(2048),
      id: text(),
      ...brought('device'),
    }),
  ),
  content: Type.Optional(Type.Object({ category: code(), genre: text(), rating: code(), ...brought('content') })),
  geo: Type.Optional(Type.Object({ country: text(), region: text(), city: text(), dma: code(), ...brought('geo') })),
  consent: Type.Optional(
    Type.Object({
      given: flag(),
      granted: flag(),
      gdpr: bit(),
      coppa: bit(),
      string: text(8192),
      gpp: text(8192),
      gpp_sid: Type.Optional(Type.Array(Type.Integer({ minimum: -1, maximum: 1_000 }), { maxItems: 50 })),
      us_privacy: text(16),
    }),
  ),
  test: flag(),
  /** The dialect of the answer. */
  format: Type.Optional(
    Type.Union([Type.Literal('json'), Type.Literal('vast'), Type.Literal('vmap'), Type.Literal('asset-list')]),
  ),
  vast: Type.Optional(Type.Object({ version: text(8), not_used: flag(), wrapper_depth: whole(0, 100) })),
});

export type AdRequestBody = Type.Static<typeof adRequestBody>;

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly { readonly type?: string }[];
}

/** A field that is null is one that is not there, unless null is a word of its own there. */
export function dropNulls(body: unknown, shape: Shape = adRequestBody as Shape): void {
  if (Array.isArray(body)) for (const each of body) dropNulls(each, shape.items);
  if (!shape?.properties || typeof body !== 'object' || body === null) return;
  const fields = body as Record<string, unknown>;
  for (const [name, inner] of Object.entries(shape.properties)) {
    if (!Object.hasOwn(fields, name)) continue;
    if (fields[name] !== null) dropNulls(fields[name], inner);
    else if (!inner.anyOf?.some(({ type }) => type === 'null')) delete fields[name];
  }
}

/** JSON pointers of the fields that the schema does not know. */
export function unknownFields(body: unknown, shape: Shape = adRequestBody as Shape, at = ''): readonly string[] {
  const { items } = shape;
  if (items && Array.isArray(body)) return body.flatMap((each, index) => unknownFields(each, items, `${at}/${index}`));
  if (!shape.properties || typeof body !== 'object' || body === null) return [];
  const found: string[] = [];
  for (const name of Object.keys(body)) {
    const inner = Object.hasOwn(shape.properties, name) ? shape.properties[name] : undefined;
    const value = (body as Record<string, unknown>)[name];
    // What holds no fields and is known needs no pointer.
    if (inner && (typeof value !== 'object' || value === null)) continue;
    const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (inner) found.push(...unknownFields(value, inner, pointer));
    else found.push(pointer);
  }
  return found;
}
