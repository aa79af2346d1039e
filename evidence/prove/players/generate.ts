import { Tokens } from '../../../decision-api/beacons/tokens.ts';
import type { Draft, DraftAd } from '../../../decision-api/draft.ts';
import type { Creative, CreativeParts, Resource } from '../../../domain/creative.ts';
import { trackedEvents } from '../../../domain/creative.ts';
import { micros } from '../../../domain/money.ts';
import type { Dice } from './dice.ts';

export const tokens = new Tokens([{ id: 'k1', secret: 'a secret for proofs' }]);
export const base = 'https://ads.example';
export const now = 1_800_000_000_000;

/** What stands where a creative has text or a URL: honest ones, or whatever somebody makes of it. */
export interface Words {
  text(name: string): string;
  url(name: string): string;
}

/** Names that are told apart, with all that text and a URL may lawfully have. */
export function honest(dice: Dice): Words {
  return {
    text: (name) => `${name} ${dice.below(1e6)}${dice.chance(0.1) ? ' & <b> "ä" ]]>' : ''}`,
    url: (name) =>
      `https://cdn.example/${name}/${dice.below(1e9)}?a=1&b=%20${dice.chance(0.2) ? '&c=[CACHEBUSTING]' : ''}`,
  };
}

let made = 0;

export function uuid(): string {
  made++;
  return `01890a5d-ac96-774b-8000-${made.toString(16).padStart(12, '0')}`;
}

function some<T>(dice: Dice, make: () => T, most = 2): T[] {
  return Array.from({ length: 1 + dice.below(most) }, make);
}

function resource(dice: Dice, words: Words): Resource {
  const kind = dice.of(['static', 'iframe', 'html'] as const);
  if (kind === 'html') return { kind, content: words.text('markup') };
  return kind === 'iframe'
    ? { kind, content: words.url('frame') }
    : { kind, content: words.url('image'), type: dice.of(['image/png', 'image/jpeg']) };
}

function drawn(dice: Dice, words: Words) {
  return {
    width: 1 + dice.below(1000),
    height: 1 + dice.below(1000),
    resource: resource(dice, words),
    ...(dice.chance(0.5) ? { clickThrough: words.url('through') } : {}),
    ...(dice.chance(0.4) ? { clickTrackers: some(dice, () => words.url('clicked')) } : {}),
    ...(dice.chance(0.4) ? { viewTrackers: some(dice, () => words.url('viewed')) } : {}),
  };
}

/** Each optional part in a third of the creatives. */
function partsOf(dice: Dice, words: Words): CreativeParts {
  const now_and_then = <T extends object>(make: () => T): T | object => (dice.chance(0.33) ? make() : {});
  return {
    ...now_and_then(() => ({ skipAfterSeconds: dice.below(5) })),
    ...now_and_then(() => ({ adParameters: words.text('parameters') })),
    ...now_and_then(() => ({
      mezzanines: some(dice, () => ({
        url: words.url('mezzanine'),
        type: 'video/mp4',
        delivery: 'progressive' as const,
        width: 3840,
        height: 2160,
        ...(dice.chance(0.5) ? { codec: 'avc1.640033', fileBytes: dice.below(1e9) } : {}),
      })),
    })),
    ...now_and_then(() => ({
      captions: some(dice, () => ({
        url: words.url('captions'),
        type: 'text/vtt',
        ...(dice.chance(0.5) ? { language: dice.of(['en', 'de-AT']) } : {}),
      })),
    })),
    ...now_and_then(() => ({
      icons: some(dice, () => ({
        ...drawn(dice, words),
        program: words.text('AdChoices'),
        x: dice.chance(0.5) ? ('right' as const) : dice.below(100),
        y: dice.chance(0.5) ? ('top' as const) : dice.below(100),
        ...(dice.chance(0.5) ? { offsetSeconds: dice.below(5), durationSeconds: 1 + dice.below(9) } : {}),
      })),
    })),
    ...now_and_then(() => ({
      companions: some(dice, () => ({
        ...drawn(dice, words),
        ...(dice.chance(0.5) ? { id: words.text('companion'), altText: words.text('alternative') } : {}),
      })),
    })),
    ...now_and_then(() => ({
      verifications: some(dice, () => ({
        vendor: words.text('vendor'),
        url: words.url('omid'),
        ...(dice.chance(0.5) ? { parameters: words.text('parameters'), browserOptional: dice.chance(0.5) } : {}),
        ...(dice.chance(0.5) ? { notExecutedTrackers: some(dice, () => words.url('notrun')) } : {}),
      })),
    })),
    ...now_and_then(() => ({
      trackers: some(
        dice,
        () => {
          const event = dice.of(trackedEvents);
          return { event, url: words.url(event), ...(event === 'progress' ? { offsetSeconds: dice.below(30) } : {}) };
        },
        4,
      ),
    })),
    ...now_and_then(() => ({ universalAdId: { registry: words.text('registry'), value: words.text('id') } })),
    ...now_and_then(() => ({ title: words.text('title') })),
    ...now_and_then(() => ({ description: words.text('description') })),
    ...now_and_then(() => ({ domains: ['advertiser.example'] })),
    ...now_and_then(() => ({
      adCategories: { taxonomy: dice.of([1, 7, 8]), ids: some(dice, () => words.text('category')) },
    })),
  };
}

