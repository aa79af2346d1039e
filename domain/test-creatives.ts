import fc from 'fast-check';
import { type CreativeParts, trackedEvents } from './creative.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const url = fc.webUrl();
const urls = fc.array(url, { minLength: 1, maxLength: 3 });
const pixels = fc.integer({ min: 1, max: 4_000 });
const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 });

const resource = fc.oneof(
  fc.record({ kind: fc.constant('static' as const), content: url, type: fc.constantFrom('image/png', 'image/jpeg') }),
  fc.record({ kind: fc.constant('iframe' as const), content: url }),
  fc.record({ kind: fc.constant('html' as const), content: text }),
);

const drawn = {
  width: pixels,
  height: pixels,
  resource,
  clickThrough: url,
  clickTrackers: urls,
  viewTrackers: urls,
};

const tracker = fc.oneof(
  fc.record({ event: fc.constantFrom(...trackedEvents.filter((event) => event !== 'progress')), url }),
  fc.record({ event: fc.constant('progress' as const), url, offsetSeconds: fc.integer({ min: 0, max: 60 }) }),
);

/** Whatever a creative of our own may have beside its files, each of it there or not. */
export const creativeParts: fc.Arbitrary<CreativeParts> = fc.record(
  {
    skipAfterSeconds: fc.integer({ min: 0, max: 4 }),
    interactive: few(
      fc.record(
        {
          url,
          type: fc.constantFrom('text/html', 'application/javascript'),
          framework: fc.constantFrom('VPAID', 'SIMID'),
          variableDuration: fc.boolean(),
        },
        { requiredKeys: ['url', 'type', 'framework'] },
      ),
    ),
    adParameters: text,
    mezzanines: few(
      fc.record(
        {
          url,
          type: fc.constant('video/mp4'),
          delivery: fc.constant('progressive'),
          width: pixels,
          height: pixels,
          codec: text,
          fileBytes: fc.nat(),
        },
        { requiredKeys: ['url', 'type', 'delivery', 'width', 'height'] },
      ),
    ),
    captions: few(
      fc.record(
        { url, type: fc.constant('text/vtt'), language: fc.constantFrom('en', 'de-AT') },
        { requiredKeys: ['url', 'type'] },
      ),
    ),
    icons: few(
      fc.record(
        {
          ...drawn,
          program: fc.constant('AdChoices'),
          x: fc.oneof(pixels, fc.constantFrom('left', 'right')),
          y: fc.oneof(pixels, fc.constantFrom('top', 'bottom')),
          offsetSeconds: fc.nat({ max: 10 }),
          durationSeconds: fc.integer({ min: 1, max: 10 }),
        },
        { requiredKeys: ['width', 'height', 'resource', 'program', 'x', 'y'] },
      ),
    ),
    companions: few(
      fc.record({ ...drawn, id: text, altText: text }, { requiredKeys: ['width', 'height', 'resource'] }),
    ),
    verifications: few(
      fc.record(
        { vendor: text, url, browserOptional: fc.boolean(), parameters: text, notExecutedTrackers: urls },
        { requiredKeys: ['vendor', 'url'] },
      ),
    ),
    trackers: few(tracker),
    universalAdId: fc.record({ registry: fc.constantFrom('ad-id.org', 'clearcast.co.uk'), value: text }),
    title: text,
    description: text,
    language: fc.constantFrom('en', 'fr-CA'),
    weight: fc.integer({ min: 1, max: 1_000 }),
    domains: few(fc.domain()),
    adCategories: fc.record({
      taxonomy: fc.constantFrom(1, 7, 8),
      ids: few(fc.constantFrom('1002', 'IAB2-1', '1037')),
    }),
    attributes: few(fc.integer({ min: 1, max: 17 })),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<CreativeParts>;
