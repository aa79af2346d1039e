import type { Campaign } from '../../../domain/campaign.ts';
import type { Creative } from '../../../domain/creative.ts';
import { conflict } from '../../../domain/separation.ts';
import type { Reason } from '../../reasons.ts';
import { type Admission, playableOf, vastFiles } from '../dialect.ts';
import { protocolFor } from './protocols.ts';
import type { BidRequest, Imp, Video } from './request.ts';

/** An ad that a pod of the request has already. */
export interface Taken {
  readonly campaign: Campaign;
  readonly creative: Creative;
}

/** What the seller allows in an impression, beside what its pod holds already. */
export function admissionFor(
  request: BidRequest,
  { imp, video }: { readonly imp: Imp; readonly video: Video },
  taken: readonly Taken[],
  base: string,
): Admission {
  const vast = vastFiles(base, 0);
  return {
    admits: (creative, campaign) =>
      vast.admits(creative, campaign) ??
      sellersReason(creative, campaign, request) ??
      formatReason(creative, imp, video) ??
      (taken.some((ad) => repeats(ad, creative, campaign, video.poddedupe)) ? 'duplicate' : null),
    clears: (campaign, valueMicros, durationSeconds) =>
      bidMicros(campaign, valueMicros) >= floorMicros(imp, video, durationSeconds),
  };
}

/** What an impression is bid at, in micros: a CPM campaign's own price, else what it is expected to be worth. A house ad: nothing. */
export function bidMicros({ tier, pricing }: Pick<Campaign, 'tier' | 'pricing'>, valueMicros: number): number {
  if (tier === 'house') return 0;
  return pricing.model === 'cpm' ? pricing.priceMicros : valueMicros;
}

/** A CPM in dollars is so many thousandths of a dollar an impression. The floor by the second comes before the one of the impression. */
function floorMicros({ bidfloor }: Imp, { mincpmpersec }: Video, seconds: number): number {
  const cpm = mincpmpersec === undefined ? (bidfloor ?? 0) : mincpmpersec * seconds;
  return Math.max(1, cpm * 1_000);
}

function sellersReason(creative: Creative, campaign: Campaign, { bcat, cattax = 1, badv }: BidRequest): Reason | null {
  if (badv?.length) {
    const blocked = badv.map((domain) => domain.toLowerCase());
    const ours = domainsOf(creative);
    if (ours.some((own) => blocked.some((domain) => own === domain || own.endsWith(`.${domain}`)))) {
      return 'blocked_by_seller';
    }
  }
  if (!bcat?.length) return null;
  const { adCategories } = creative;
  const own = adCategories?.taxonomy === cattax ? adCategories.ids : [];
  // The ids of our own tree are the published ones of ad products, with all that is above them.
  const product =
    cattax === 3 || cattax === 8 ? campaign.categories.flatMap(({ id, ancestors }) => [id, ...ancestors]) : [];
  return [...own, ...product].some((id) => bcat.some((blocked) => id === blocked || id.startsWith(`${blocked}-`)))
    ? 'blocked_by_seller'
    : null;
}

/** The advertiser's domains: as they were given, else where a click leads. */
export function domainsOf({ domains, clickThrough }: Creative): readonly string[] {
  if (domains?.length) return domains;
  const host = clickThrough === null ? undefined : URL.parse(clickThrough)?.hostname;
  return host ? [host.replace(/^www\./, '')] : [];
}

function formatReason(creative: Creative, { secure }: Imp, video: Video): Reason | null {
  const wrapper = creative.vastTagUrl !== undefined;
  const { mimes, protocols, battr, skip, minduration = 0, maxduration, rqddurs, poddur, slotinpod } = video;
  if (protocolFor(protocols, wrapper) === null) return 'not_playable';
  const wanted = mimes?.map((mime) => mime.toLowerCase());
  if (!wrapper && wanted?.length && !creative.media.some(({ type }) => wanted.includes(type.toLowerCase()))) {
    return 'not_playable';
  }
  const urls = wrapper ? [playableOf(creative).tag ?? ''] : creative.media.map(({ url }) => url);
  if (secure === 1 && !urls.every((url) => url.startsWith('https:'))) return 'not_playable';
  if (battr?.some((attribute) => creative.attributes?.includes(attribute))) return 'blocked_by_seller';
  if (skip === 0 && creative.skipAfterSeconds !== undefined) return 'blocked_by_seller';
  if (rqddurs?.length) return null;
  const longest = maxduration || poddur || Number.POSITIVE_INFINITY;
  if (creative.durationSeconds < minduration || creative.durationSeconds > longest) return 'length_not_allowed';
  if (poddur === undefined && slotinpod === 1 && creative.place === 'last') return 'not_playable';
  return poddur === undefined && slotinpod === -1 && creative.place === 'first' ? 'not_playable' : null;
}

/** 1 advertiser domain, 2 category, 3 creative, 4 media file, 5 nothing; unsaid: advertiser, competitors and creative, as in our own pods. */
function repeats(ad: Taken, creative: Creative, campaign: Campaign, dedupe: readonly number[] | undefined): boolean {
  if (ad.creative.id === creative.id) return !dedupe?.includes(5);
  if (!dedupe?.length)
    return ad.campaign.advertiserId === campaign.advertiserId || conflict(ad.campaign.categories, campaign.categories);
  if (dedupe.includes(5)) return false;
  const files = new Set(ad.creative.media.map(({ url }) => url));
  return (
    (dedupe.includes(1) && domainsOf(ad.creative).some((domain) => domainsOf(creative).includes(domain))) ||
    (dedupe.includes(2) &&
      (ad.creative.adCategories?.ids ?? []).some((id) => creative.adCategories?.ids.includes(id))) ||
    (dedupe.includes(4) && creative.media.some(({ url }) => files.has(url)))
  );
}
