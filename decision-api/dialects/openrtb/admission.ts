import { type Campaign, placeOf } from '../../../domain/campaign.ts';
import type { Creative, MediaFile, Place } from '../../../domain/creative.ts';
import { podMaxOf } from '../../../domain/frequency/cap-set.ts';
import { conflict } from '../../../domain/separation.ts';
import type { Reason } from '../../reasons.ts';
import { type Admission, isHls, playableOf, vastFiles } from '../dialect.ts';
import { attributesOf, blockedBy, domainsOf, plainDomain } from './blocked.ts';
import { protocolFor } from './protocols.ts';
import type { BidRequest, Imp, Video } from './request.ts';

/** A CPM is told to so many parts of a dollar. */
export const MILLIONTHS = 1_000_000;

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
  const isBlocked = blockedBy(request);
  return {
    admits: (one, campaign) =>
      vast.admits(one, campaign) ??
      (isBlocked(one.creative, campaign) ? 'blocked_by_seller' : null) ??
      formatReason(one.creative, imp, video) ??
      (isPlaceable(placeOf(one.creative, campaign), video) ? null : 'not_playable') ??
      (taken.some((ad) => repeats(ad, one.creative, campaign, video.poddedupe)) ? 'duplicate' : null) ??
      (isFull(campaign, taken, video) ? 'cap_reached' : null),
    clears: (campaign, valueMicros, durationSeconds) =>
      bidMicros(campaign, valueMicros) >= floorMicros(imp, video, durationSeconds),
  };
}

/** What an impression is bid at, in micros: a CPM campaign's own price, else what it is expected to be worth. A house ad: nothing. */
export function bidMicros({ tier, pricing }: Pick<Campaign, 'tier' | 'pricing'>, valueMicros: number): number {
  if (tier === 'house') return 0;
  return pricing.model === 'cpm' ? pricing.priceMicros : valueMicros;
}

/**
 * A CPM in dollars is so many thousandths of a dollar an impression. Floors by length come before the one of the impression; 0 for a
 * second is no floor.
 */
function floorMicros({ bidfloor }: Imp, { mincpmpersec, durfloors = [] }: Video, seconds: number): number {
  const byLength = durfloors.flatMap(({ mindur = 0, maxdur = Number.POSITIVE_INFINITY, bidfloor: floor }) =>
    floor !== undefined && seconds >= mindur && seconds <= maxdur ? [floor] : [],
  );
  if (mincpmpersec) byLength.push(mincpmpersec * seconds);
  const cpm = byLength.length > 0 ? Math.max(...byLength) : (bidfloor ?? 0);
  // In the grain of a bid's price: 16.1 dollars times 1,000 are a little more than 16,100.
  return Math.max(1, Math.round(cpm * MILLIONTHS) / 1_000);
}

function formatReason(creative: Creative, { secure }: Imp, video: Video): Reason | null {
  const wrapper = creative.vastTagUrl !== undefined;
  const { protocols, battr, skip } = video;
  if (protocolFor(protocols, wrapper) === null) return 'not_playable';
  if (!wrapper && !creative.media.some((file) => isWanted(file, video))) return 'not_playable';
  if (secure === 1 && !playableOf(creative).secure) return 'not_playable';
  if (battr?.length && attributesOf(creative).some((attribute) => battr.includes(attribute)))
    return 'blocked_by_seller';
  if (skip === 0 && creative.skipAfterSeconds !== undefined) return 'blocked_by_seller';
  return isLengthAllowed(creative.durationSeconds, video) ? null : 'length_not_allowed';
}

/**
 * Whether an ad that may stand in one place only stands there. In a dynamic pod the bid asks for it; of the slots of a structured one
 * it takes the one that is promised to be it; alone it is first and last, unless the seller says which.
 */
function isPlaceable(place: Place | null, { podid, poddur, slotinpod }: Video): boolean {
  if (place === null || poddur !== undefined) return true;
  const [own, other] = place === 'first' ? [1, -1] : [-1, 1];
  return podid === undefined ? slotinpod !== other : slotinpod === own;
}

/** A bit rate that nobody states is taken as one that fits. */
function isWanted(file: MediaFile, { mimes, minbitrate = 0, maxbitrate }: Video): boolean {
  if (mimes?.length && !mimes.some((mime) => isSameType(mime, file.type))) return false;
  const least = file.minBitrateKbps ?? file.bitrateKbps ?? maxbitrate ?? 0;
  const most = file.maxBitrateKbps ?? file.bitrateKbps ?? minbitrate;
  return most >= minbitrate && least <= (maxbitrate || Number.POSITIVE_INFINITY);
}

/** HLS has two names. */
function isSameType(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase() || (isHls({ type: one }) && isHls({ type: other }));
}

/** Exact lengths stand instead of shortest and longest. */
function isLengthAllowed(seconds: number, { rqddurs, minduration = 0, maxduration, poddur }: Video): boolean {
  if (rqddurs?.length) return rqddurs.includes(seconds);
  return seconds >= minduration && seconds <= (maxduration || poddur || Number.POSITIVE_INFINITY);
}

/** 1 advertiser domain, 2 category, 3 creative, 4 media file, 5 nothing; unsaid: advertiser, competitors and creative, as in our own pods. */
function repeats(ad: Taken, creative: Creative, campaign: Campaign, dedupe: readonly number[] | undefined): boolean {
  if (ad.creative.id === creative.id) return !dedupe?.includes(5);
  if (!dedupe?.length)
    return ad.campaign.advertiserId === campaign.advertiserId || conflict(ad.campaign.categories, campaign.categories);
  if (dedupe.includes(5)) return false;
  const files = new Set(ad.creative.media.map(({ url }) => url));
  return (
    (dedupe.includes(1) && shareDomain(ad.creative, creative)) ||
    (dedupe.includes(2) &&
      (ad.creative.adCategories?.ids ?? []).some((id) => creative.adCategories?.ids.includes(id))) ||
    (dedupe.includes(4) && creative.media.some(({ url }) => files.has(url)))
  );
}

/**
 * Each slot is decided alone, so a cap on the pod is kept here: whatever the seller allows, it is the advertiser's. The dynamic part of
 * a hybrid pod may hold as many as the cap says, so beside slots it holds none.
 */
function isFull({ id, caps }: Campaign, taken: readonly Taken[], { poddur }: Video): boolean {
  const most = podMaxOf(caps);
  if (most === null) return false;
  const before = taken.filter(({ campaign }) => campaign.id === id).length;
  return before >= (poddur === undefined ? most : Math.min(1, most));
}

function shareDomain(one: Creative, other: Creative): boolean {
  const theirs = domainsOf(other).map(plainDomain);
  return domainsOf(one).some((domain) => theirs.includes(plainDomain(domain)));
}
