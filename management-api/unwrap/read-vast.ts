import {
  type Companion,
  type Icon,
  isWebUrl,
  type Resource,
  type TrackedEvent,
  trackedEvents,
  type Verification,
} from '../../domain/creative.ts';
import { EngineError } from '../../engines/errors.ts';
import { at, type Element, readXml, textAt } from './xml.ts';

/** What an ad of a chain wants to be told and shown, whether it is a wrapper or what the chain ends in. */
export interface Told {
  readonly trackers: readonly ReadTracker[];
  readonly verifications: readonly Verification[];
  readonly icons: readonly Icon[];
  readonly companions: readonly Companion[];
  /** What nobody could be told: events without a word of ours, and what is no URL. */
  readonly leftOut: readonly string[];
  readonly blockedCategories: readonly string[];
}

export interface ReadTracker {
  readonly event: TrackedEvent;
  readonly url: string;
  /** Of `progress`: seconds or a part of the ad's length. */
  readonly offset: Offset | null;
}

export type Offset = { readonly seconds: number } | { readonly part: number };

export interface ReadWrapper extends Told {
  readonly kind: 'wrapper';
  readonly next: string;
  /** What follows may be a wrapper too. */
  readonly further: boolean;
}

export interface ReadInLine extends Told {
  readonly kind: 'inline';
  readonly ad: Element;
  readonly creative: Element;
  readonly linear: Element;
  readonly categories: readonly string[];
  /** How long it may be kept, in seconds; null: it does not say. */
  readonly expires: number | null;
}

/** The ad of a VAST document: the first that stands alone, else the first of the pod. Null: there is none. EngineError `refused`: not VAST. */
export function readVast(text: string): ReadWrapper | ReadInLine | null {
  const root = readXml(text);
  if (root.name !== 'VAST') throw new EngineError('refused', `its answer is ${root.name.slice(0, 40)}, not VAST`);
  const ads = at(root, 'Ad');
  const ad = ads.find(({ attributes }) => attributes.sequence === undefined) ?? ads[0];
  if (ad === undefined) return null;
  const [inLine] = at(ad, 'InLine');
  if (inLine) return readInLine(inLine);
  const [wrapper] = at(ad, 'Wrapper');
  return wrapper ? readWrapper(wrapper) : null;
}

function readWrapper(wrapper: Element): ReadWrapper {
  const next = textAt(wrapper, 'VASTAdTagURI');
  if (next === undefined) throw new EngineError('refused', 'a wrapper has no VASTAdTagURI');
  return {
    kind: 'wrapper',
    next,
    further: wrapper.attributes.followAdditionalWrappers !== 'false',
    ...toldBy(wrapper, at(wrapper, 'Creatives', 'Creative', 'Linear')),
  };
}

function readInLine(ad: Element): ReadInLine {
  const creatives = at(ad, 'Creatives', 'Creative');
  const creative = creatives.find((each) => at(each, 'Linear', 'MediaFiles', 'MediaFile').length > 0);
  const [linear] = creative ? at(creative, 'Linear') : [];
  if (!creative || !linear) throw new EngineError('refused', 'the ad has no linear creative with files');
  const expires = Number(textAt(ad, 'Expires') ?? Number.NaN);
  return {
    kind: 'inline',
    ad,
    creative,
    linear,
    categories: at(ad, 'Category').map(({ text }) => text),
    expires: Number.isFinite(expires) ? expires : null,
    ...toldBy(ad, [linear]),
  };
}

/** What others call an event of ours. */
const alike: Readonly<Record<string, TrackedEvent>> = {
  fullscreen: 'playerExpand',
  exitFullscreen: 'playerCollapse',
  acceptInvitationLinear: 'acceptInvitation',
};
const URL_CHARS_MAX = 4_096;

function toldBy(ad: Element, linears: readonly Element[]): Told {
  const leftOut = new Set<string>();
  const tracker = (name: string, { text }: Element, offset: Offset | null = null): readonly ReadTracker[] => {
    if (text === '') return [];
    const event = alike[name] ?? trackedEvents.find((each) => each === name);
    const url = urlOf(text);
    if (event !== undefined && url !== null && (event === 'progress') === (offset !== null))
      return [{ event, url, offset }];
    leftOut.add(name.slice(0, 64));
    return [];
  };
  const each = (event: TrackedEvent, ...path: readonly string[]) =>
    at(ad, ...path).flatMap((element) => tracker(event, element));
  const tracked = linears.flatMap((linear) => [
    ...at(linear, 'TrackingEvents', 'Tracking').flatMap((element) => {
      const { event = '', offset } = element.attributes;
      return tracker(event, element, event === 'progress' ? offsetOf(offset) : null);
    }),
    ...at(linear, 'VideoClicks', 'ClickTracking').flatMap((element) => tracker('click', element)),
  ]);
  return {
    trackers: [
      ...each('impression', 'Impression'),
      ...each('error', 'Error'),
      ...each('viewable', 'ViewableImpression', 'Viewable'),
      ...each('notViewable', 'ViewableImpression', 'NotViewable'),
      ...each('viewUndetermined', 'ViewableImpression', 'ViewUndetermined'),
      ...tracked,
    ],
    verifications: [
      ...at(ad, 'AdVerifications', 'Verification'),
      // Before 4.1 it had a place in extensions alone.
      ...at(ad, 'Extensions', 'Extension', 'AdVerifications', 'Verification'),
    ].flatMap(verificationOf),
    icons: linears.flatMap((linear) => at(linear, 'Icons', 'Icon')).flatMap(iconOf),
    companions: at(ad, 'Creatives', 'Creative', 'CompanionAds', 'Companion').flatMap(companionOf),
    leftOut: [...leftOut],
    blockedCategories: at(ad, 'BlockedAdCategories').flatMap(({ text }) => text.split(/[\s,]+/).filter(Boolean)),
  };
}

