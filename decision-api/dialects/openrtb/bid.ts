import type { Creative } from '../../../domain/creative.ts';
import type { Tokens } from '../../beacons/tokens.ts';
import type { Draft, DraftAd } from '../../draft.ts';
import { beaconUrl, vastDocument, xmlHead } from '../vast/document.ts';
import { atLeast } from '../vast/versions.ts';
import { bidMicros, MILLIONTHS } from './admission.ts';
import { attributesOf, domainsOf } from './blocked.ts';
import type { PodWanted } from './pods.ts';
import { protocolFor } from './protocols.ts';

/** The macro is the exchange's to fill in: why the bid was lost, as a number of OpenRTB's list. */
const LOSS = `&code=$\{AUCTION_LOSS}`;

/** One ad of a decided pod as a bid, told again as it was told first: billed by the impression of its VAST, given back by `lurl` or after `exp` seconds. */
export function bidOf(
  ad: DraftAd,
  draft: Draft,
  { imp, video, dynamic }: PodWanted,
  { tokens, base, now }: { readonly tokens: Tokens; readonly base: string; readonly now: number },
): object | null {
  const { shown } = ad;
  const spoken = shown && protocolFor(video.protocols, shown.creative.vastTagUrl !== undefined);
  if (!shown || !spoken) return null;
  const { creative } = shown;
  const style = { version: spoken.version, base, priced: false, notUsed: false };
  // Alone in its document, an ad has no place in a sequence.
  const alone =
    spoken.version === '2.0'
      ? { ...draft, pod: { ...draft.pod, ads: [ad] } }
      : { ...draft, pod: { ...draft.pod, ads: [] }, backups: [ad] };
  const [file] = creative.media;
  const { adCategories } = creative;
  const attr = attributesOf(creative, atLeast(spoken.version, '3.0'));
  const { place } = shown;
  return {
    id: ad.ad_id,
    impid: imp.id,
    price: Math.round(bidMicros(shown, shown.valueMicros) * 1_000) / MILLIONTHS,
    adid: creative.id,
    adm: xmlHead + vastDocument(alone, tokens, style, now),
    adomain: domainsOf(creative),
    cid: ad.campaign_id,
    crid: creative.id,
    ...(adCategories ? { cat: adCategories.ids, cattax: adCategories.taxonomy } : {}),
    ...(attr.length > 0 ? { attr } : {}),
    ...languageOf(creative),
    ...(file ? { w: file.width, h: file.height } : {}),
    protocol: spoken.protocol,
    mtype: 2,
    dur: ad.duration_seconds,
    ...(dynamic && place !== null ? { slotinpod: place === 'first' ? 1 : -1 } : {}),
    exp: Math.max(0, Math.floor((shown.expiresAt - now) / 1_000)),
    lurl: beaconUrl(ad, 'notUsed', tokens, base, LOSS),
  };
}

/** Two letters are ISO 639-1; anything else, such as `en-US`, is BCP 47 (2.6, 4.2.3: one of the two). */
function languageOf({ language }: Creative): object {
  if (!language) return {};
  return /^[a-z]{2}$/i.test(language) ? { language } : { langb: language };
}
