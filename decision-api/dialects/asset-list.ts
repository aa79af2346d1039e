import type { Creative } from '../../domain/creative.ts';
import { type BeaconEvent, beaconEvents, type Tokens } from '../beacons/tokens.ts';
import { clickPixel, type Draft, type DraftSpare, macrosOf } from '../draft.ts';
import { isHls } from './dialect.ts';
import { webUrl } from './escape.ts';

/** Events of our own that a player of interstitials can tell. */
const told: readonly BeaconEvent[] = [
  'impression',
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
  'error',
];
/** Where in the ad, as a part of its length. */
const quartiles: Readonly<Partial<Record<BeaconEvent, number>>> = {
  impression: 0,
  creativeView: 0,
  start: 0,
  firstQuartile: 0.25,
  midpoint: 0.5,
  thirdQuartile: 0.75,
  complete: 1,
};

interface Tracking {
  readonly type: string;
  readonly offset?: number;
  readonly urls: string[];
}

/**
 * The JSON that X-ASSET-LIST of an HLS interstitial names: HLS assets alone, each with its trackers in SVTA's creative signalling
 * (SVTA2053, version 2: an envelope of one linear slot).
 */
export function assetList(draft: Draft, tokens: Tokens, base: string): string {
  return JSON.stringify({ ASSETS: draft.pod.ads.flatMap((ad) => assetOf(ad, tokens, base)) });
}

function assetOf(ad: DraftSpare, tokens: Tokens, base: string): readonly object[] {
  const creative = ad.shown?.creative;
  const file = creative?.media.find((each) => isHls(each) && webUrl(each.url) !== null);
  if (!creative || !file) return [];
  const { registry, value } = creative.universalAdId ?? { registry: 'unknown', value: creative.id };
  const slot = {
    type: 'linear',
    start: 0,
    duration: ad.duration_seconds,
    identifiers: [{ scheme: registry, value }],
    ...(creative.skipAfterSeconds === undefined ? {} : { skipOffset: creative.skipAfterSeconds }),
    ...clickThroughOf(creative),
    tracking: trackingOf(ad, creative, tokens, base),
    ...verificationsOf(creative),
  };
  return [
    {
      URI: webUrl(file.url),
      DURATION: ad.duration_seconds,
      'X-AD-CREATIVE-SIGNALING': { version: 2, type: 'slot', payload: [slot] },
    },
  ];
}

function clickThroughOf({ clickThrough }: Creative): { readonly clickThrough?: string } {
  const url = clickThrough === null ? null : webUrl(clickThrough);
  return url === null ? {} : { clickThrough: url };
}

function trackingOf(ad: DraftSpare, creative: Creative, tokens: Tokens, base: string): readonly Tracking[] {
  const { begin, mac } = tokens.signAll(ad.facts);
  const offsetOf = (event: BeaconEvent) => {
    const part = quartiles[event];
    return part === undefined ? {} : { offset: part * ad.duration_seconds };
  };
  const found = told.map((event) => ({
    type: event,
    ...offsetOf(event),
    urls: [`${base}/api/v2/beacons/${event}?t=${begin}${mac(beaconEvents.indexOf(event))}${macrosOf(event)}`],
  }));
  if (creative.clickThrough !== null) {
    const url = `${base}/api/v2/beacons/click?t=${begin}${mac(beaconEvents.indexOf('click'))}${clickPixel}`;
    found.push({ type: 'click', urls: [url] } as (typeof found)[number]);
  }
  for (const { event, url: given, offsetSeconds } of creative.trackers ?? []) {
    const url = webUrl(given);
    if (url === null) continue;
    const known = event === 'progress' ? undefined : found.find(({ type }) => type === event);
    if (known) known.urls.push(url);
    else
      found.push({
        type: event,
        ...(offsetSeconds === undefined ? {} : { offset: offsetSeconds }),
        urls: [url],
      } as never);
  }
  return found;
}

function verificationsOf({ verifications }: Creative): object {
  if (!verifications) return {};
  const known = verifications.flatMap(({ vendor, url, parameters }) => {
    const resource = webUrl(url);
    return resource === null
      ? []
      : [{ vendor, resource, apiFramework: 'omid', ...(parameters === undefined ? {} : { parameters }) }];
  });
  return known.length === 0 ? {} : { verifications: known };
}
