import type { Icon, MediaFile, TrackedEvent } from '../../../domain/creative.ts';
import type { BeaconEvent } from '../../beacons/tokens.ts';
import { clickPixel, macrosOf } from '../../draft.ts';
import { cdata } from '../escape.ts';
import type { Shown } from '../shown.ts';
import { resourceOf } from './drawn.ts';
import { trackingUrl } from './slots.ts';
import { trackingWord } from './tracking.ts';
import { atLeast, type VastVersion } from './versions.ts';
import { clockTime, element, holding, linked, texted } from './words.ts';

/** Our own events of a playing video. */
const playing = [
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
  'acceptInvitation',
  'skip',
  'closeLinear',
  'progress',
] as const satisfies readonly BeaconEvent[];

/** Where `progress` is told, unless the ad is shorter. */
const PROGRESS_SECONDS = 5;

export interface Around {
  readonly shown: Shown;
  readonly version: VastVersion;
  readonly base: string;
}

/** The elements of Linear in the order of the version's schema. */
export function linearOf(around: Around): string {
  const { shown, version } = around;
  const { skipAfterSeconds, durationSeconds, adParameters } = shown.creative;
  const four = atLeast(version, '4.0');
  const duration = texted('Duration', clockTime(durationSeconds));
  const parameters = adParameters === undefined ? '' : element('AdParameters', cdata(adParameters));
  const icons = iconsOf(around);
  const tracking = holding('TrackingEvents', trackingOf(around));
  const clicks = videoClicks(around);
  const files = holding('MediaFiles', mediaFiles(around));
  const skipoffset =
    atLeast(version, '3.0') && skipAfterSeconds !== undefined ? clockTime(skipAfterSeconds) : undefined;
  const content = four
    ? icons + tracking + parameters + duration + files + clicks
    : icons + duration + tracking + parameters + clicks + files;
  return holding('Linear', content, { skipoffset });
}

/** Linear of a Wrapper: only what is to be told and drawn. */
export function wrapperLinear(around: Around): string {
  return holding(
    'Linear',
    iconsOf(around) + holding('TrackingEvents', trackingOf(around)) + videoClicks(around, 'wrapper'),
  );
}

function trackingOf({ shown: { creative }, version, base }: Around): string {
  let text = '';
  const offset = clockTime(Math.min(PROGRESS_SECONDS, creative.durationSeconds));
  for (const event of playing) {
    if (trackingWord(event, version) === null) continue;
    const url = trackingUrl(base, event, macrosOf(event));
    text += `<Tracking event="${event}"${event === 'progress' ? ` offset="${offset}"` : ''}><![CDATA[${url}]]></Tracking>`;
  }
  for (const { event, url, offsetSeconds } of creative.trackers ?? []) {
    const word = trackingWord(event, version);
    if (word === null) continue;
    text += linked('Tracking', url, {
      event: word,
      offset: event === 'progress' ? clockTime(offsetSeconds ?? 0) : undefined,
    });
  }
  return text;
}

/** Third parties' URLs of an event, each in an element of the name. */
export function told({ shown }: Around, event: TrackedEvent, name: string): string {
  return (shown.creative.trackers ?? [])
    .filter((tracker) => tracker.event === event)
    .map(({ url }) => linked(name, url))
    .join('');
}

/** The target itself, and our tracker beside it: players open the one and call the other, which must not lead there once more. */
function videoClicks(around: Around, wrapper?: 'wrapper'): string {
  const { shown, version, base } = around;
  const ours = `<ClickTracking><![CDATA[${trackingUrl(base, 'click', clickPixel)}]]></ClickTracking>`;
  const tracking = ours + told(around, 'click', 'ClickTracking');
  const through = wrapper ? '' : linked('ClickThrough', shown.creative.clickThrough);
  return element('VideoClicks', atLeast(version, '4.0') ? tracking + through : through + tracking);
}

