import Type, { type Static } from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { type Creative, type CreativeParts, creativeFaults, trackedEvents } from '../../domain/creative.ts';
import { Problem } from '../../engines/http/problem.ts';
import { limits } from '../limits.ts';
import { closed, line, name, oneOf, orNull, text, url, uuid } from '../shapes.ts';

const list = <T extends Parameters<typeof Type.Array>[0]>(of: T, maxItems: number = limits.partsOfCreative) =>
  Type.Array(of, { minItems: 1, maxItems });
const maybe = Type.Optional;
/** Players put values in the place of macros in brackets, so these need not be whole URIs. */
const called = () =>
  Type.String({
    maxLength: 4_096,
    pattern: '^https?://[^\\s\\p{Cc}\\p{Cs}"<>\\\\^`{|}]+$',
    description: 'http or https',
  });
const mime = (example: string) =>
  Type.String({
    maxLength: 64,
    pattern: '^[a-zA-Z0-9][a-zA-Z0-9.+-]*/[a-zA-Z0-9][a-zA-Z0-9.+-]*$',
    description: `MIME type: ${example}`,
  });
const pixels = () => Type.Integer({ minimum: 1, maximum: 16_384 });
const kbps = () => Type.Integer({ minimum: 1, maximum: 1_000_000 });
const seconds = () => Type.Integer({ minimum: 0, maximum: 120 });
const codec = () => line(128, 'RFC 6381: avc1.640028, mp4a.40.2');
const language = () =>
  Type.String({ maxLength: 35, pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$', description: 'BCP 47' });
const delivery = oneOf('progressive', 'streaming');

const media = closed({
  url: url(),
  type: mime('video/mp4, application/x-mpegURL'),
  delivery,
  width: pixels(),
  height: pixels(),
  bitrate_kbps: maybe(orNull(kbps())),
  codec: maybe(codec()),
  min_bitrate_kbps: maybe(kbps()),
  max_bitrate_kbps: maybe(kbps()),
});

const drawn = {
  width: pixels(),
  height: pixels(),
  resource: closed({
    kind: oneOf('static', 'iframe', 'html'),
    content: text(limits.markupChars, 'a URL, or the markup'),
    type: maybe(mime('image/png')),
  }),
  click_through: maybe(called()),
  click_trackers: maybe(list(called())),
  view_trackers: maybe(list(called())),
};

/** What a creative may have beside its files; in a change null takes it away. */
const parts = {
  vast_tag_url: called(),
  unwrap: Type.Boolean({
    description: 'the tag is followed ahead of time, and what it leads to is served; see /creatives/{id}/unwrap',
  }),
  skip_after_seconds: seconds(),
  interactive: list(
    closed({
      url: url(),
      type: mime('text/html for SIMID, application/javascript for VPAID'),
      framework: oneOf('VPAID', 'SIMID'),
      variable_duration: maybe(Type.Boolean()),
    }),
  ),
  ad_parameters: text(limits.markupChars, 'what interactive files are given'),
  mezzanines: list(
    closed({
      url: url(),
      type: mime('video/mp4'),
      delivery,
      width: pixels(),
      height: pixels(),
      codec: maybe(codec()),
      file_bytes: maybe(Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })),
    }),
  ),
  captions: list(closed({ url: url(), type: mime('text/vtt'), language: maybe(language()) })),
  icons: list(
    closed({
      ...drawn,
      program: line(128, 'AdChoices'),
      x: Type.Union([Type.Integer({ minimum: 0, maximum: 16_384 }), oneOf('left', 'right')]),
      y: Type.Union([Type.Integer({ minimum: 0, maximum: 16_384 }), oneOf('top', 'bottom')]),
      offset_seconds: maybe(seconds()),
      duration_seconds: maybe(Type.Integer({ minimum: 1, maximum: 120 })),
    }),
  ),
  companions: list(closed({ ...drawn, id: maybe(line(128)), alt_text: maybe(line(512)) })),
  verifications: list(
    closed({
      vendor: line(128, 'as the vendor is registered: company.com-omid'),
      url: url(),
      browser_optional: maybe(Type.Boolean()),
      parameters: maybe(text(limits.markupChars)),
      not_executed_trackers: maybe(list(called())),
    }),
  ),
  trackers: list(
    closed({ event: oneOf(...trackedEvents), url: called(), offset_seconds: maybe(seconds()) }),
    limits.trackersOfCreative,
  ),
  universal_ad_id: closed({ registry: line(128, 'ad-id.org'), value: line(128) }),
  title: line(255),
  description: line(1_024),
  language: language(),
  weight: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    description:
      'its share among the active creatives of its campaign that have its length and place; without any weight, what does best is shown most',
  }),
  domains: list(
    Type.String({ maxLength: 253, pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$' }),
  ),
  ad_categories: closed({
    taxonomy: Type.Integer({
      minimum: 1,
      maximum: 999,
      description: "OpenRTB's cattax: 1 IAB content 1.0, 8 ad product 2.0",
    }),
    ids: list(Type.String({ maxLength: 32, pattern: '^[A-Za-z0-9-]+$' })),
  }),
  attributes: list(Type.Integer({ minimum: 1, maximum: 999 })),
};

type Parts = {
  [K in keyof typeof parts]: ReturnType<typeof Type.Optional<ReturnType<typeof orNull<(typeof parts)[K]>>>>;
};
const optionalParts = Object.fromEntries(
  Object.entries(parts).map(([key, schema]) => [key, Type.Optional(orNull(schema))]),
) as unknown as Parts;

const files = Type.Array(media, { maxItems: limits.mediaOfCreative, description: 'the preferred one first' });

export const creativeFields = {
  name: name(),
  duration_seconds: Type.Integer({ minimum: 1, maximum: 120 }),
  media: Type.Optional(files),
  click_through: Type.Optional(orNull(url())),
  status: Type.Optional(oneOf('active', 'inactive')),
  place: Type.Optional(orNull(oneOf('first', 'last'))),
  ...optionalParts,
};

export const newCreative = closed(creativeFields);

export const creativePatch = closed(
  {
    ...creativeFields,
    name: Type.Optional(creativeFields.name),
    duration_seconds: Type.Optional(creativeFields.duration_seconds),
  },
  { minProperties: 1 },
);

export const creativeAnswer = Type.Object({
  id: uuid(),
  campaign_id: uuid(),
  version: Type.Integer({ description: "the campaign's" }),
  name: Type.String(),
  duration_seconds: Type.Integer(),
  status: oneOf('active', 'inactive', 'processing', 'failed'),
  media: Type.Array(media),
  click_through: orNull(Type.String()),
  place: orNull(Type.String({ description: 'null: as its campaign' })),
  ...optionalParts,
});

export function blankCreative(id: string): Creative {
  return { id, name: '', durationSeconds: 1, status: 'active', media: [], clickThrough: null };
}

/** The creative with the fields of a body over it. Throws Problem 422 where they contradict each other. */
export function withFields(before: Creative, body: Static<typeof creativePatch>): Creative {
  const { name: called, duration_seconds, click_through, status, media: given, ...more } = body;
  const kept = Object.fromEntries(
    Object.entries({ ...before, ...(renamed(more, toCamel) as CreativeParts) }).filter(
      ([key, value]) => value !== null || !isPart(key),
    ),
  );
  const after = {
    ...(kept as unknown as Creative),
    ...(called === undefined ? {} : { name: called }),
    ...(duration_seconds === undefined ? {} : { durationSeconds: duration_seconds }),
    ...(click_through === undefined ? {} : { clickThrough: click_through }),
    ...(status === undefined ? {} : { status }),
    ...(given === undefined ? {} : { media: given.map(fileOf) }),
  };
  const wrong = creativeFaults(after);
  if (wrong.length === 0) return after;
  const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  throw new Problem(422, 'Contradicts itself', detail, wrong);
}

function fileOf({ bitrate_kbps, ...file }: Static<typeof media>): Creative['media'][number] {
  return { ...(renamed(file, toCamel) as Creative['media'][number]), bitrateKbps: bitrate_kbps ?? null };
}

export function shownCreative(
  { id, unwrapped: _, ...one }: Creative,
  { id: campaign_id, version }: Pick<Campaign, 'id' | 'version'>,
): Static<typeof creativeAnswer> {
  const { place = null, ...told } = one;
  return { id, campaign_id, version, ...(renamed(told, toSnake) as object), place } as Static<typeof creativeAnswer>;
}

function isPart(key: string): boolean {
  return Object.hasOwn(parts, toSnake(key));
}

/** Every key of what JSON gave, written another way; values stay, so names of events do. */
function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [rename(key), renamed(inner, rename)]));
}

function toCamel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