export function creativeOf(dice: Dice, words: Words): Creative {
  const wrapper = dice.chance(0.15);
  const about = {
    id: uuid(),
    name: words.text('creative'),
    durationSeconds: dice.of([6, 10, 15, 20, 30, 60]),
    status: 'active' as const,
    clickThrough: dice.chance(0.7) ? words.url('shop') : null,
    ...partsOf(dice, words),
  };
  if (wrapper) return { ...about, media: [], vastTagUrl: words.url('tag') };
  const hls = dice.chance(0.5);
  const media = some(
    dice,
    () => ({
      url: words.url('file'),
      type: 'video/mp4',
      delivery: 'progressive' as const,
      width: 1920,
      height: 1080,
      bitrateKbps: dice.chance(0.8) ? 500 + dice.below(8000) : null,
      ...(dice.chance(0.5) ? { codec: words.text('avc1') } : {}),
    }),
    3,
  );
  const stream = {
    url: words.url('stream'),
    type: 'application/x-mpegURL',
    delivery: 'streaming' as const,
    width: 1920,
    height: 1080,
    bitrateKbps: null,
    minBitrateKbps: 400,
    maxBitrateKbps: 8000,
  };
  const interactive = some(dice, () => {
    const framework = dice.of(['VPAID', 'SIMID'] as const);
    const type = framework === 'SIMID' ? 'text/html' : 'application/javascript';
    return { url: words.url('program'), type, framework, ...(dice.chance(0.5) ? { variableDuration: true } : {}) };
  });
  return { ...about, media: hls ? [...media, stream] : media, ...(dice.chance(0.33) ? { interactive } : {}) };
}

const facts = Array.from({ length: 50 }, (_, at) => `k1.${'abcdefghijklmnopqrstuvwxyz0123456789-_'.repeat(3)}${at}`);

function adOf(dice: Dice, creative: Creative, position: number, start: number, words: Words): DraftAd {
  return {
    ad_id: uuid(),
    campaign_id: uuid(),
    creative_id: creative.id,
    advertiser_id: uuid(),
    duration_seconds: creative.durationSeconds,
    media: [],
    click_through: creative.clickThrough,
    facts: dice.of(facts),
    shown: {
      creative,
      advertiserName: words.text('advertiser'),
      tier: 'standard',
      place: null,
      pricing: { model: dice.of(['cpm', 'cpc', 'cpv', 'flat'] as const), priceMicros: micros(dice.below(50_000_000)) },
      valueMicros: dice.below(50_000),
      expiresAt: now + dice.below(1_000_000),
    },
    position,
    start_seconds: start,
  };
}

/** A decision: a pod of up to six ads, spares beside it. */
export function draftOf(dice: Dice, words: Words): Draft {
  const count = dice.below(5) + (dice.chance(0.1) ? 2 : 0);
  const ads: DraftAd[] = [];
  let start = 0;
  for (let at = 0; at < count; at++) {
    const ad = adOf(dice, creativeOf(dice, words), at + 1, start, words);
    ads.push(ad);
    start += ad.duration_seconds;
  }
  const spares =
    count > 0 && dice.chance(0.3) ? some(dice, () => adOf(dice, creativeOf(dice, words), 0, 0, words)) : [];
  return {
    request_id: uuid(),
    pod: { duration_seconds: 180, filled_seconds: start, ads },
    ...(spares.length > 0 ? { backups: spares } : {}),
    no_fill_reason: count === 0 ? 'no_pod_fits' : null,
    warnings: [],
  };
}