function mediaFiles({ shown: { creative }, version }: Around): string {
  const parts = [creative.media.map((file, at) => mediaFile(file, at, creative.id, version)).join('')];
  const files = creative.interactive ?? [];
  if (!atLeast(version, '4.1')) {
    const [{ width, height } = { width: 1, height: 1 }] = creative.media;
    for (const { url, type, framework } of files) {
      if (framework !== 'VPAID') continue;
      parts.push(linked('MediaFile', url, { delivery: 'progressive', type, width, height, apiFramework: framework }));
    }
  }
  if (!atLeast(version, '4.0')) return parts.join('');
  const full = atLeast(version, '4.1');
  const captions = (creative.captions ?? []).map(({ url, type, language }) =>
    linked('ClosedCaptionFile', url, { type, language }),
  );
  if (full) parts.unshift(element('ClosedCaptionFiles', captions.join('')));
  for (const [at, { url, fileBytes, ...about }] of (creative.mezzanines ?? []).entries()) {
    // 4.0 has room for one, and no word for what it is.
    if (full)
      parts.push(linked('Mezzanine', url, { id: `${creative.id}-mezzanine-${at + 1}`, ...about, fileSize: fileBytes }));
    else if (at === 0) parts.push(linked('Mezzanine', url));
  }
  for (const { url, type, framework, variableDuration } of files) {
    if (!full && framework === 'VPAID') continue;
    const more = full ? { variableDuration } : {};
    parts.push(linked('InteractiveCreativeFile', url, { type, apiFramework: framework, ...more }));
  }
  return parts.join('');
}

function mediaFile(file: MediaFile, at: number, creativeId: string, version: VastVersion): string {
  const { url, type, delivery, width, height, bitrateKbps, codec, minBitrateKbps, maxBitrateKbps } = file;
  const range = minBitrateKbps !== undefined && atLeast(version, '3.0');
  return linked('MediaFile', url, {
    id: `${creativeId}-${at + 1}`,
    delivery,
    type,
    width,
    height,
    codec: atLeast(version, '3.0') ? codec : undefined,
    bitrate: range ? undefined : (bitrateKbps ?? undefined),
    minBitrate: range ? minBitrateKbps : undefined,
    maxBitrate: range ? maxBitrateKbps : undefined,
  });
}

function iconsOf({ shown: { creative }, version, base }: Around): string {
  if (!atLeast(version, '3.0')) return '';
  // 4.0 and 4.1 have room for one.
  const room = version === '4.0' || version === '4.1' ? 1 : 20;
  const icons = (creative.icons ?? []).slice(0, room).map((icon) => iconOf(icon, version, base));
  return element('Icons', icons.join(''));
}

function iconOf(icon: Icon, version: VastVersion, base: string): string {
  const { program, width, height, x, y, offsetSeconds, durationSeconds, resource } = icon;
  const drawn = resourceOf(resource);
  if (drawn === '') return '';
  const through = linked('IconClickThrough', icon.clickThrough);
  const ours = `<IconClickTracking><![CDATA[${trackingUrl(base, 'iconClick', macrosOf('iconClick'))}]]></IconClickTracking>`;
  const tracking = ours + (icon.clickTrackers ?? []).map((url) => linked('IconClickTracking', url)).join('');
  const clicks = through === '' ? '' : atLeast(version, '4.0') ? through + tracking : tracking + through;
  const viewed = `<IconViewTracking><![CDATA[${trackingUrl(base, 'iconView', macrosOf('iconView'))}]]></IconViewTracking>`;
  const views = viewed + (icon.viewTrackers ?? []).map((url) => linked('IconViewTracking', url)).join('');
  return holding('Icon', drawn + element('IconClicks', clicks) + views, {
    program,
    width,
    height,
    xPosition: x,
    yPosition: y,
    offset: offsetSeconds === undefined ? undefined : clockTime(offsetSeconds),
    duration: durationSeconds === undefined ? undefined : clockTime(durationSeconds),
  });
}
