import { XMLParser } from 'fast-xml-parser';
import type { ServedAd, ServedBreak, ServedPod } from './call.ts';

/** What the parser makes of an element: its text, or its children, with attributes under `@name`. */
export type Node = Readonly<Record<string, unknown>>;

const many = new Set([
  ...['Ad', 'AdBreak', 'ClickTracking', 'Creative', 'Error', 'Extension', 'Impression', 'MediaFile', 'Tracking'],
  ...['Viewable', 'ViewableImpression'],
]);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name) => many.has(name),
});

/** The document's elements; null where it is no XML. */
export function parseXml(text: string): Node | null {
  try {
    return nodeOf(parser.parse(text, true));
  } catch {
    return null;
  }
}

/** VAST of any version: ads with a sequence in its order, those without one to stand in for what fails. Null: it is none. */
export function readVast(text: string): ServedPod | null {
  const root = parseXml(text);
  return root && 'VAST' in root ? podOf(nodeOf(root.VAST)) : null;
}

/** VMAP: each break with the document inside of it. Null: it is none. */
export function readVmap(text: string, contentSeconds: number): readonly ServedBreak[] | null {
  const root = parseXml(text);
  if (!root || !('VMAP' in root)) return null;
  const breaks: ServedBreak[] = [];
  for (const each of nodesOf(nodeOf(root.VMAP).AdBreak)) {
    const source = nodeOf(each.AdSource);
    // What is to be asked for later is over before it would be.
    if ('AdTagURI' in source) continue;
    const pod = podOf(nodeOf(nodeOf(source.VASTAdData).VAST));
    if (pod === null) return null;
    const tracking: Record<string, string[]> = {};
    for (const one of nodesOf(nodeOf(each.TrackingEvents).Tracking)) tracking[String(one['@event'])] = textsOf(one);
    breaks.push({ atSeconds: secondsOf(String(each['@timeOffset']), contentSeconds), pod, tracking });
  }
  return breaks;
}

function podOf(vast: Node): ServedPod | null {
  if (typeof vast['@version'] !== 'string') return null;
  const read = nodesOf(vast.Ad).map((ad) => ({ ad: adOf(ad), sequence: Number(ad['@sequence'] ?? Number.NaN) }));
  if (read.some(({ ad }) => ad === null)) return null;
  // Version 2.0 has no sequence: its ads are the pod as they stand.
  const plain = Number(vast['@version']) < 3;
  const pod = plain ? read : read.filter(({ sequence }) => sequence > 0).sort((a, b) => a.sequence - b.sequence);
  const spares = plain ? [] : read.filter(({ sequence }) => !(sequence > 0));
  const ads = inTurn(pod.flatMap(({ ad }) => ad ?? []));
  return {
    filled_seconds: ads.reduce((sum, ad) => sum + ad.duration_seconds, 0),
    ads,
    backups: spares.flatMap(({ ad }) => ad ?? []),
    errorUrls: textsOf(vast.Error),
  };
}

/** One ad behind the other, from the pod's beginning. */
export function inTurn(ads: readonly Omit<ServedAd, 'start_seconds'>[]): readonly ServedAd[] {
  let start = 0;
  return ads.map((ad) => {
    const placed = { ...ad, start_seconds: start };
    start += ad.duration_seconds;
    return placed;
  });
}

/** How long a viewer must have seen it before it counts as viewed. */
const VIEWABLE_SECONDS = 2;

/** Null: nothing that could be shown or told of. */
function adOf(ad: Node): Omit<ServedAd, 'start_seconds'> | null {
  const inner = nodeOf(ad.InLine ?? ad.Wrapper);
  const creative = nodesOf(nodeOf(inner.Creatives).Creative).find((each) => each.Linear !== undefined);
  if (typeof ad['@id'] !== 'string' || creative === undefined) return null;
  const linear = nodeOf(creative.Linear);
  const playable = nodesOf(nodeOf(linear.MediaFiles).MediaFile).length > 0;
  const tracking: Record<string, string[]> = {};
  const told: { event: string; atSeconds: number }[] = [];
  const put = (event: string, urls: readonly string[]) => {
    if (urls.length > 0) tracking[event] = [...(tracking[event] ?? []), ...urls];
  };
  put('impression', textsOf(inner.Impression));
  put('error', textsOf(inner.Error));
  put('click', textsOf(nodeOf(linear.VideoClicks).ClickTracking));
  put(
    'viewable',
    nodesOf(inner.ViewableImpression).flatMap(({ Viewable }) => textsOf(Viewable)),
  );
  if (tracking.viewable) told.push({ event: 'viewable', atSeconds: VIEWABLE_SECONDS });
  for (const each of nodesOf(nodeOf(linear.TrackingEvents).Tracking)) {
    const event = String(each['@event']);
    put(event, textsOf(each));
    if (event === 'creativeView') told.push({ event, atSeconds: 0 });
    if (event === 'progress') told.push({ event, atSeconds: clockSeconds(String(each['@offset'])) });
  }
  for (const each of nodesOf(nodeOf(inner.Extensions).Extension)) {
    if (each['@type'] === 'notUsed') put('notUsed', nodesOf(each.Tracking).flatMap(textsOf));
  }
  return {
    ad_id: ad['@id'],
    creative_id: String(creative['@id'] ?? creative['@AdID'] ?? ''),
    duration_seconds: playable ? clockSeconds(textOf(linear.Duration)) : 0,
    tracking,
    told,
    playable,
    lossUrl: null,
  };
}

/** HH:MM:SS[.mmm] in seconds. */
function clockSeconds(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

/** Where a break stands; -1 where nobody can say. */
function secondsOf(offset: string, contentSeconds: number): number {
  if (offset === 'start') return 0;
  if (offset === 'end') return contentSeconds;
  if (offset.endsWith('%')) return (contentSeconds * Number(offset.slice(0, -1))) / 100;
  return /^\d\d:/.test(offset) ? clockSeconds(offset) : -1;
}

function nodeOf(value: unknown): Node {
  return typeof value === 'object' && value !== null ? (value as Node) : {};
}

function nodesOf(value: unknown): readonly Node[] {
  return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(asNode);
}

function asNode(value: unknown): Node {
  return typeof value === 'string' ? { '#text': value } : nodeOf(value);
}

function textsOf(value: unknown): string[] {
  return nodesOf(value).flatMap((node) => {
    const text = textOf(node);
    return text === '' ? [] : [text];
  });
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : nodeOf(value)['#text'];
  return typeof text === 'string' ? text.trim() : '';
}
