/** The only place of a pod in which an ad may stand. */
export type Place = 'first' | 'last';

/**
 * What an advertiser has shown, and all that belongs to it, in the words of VAST 4.3. Every dialect is written from this one
 * shape; what a dialect has no word for is left out there. URLs are http or https, and may hold VAST macros where a player
 * calls them (`[TIMESTAMP]`). Absent: there is none.
 */
export interface Creative extends CreativeParts {
  readonly id: string;
  readonly name: string;
  readonly durationSeconds: number;
  readonly status: 'active' | 'inactive' | 'processing' | 'failed';
  /** The preferred one first. Of an active one empty only where there is a `vastTagUrl`. */
  readonly media: readonly MediaFile[];
  readonly clickThrough: string | null;
  /** Absent or null: as its campaign. */
  readonly place?: Place | null;
  /** What its tag led to; absent: not asked for, not known yet, or not to be had. */
  readonly unwrapped?: Unwrapped;
}

/** What a creative may have beside its files. */
export interface CreativeParts {
  /** A third party's tag: served as a Wrapper instead of files. */
  readonly vastTagUrl?: string;
  /** The tag is followed ahead of time, and what it leads to is served in its place; absent: players follow it. */
  readonly unwrap?: boolean;
  /** Seconds after which a viewer may skip; absent: never. */
  readonly skipAfterSeconds?: number;
  /** Programs that run beside the plain files, never without. */
  readonly interactive?: readonly InteractiveFile[];
  /** The text that interactive files are given. */
  readonly adParameters?: string;
  /** What stitchers transcode from. */
  readonly mezzanines?: readonly Mezzanine[];
  readonly captions?: readonly Caption[];
  /** Such as the one of AdChoices. */
  readonly icons?: readonly Icon[];
  readonly companions?: readonly Companion[];
  /** Measurement by OMID. */
  readonly verifications?: readonly Verification[];
  /** Third parties' trackers, beside ours. */
  readonly trackers?: readonly Tracker[];
  /** Such as Ad-ID's; absent: our own id in the registry `unknown`. */
  readonly universalAdId?: { readonly registry: string; readonly value: string };
  /** Absent: the creative's name. */
  readonly title?: string;
  readonly description?: string;
  /** BCP 47. */
  readonly language?: string;
  /** Its share among the active creatives of its campaign that have its length and place; absent: 1. Where none has one: scoring/rotation.ts. */
  readonly weight?: number;
  /** Where it leads: OpenRTB's `adomain`. */
  readonly domains?: readonly string[];
  /** What it advertises: OpenRTB's `cat`, VAST's Category. */
  readonly adCategories?: { readonly taxonomy: number; readonly ids: readonly string[] };
  /** OpenRTB's creative attributes (AdCOM list 5.3). */
  readonly attributes?: readonly number[];
}

/** What a third party's tag led to when it was last asked: an ad of files, and all that its wrappers want to be told. */
export interface Unwrapped extends UnwrappedParts {
  /** The tag that was asked: of another it says nothing. */
  readonly tag: string;
  /** How many wrappers were on the way. */
  readonly wrappers: number;
  readonly durationSeconds: number;
  readonly media: readonly MediaFile[];
  readonly clickThrough: string | null;
}

export type UnwrappedParts = Pick<
  CreativeParts,
  | 'skipAfterSeconds'
  | 'interactive'
  | 'adParameters'
  | 'mezzanines'
  | 'captions'
  | 'icons'
  | 'companions'
  | 'verifications'
  | 'trackers'
  | 'universalAdId'
  | 'title'
  | 'adCategories'
>;

export interface MediaFile {
  readonly url: string;
  readonly type: string;
  readonly delivery: 'progressive' | 'streaming';
  readonly width: number;
  readonly height: number;
  readonly bitrateKbps: number | null;
  /** RFC 6381: `avc1.640028, mp4a.40.2`. */
  readonly codec?: string;
  /** Of a stream of several qualities: both or neither. */
  readonly minBitrateKbps?: number;
  readonly maxBitrateKbps?: number;
}

export interface InteractiveFile {
  readonly url: string;
  readonly type: string;
  readonly framework: 'VPAID' | 'SIMID';
  /** It may lengthen the ad. */
  readonly variableDuration?: boolean;
}

export interface Mezzanine {
  readonly url: string;
  readonly type: string;
  readonly delivery: 'progressive' | 'streaming';
  readonly width: number;
  readonly height: number;
  readonly codec?: string;
  readonly fileBytes?: number;
}

export interface Caption {
  readonly url: string;
  readonly type: string;
  readonly language?: string;
}

/** What is drawn: a file of a type, a page in a frame, or markup. */
export interface Resource {
  readonly kind: 'static' | 'iframe' | 'html';
  /** A URL, or the markup. */
  readonly content: string;
  /** MIME type of a static one. */
  readonly type?: string;
}

interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly resource: Resource;
  readonly clickThrough?: string;
  readonly clickTrackers?: readonly string[];
  readonly viewTrackers?: readonly string[];
}

export interface Icon extends Drawn {
  readonly program: string;
  /** Pixels from the left or the top, or a side by name. */
  readonly x: number | 'left' | 'right';
  readonly y: number | 'top' | 'bottom';
  readonly offsetSeconds?: number;
  readonly durationSeconds?: number;
}

export interface Companion extends Drawn {
  readonly id?: string;
  readonly altText?: string;
}

export interface Verification {
  readonly vendor: string;
  /** JavaScript, run through OMID. */
  readonly url: string;
  readonly browserOptional?: boolean;
  readonly parameters?: string;
  /** Told with `[REASON]` when it could not be run. */
  readonly notExecutedTrackers?: readonly string[];
}

/** What third parties may be told: VAST's names. The first three are not of the playing video. */
export const trackedEvents = [
  'impression',
  'click',
  'error',
  'viewable',
  'notViewable',
  'viewUndetermined',
  'creativeView',
  'start',
  'firstQuartile',
  'midpoint',
  'thirdQuartile',
  'complete',
  'mute',
  'unmute',
  'pause',
  'resume',
  'rewind',
  'skip',
  'closeLinear',
  'acceptInvitation',
  'progress',
  // What we have no beacons of our own for.
  'loaded',
  'playerExpand',
  'playerCollapse',
  'expand',
  'collapse',
  'close',
  'timeSpentViewing',
  'adExpand',
  'adCollapse',
  'minimize',
  'overlayViewDuration',
  'otherAdInteraction',
  'interactiveStart',
] as const;
export type TrackedEvent = (typeof trackedEvents)[number];

export interface Tracker {
  readonly event: TrackedEvent;
  readonly url: string;
  /** Of `progress` alone, and always there. */
  readonly offsetSeconds?: number;
}

/** What is needed of a creative before anything else of it matters. */
export function isShowable({ status, media, vastTagUrl }: Creative): boolean {
  return status === 'active' && (media.length > 0 || vastTagUrl !== undefined);
}

export interface CreativeFault {
  /** JSON pointer into the creative as the management API writes it. */
  readonly pointer: string;
  readonly detail: string;
}

/** What contradicts itself in a creative whose single fields are lawful. */
export function creativeFaults(creative: Creative): readonly CreativeFault[] {
  const faults: CreativeFault[] = [];
  const fault = (pointer: string, detail: string) => faults.push({ pointer, detail });
  const { status, media, vastTagUrl, interactive, skipAfterSeconds: skip, durationSeconds } = creative;
  if (status === 'active' && media.length === 0 && vastTagUrl === undefined) {
    fault('/media', 'an active creative needs a file or a vast_tag_url');
  }
  if (media.length > 0 && vastTagUrl !== undefined) fault('/vast_tag_url', 'stands instead of media, not beside it');
  if (creative.unwrap === true && vastTagUrl === undefined) fault('/unwrap', 'needs a vast_tag_url');
  if (vastTagUrl !== undefined && interactive?.length) fault('/interactive', 'needs a plain file beside it');
  if (skip !== undefined && skip >= durationSeconds) fault('/skip_after_seconds', 'must be before the end');
  media.forEach(({ minBitrateKbps: least, maxBitrateKbps: most }, at) => {
    if ((least === undefined) !== (most === undefined))
      fault(`/media/${at}`, 'min_bitrate_kbps and max_bitrate_kbps go together');
    if (least !== undefined && most !== undefined && least > most)
      fault(`/media/${at}/min_bitrate_kbps`, 'must not be above max_bitrate_kbps');
  });
  creative.trackers?.forEach(({ event, offsetSeconds }, at) => {
    if ((event === 'progress') !== (offsetSeconds !== undefined))
      fault(`/trackers/${at}/offset_seconds`, 'is needed for progress, and for nothing else');
  });
  for (const part of ['icons', 'companions'] as const) {
    creative[part]?.forEach(({ resource }, at) => {
      faults.push(...resourceFaults(resource, `/${part}/${at}/resource`));
    });
  }
  return faults;
}

function resourceFaults({ kind, content, type }: Resource, at: string): readonly CreativeFault[] {
  const faults: CreativeFault[] = [];
  if (kind !== 'html' && !isWebUrl(content)) {
    faults.push({ pointer: `${at}/content`, detail: 'must be an http or https URL' });
  }
  if ((kind === 'static') !== (type !== undefined)) {
    faults.push({ pointer: `${at}/type`, detail: 'is needed for a static resource, and for nothing else' });
  }
  return faults;
}

const webUrl = /^https?:\/\/[^\s\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}"<>\\^`{|}]+$/u;

/** An http or https URL in characters that a URL may have; macros in brackets are let through. */
export function isWebUrl(text: string): boolean {
  return webUrl.test(text);
}
