import type { Creative } from '../../../domain/creative.ts';
import { type BeaconEvent, type BreakEvent, beaconEvents, type Tokens } from '../../beacons/tokens.ts';
import type { Draft, DraftSpare } from '../../draft.ts';
import { type AdStyle, adTemplate } from './ad.ts';
import type { Template } from './slots.ts';
import { atLeast } from './versions.ts';

const NAMESPACE = 'http://www.iab.com/VAST';

/** Templates by creative: a new version of a campaign brings new creatives, so that nothing stale is kept. */
const written = new WeakMap<Creative, Map<string, Template>>();

function templateFor(ad: DraftSpare, style: AdStyle): Template {
  const { shown } = ad;
  if (!shown) throw new Error(`ad ${ad.ad_id} was drafted for JSON alone`);
  const key = `${style.version} ${style.priced ? 1 : 0}${style.notUsed ? 1 : 0} ${style.base}`;
  const templates = written.get(shown.creative) ?? new Map<string, Template>();
  const known = templates.get(key);
  if (known) return known;
  const template = adTemplate(shown, style);
  templates.set(key, template);
  written.set(shown.creative, templates);
  return template;
}

/**
 * A pod as VAST: its ads in order with a sequence, backups behind them without one (a player takes them for those that fail); an empty one with
 * the URL that is told so.
 * `now`: epoch ms, from which it is told how long an ad may be kept before it is played.
 */
export function vastDocument(draft: Draft, tokens: Tokens, style: AdStyle, now: number): string {
  const open = atLeast(style.version, '4.0')
    ? `<VAST version="${style.version}" xmlns="${NAMESPACE}">`
    : `<VAST version="${style.version}">`;
  const sequenced = atLeast(style.version, '3.0');
  const expires = (ad: DraftSpare) => String(Math.max(0, Math.floor(((ad.shown?.expiresAt ?? now) - now) / 1000)));
  let ads = '';
  for (const ad of draft.pod.ads) {
    ads += adText(ad, sequenced ? ` sequence="${ad.position}"` : '', expires(ad), tokens, style);
  }
  // 2.0 has no sequence by which a spare could be told from an ad of the pod.
  if (sequenced) for (const ad of draft.backups ?? []) ads += adText(ad, '', expires(ad), tokens, style);
  // Before 4.0 the schemas have no place for it.
  if (ads === '' && atLeast(style.version, '4.0'))
    ads = `<Error><![CDATA[${breakUrl(draft.request_id, 'breakError', tokens, style.base)}]]></Error>`;
  return `${open}${ads}</VAST>`;
}

/** The tracking URL of an event of a break, by the id of its request. */
export function breakUrl(requestId: string, event: BreakEvent, tokens: Tokens, base: string): string {
  const code = event === 'breakError' ? '&code=[ERRORCODE]' : '';
  return `${base}/api/v2/beacons/${event}?t=${tokens.signBreak(event, requestId)}&cb=[CACHEBUSTING]${code}`;
}

export const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>';

function adText(ad: DraftSpare, sequence: string, expires: string, tokens: Tokens, style: AdStyle): string {
  const { texts, holes } = templateFor(ad, style);
  const { begin, mac } = tokens.signAll(ad.facts);
  let text = texts[0] ?? '';
  for (let at = 0; at < holes.length; at++) {
    const hole = holes[at];
    if (typeof hole === 'number') text += begin + mac(hole);
    else text += hole === 'ad' ? ad.ad_id : hole === 'sequence' ? sequence : expires;
    text += texts[at + 1];
  }
  return text;
}

/** The tracking URL of one event of an ad. */
export function beaconUrl(ad: DraftSpare, event: BeaconEvent, tokens: Tokens, base: string, macros: string): string {
  const { begin, mac } = tokens.signAll(ad.facts);
  return `${base}/api/v2/beacons/${event}?t=${begin}${mac(beaconEvents.indexOf(event))}${macros}`;
}
