import { XMLParser } from 'fast-xml-parser';
import type { SeenAd } from './calls.ts';
import { readToken } from './read-token.ts';

/** An element: `@name` are its attributes, `#text` what stands in it, all else its children. */
type Element = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
});

/** A pod as a document tells it: position and start are 0 for what stands behind it. */
export interface SeenPod {
  readonly ads: readonly SeenAd[];
  readonly backups: readonly SeenAd[];
}

/** The pod of a VAST document; null: the text is none. */
export function podOfVast(text: string): SeenPod | null {
  const vast = rootOf(text, 'VAST');
  return vast && podOf(vast);
}

/** The pods of a VMAP document, in its order; null: the text is none. */
export function podsOfVmap(text: string): readonly SeenPod[] | null {
  const vmap = rootOf(text, 'VMAP');
  if (!vmap) return null;
  return listOf(vmap.AdBreak).map((each) => {
    const data = child(child(each, 'AdSource'), 'VASTAdData');
    return podOf(child(data, 'VAST'));
  });
}

function rootOf(text: string, name: string): Element | null {
  try {
    const root = parser.parse(text, true) as Element;
    return name in root ? child(root, name) : null;
  } catch {
    return null;
  }
}

function podOf(vast: Element): SeenPod {
  const ads = listOf(vast.Ad);
  const sequenced = Number(vast['@version']) >= 3;
  const inPod = ads.filter((ad) => !sequenced || ad['@sequence'] !== undefined);
  let start = 0;
  const seen = inPod.map((ad, at) => {
    const one = adOf(ad, sequenced ? Number(ad['@sequence']) : at + 1, start);
    start += one.duration_seconds;
    return one;
  });
  return { ads: seen, backups: ads.filter((ad) => !inPod.includes(ad)).map((ad) => adOf(ad, 0, 0)) };
}

/** VAST names neither campaign nor advertiser: those stand in what was signed. */
function adOf(ad: Element, position: number, start_seconds: number): SeenAd {
  const inline = child(ad, 'InLine');
  const creative = listOf(child(inline, 'Creatives').Creative).find((each) => each.Linear !== undefined) ?? {};
  const linear = child(creative, 'Linear');
  const tracking = ours([
    ...textsOf(inline.Impression).map((url) => ['impression', url] as const),
    ...textsOf(inline.Error).map((url) => ['error', url] as const),
    ...textsOf(child(linear, 'VideoClicks').ClickTracking).map((url) => ['click', url] as const),
    ...listOf(child(linear, 'TrackingEvents').Tracking).map((each) => [String(each['@event']), textOf(each)] as const),
  ]);
  const token = readToken(tracking.impression ?? '');
  return {
    ad_id: String(ad['@id'] ?? ''),
    campaign_id: token?.campaign ?? '',
    creative_id: String(creative['@id'] ?? ''),
    advertiser_id: token?.advertiser ?? '',
    position,
    start_seconds,
    duration_seconds: secondsOf(textOf(linear.Duration)),
    tracking,
  };
}

/** Tracking URLs of ours: a third party's carry no facts. */
export function ours(urls: readonly (readonly [event: string, url: string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(urls.filter(([, url]) => url.includes('/api/v2/beacons/')));
}

function secondsOf(text: string): number {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d)/.exec(text) ?? [];
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
}

function child(element: Element, name: string): Element {
  const found = element[name];
  return typeof found === 'object' && found !== null ? (found as Element) : {};
}

function listOf(value: unknown): readonly Element[] {
  if (value === undefined || value === '') return [];
  const list = Array.isArray(value) ? value : [value];
  return list.map((each) => (typeof each === 'string' ? { '#text': each } : (each as Element)));
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(textOf);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'object' && value !== null ? String((value as Element)['#text'] ?? '').trim() : '';
}
