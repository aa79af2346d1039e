import { trackedEvents } from './creative.ts';
import {
  type Check,
  flag,
  from,
  id,
  list,
  name,
  number,
  object,
  oneOf,
  optional,
  orNull,
  text,
} from './document-checks.ts';

const delivery = oneOf('progressive', 'streaming');

const media = object({
  url: name,
  type: name,
  delivery,
  width: number,
  height: number,
  bitrateKbps: orNull(number),
  codec: optional(text),
  minBitrateKbps: optional(number),
  maxBitrateKbps: optional(number),
});

const drawn = {
  width: number,
  height: number,
  resource: object({ kind: oneOf('static', 'iframe', 'html'), content: name, type: optional(name) }),
  clickThrough: optional(name),
  clickTrackers: optional(list(name)),
  viewTrackers: optional(list(name)),
};

const pixelsOr =
  (...sides: readonly string[]): Check =>
  (value) =>
    number(value) || oneOf(...sides)(value);

/** What a tag may lead to, and a creative may have itself. */
const shared = {
  skipAfterSeconds: optional(number),
  interactive: optional(
    list(object({ url: name, type: name, framework: oneOf('VPAID', 'SIMID'), variableDuration: optional(flag) })),
  ),
  adParameters: optional(text),
  mezzanines: optional(
    list(
      object({
        url: name,
        type: name,
        delivery,
        width: number,
        height: number,
        codec: optional(text),
        fileBytes: optional(number),
      }),
    ),
  ),
  captions: optional(list(object({ url: name, type: name, language: optional(text) }))),
  icons: optional(
    list(
      object({
        ...drawn,
        program: text,
        x: pixelsOr('left', 'right'),
        y: pixelsOr('top', 'bottom'),
        offsetSeconds: optional(number),
        durationSeconds: optional(number),
      }),
    ),
  ),
  companions: optional(list(object({ ...drawn, id: optional(text), altText: optional(text) }))),
  verifications: optional(
    list(
      object({
        vendor: text,
        url: name,
        browserOptional: optional(flag),
        parameters: optional(text),
        notExecutedTrackers: optional(list(name)),
      }),
    ),
  ),
  trackers: optional(list(object({ event: oneOf(...trackedEvents), url: name, offsetSeconds: optional(number) }))),
  universalAdId: optional(object({ registry: text, value: text })),
  title: optional(text),
  adCategories: optional(object({ taxonomy: from(1), ids: list(name) })),
};

/** A creative of a campaign's document. */
export const isCreative = object({
  id,
  name: text,
  durationSeconds: from(1),
  status: oneOf('active', 'inactive', 'processing', 'failed'),
  media: list(media),
  clickThrough: orNull(text),
  place: optional(orNull(oneOf('first', 'last'))),
  vastTagUrl: optional(name),
  unwrap: optional(flag),
  unwrapped: optional(
    object({
      tag: name,
      wrappers: from(0),
      durationSeconds: from(1),
      media: list(media),
      clickThrough: orNull(text),
      ...shared,
    }),
  ),
  ...shared,
  description: optional(text),
  language: optional(text),
  weight: optional(from(1)),
  domains: optional(list(name)),
  attributes: optional(list(from(1))),
});