/** A stranger's URL in characters that a URL may have; null: it is none that a player may be told. */
export function urlOf(text: string | undefined): string | null {
  const written = (text ?? '').replace(/[ "<>\\^`{|}]/g, encodeURIComponent);
  return written.length <= URL_CHARS_MAX && isWebUrl(written) ? written : null;
}

/** HH:MM:SS[.mmm] or n%; null: neither. */
export function offsetOf(text: string | undefined): Offset | null {
  const clock = /^(\d{2}):([0-5]\d):([0-5]\d(?:\.\d{1,3})?)$/.exec(text ?? '');
  if (clock) return { seconds: Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]) };
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text ?? '');
  return percent && Number(percent[1]) <= 100 ? { part: Number(percent[1]) / 100 } : null;
}

function verificationOf(verification: Element): readonly Verification[] {
  const parameters = textAt(verification, 'VerificationParameters');
  const notExecutedTrackers = at(verification, 'TrackingEvents', 'Tracking')
    .filter(({ attributes }) => attributes.event === 'verificationNotExecuted')
    .flatMap(({ text }) => urlOf(text) ?? []);
  return at(verification, 'JavaScriptResource').flatMap(({ attributes, text }) => {
    const url = urlOf(text);
    if (attributes.apiFramework !== 'omid' || url === null) return [];
    return [
      {
        vendor: verification.attributes.vendor ?? '',
        url,
        browserOptional: attributes.browserOptional === 'true',
        ...(parameters === undefined ? {} : { parameters }),
        ...(notExecutedTrackers.length === 0 ? {} : { notExecutedTrackers }),
      },
    ];
  });
}

/** A number of pixels; null: none that can be drawn. */
export function pixels(text: string | undefined): number | null {
  return /^\d{1,5}$/.test(text ?? '') && Number(text) > 0 ? Number(text) : null;
}

function resourceOf(element: Element): Resource | null {
  const [fixed] = at(element, 'StaticResource');
  const file = urlOf(fixed?.text);
  if (file !== null) return { kind: 'static', content: file, type: fixed?.attributes.creativeType ?? 'image/png' };
  const frame = urlOf(textAt(element, 'IFrameResource'));
  if (frame !== null) return { kind: 'iframe', content: frame };
  const html = textAt(element, 'HTMLResource');
  return html === undefined ? null : { kind: 'html', content: html };
}

/** Size and content; null: it cannot be drawn. */
function drawnOf(element: Element, words: { through: string[]; clicked: string[]; viewed: readonly string[] }) {
  const width = pixels(element.attributes.width);
  const height = pixels(element.attributes.height);
  const resource = resourceOf(element);
  if (width === null || height === null || resource === null) return null;
  const through = urlOf(textAt(element, ...words.through));
  const clickTrackers = urls(at(element, ...words.clicked));
  return {
    width,
    height,
    resource,
    ...(through !== null ? { clickThrough: through } : {}),
    ...(clickTrackers.length === 0 ? {} : { clickTrackers }),
    ...(words.viewed.length === 0 ? {} : { viewTrackers: words.viewed }),
  };
}

function urls(elements: readonly Element[]): readonly string[] {
  return elements.flatMap(({ text }) => urlOf(text) ?? []);
}

function iconOf(icon: Element): readonly Icon[] {
  const { program = '', xPosition = '0', yPosition = '0', offset, duration } = icon.attributes;
  const drawn = drawnOf(icon, {
    through: ['IconClicks', 'IconClickThrough'],
    clicked: ['IconClicks', 'IconClickTracking'],
    viewed: urls(at(icon, 'IconViewTracking')),
  });
  if (drawn === null) return [];
  const side = <S extends string>(text: string, ...sides: readonly S[]) =>
    sides.find((each) => each === text) ?? (/^\d{1,5}$/.test(text) ? Number(text) : 0);
  return [
    {
      ...drawn,
      program,
      x: side(xPosition, 'left', 'right'),
      y: side(yPosition, 'top', 'bottom'),
      ...inSeconds('offsetSeconds', offset),
      ...inSeconds('durationSeconds', duration),
    },
  ];
}

function inSeconds<K extends string>(key: K, text: string | undefined): { readonly [P in K]?: number } {
  const time = offsetOf(text);
  return time !== null && 'seconds' in time ? ({ [key]: Math.round(time.seconds) } as { [P in K]: number }) : {};
}

function companionOf(companion: Element): readonly Companion[] {
  const drawn = drawnOf(companion, {
    through: ['CompanionClickThrough'],
    clicked: ['CompanionClickTracking'],
    viewed: urls(
      at(companion, 'TrackingEvents', 'Tracking').filter((each) => each.attributes.event === 'creativeView'),
    ),
  });
  if (drawn === null) return [];
  const altText = textAt(companion, 'AltText');
  const { id } = companion.attributes;
  return [{ ...drawn, ...(id ? { id } : {}), ...(altText === undefined ? {} : { altText }) }];
}
