import type { Campaign, FrequencyCap } from '../../domain/campaign.ts';
import { type Creative, isShowable, type MediaFile, type Tracker } from '../../domain/creative.ts';
import { podMaxOf } from '../../domain/frequency/cap-set.ts';
import { isLifetime } from '../../domain/frequency/frequency.ts';
import type { CandidateMemo } from '../../domain/pods/pod.ts';
import { kindOfCreative } from '../../domain/scoring/rotation.ts';
import { flatten } from '../../domain/separation-stream.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { bytesOfUuids } from '../../schemas/uuid.ts';
import { carries, type Feature } from '../asking/features.ts';
import { needsMoney } from '../holding/purse.ts';
import { capsOf } from '../holding/reserver.ts';

/** What follows from a campaign's document alone. It is found out once for each version, not once for each request. */
export interface CampaignFacts {
  readonly campaign: Campaign;
  readonly carried: readonly Feature[];
  /** Those that can be shown. */
  readonly creatives: readonly CreativeFacts[];
  /** Somebody's record counts its views. */
  readonly counted: boolean;
  readonly streamCaps: readonly FrequencyCap[];
  readonly needsMoney: boolean;
  readonly forLife: boolean;
  readonly podMax: number | null;
  /** Ids of its categories, and of all above them. */
  readonly categories: readonly string[];
  readonly ancestors: readonly string[];
  /** Null: no two of its creatives could take each other's place. */
  readonly rotation: RotationFacts | null;
}

export interface RotationFacts {
  /** One of its creatives has a weight. */
  readonly weighted: boolean;
  /** 32 bits of the campaign's id. */
  readonly hash: number;
}

export interface CreativeFacts {
  readonly creative: Creative;
  /** The caps that an ad of it has to keep. */
  readonly caps: readonly FrequencyCap[];
  readonly mediaUrls: readonly string[];
  /** Its files, as an answer tells them. */
  readonly media: readonly object[];
  /** Its part of an answer, as members of a JSON object. */
  readonly told: string;
  readonly memo: CandidateMemo;
  /** Equal: they could take each other's place. */
  readonly kind: number;
  /** How a candidate's record begins: the ids of campaign and creative. */
  readonly ids: Buffer;
}

export function factsOf(campaign: Campaign): CampaignFacts {
  const { caps } = campaign;
  const shown = campaign.creatives.filter(isShowable);
  return {
    campaign,
    carried: carries(campaign),
    creatives: shown.map((creative) => creativeFacts(campaign, creative)),
    counted: caps.some(({ scope }) => scope !== 'pod'),
    streamCaps: caps.filter(({ scope }) => scope === 'stream'),
    needsMoney: needsMoney(campaign),
    forLife: caps.some(isLifetime),
    podMax: podMaxOf(caps),
    rotation: rotationOf(campaign.id, shown),
    ...flatten(campaign.categories),
  };
}

function rotationOf(campaignId: string, shown: readonly Creative[]): RotationFacts | null {
  if (new Set(shown.map(kindOfCreative)).size === shown.length) return null;
  return { weighted: shown.some(({ weight }) => weight !== undefined), hash: hashOf(campaignId) };
}

/** 32 bits of an id. */
export function hashOf(id: string): number {
  return partitionOf(id, 2 ** 32);
}

function creativeFacts(campaign: Campaign, creative: Creative): CreativeFacts {
  const { id, durationSeconds, media, clickThrough, trackers = [] } = creative;
  const told = {
    campaign_id: campaign.id,
    creative_id: id,
    advertiser_id: campaign.advertiserId,
    duration_seconds: durationSeconds,
    media: media.map(shownFile),
    click_through: clickThrough,
    ...(trackers.length === 0 ? {} : { trackers: trackers.map(shownTracker) }),
  };
  return {
    creative,
    caps: capsOf(campaign.caps, id),
    mediaUrls: filesOf(creative),
    media: told.media,
    told: JSON.stringify(told).slice(1, -1),
    memo: { places: null },
    kind: kindOfCreative(creative),
    ids: bytesOfUuids([campaign.id, id]),
  };
}

/** One that has no file of its own, but a tag, is like no other. */
export function filesOf({ id, media }: Creative): readonly string[] {
  return media.length === 0 ? [id] : [...new Set(media.map(({ url }) => url))].sort();
}

function shownTracker({ offsetSeconds, ...tracker }: Tracker): object {
  return offsetSeconds === undefined ? tracker : { ...tracker, offset_seconds: offsetSeconds };
}

function shownFile({ bitrateKbps, minBitrateKbps, maxBitrateKbps, ...file }: MediaFile): object {
  return {
    ...file,
    bitrate_kbps: bitrateKbps,
    ...(minBitrateKbps === undefined ? {} : { min_bitrate_kbps: minBitrateKbps }),
    ...(maxBitrateKbps === undefined ? {} : { max_bitrate_kbps: maxBitrateKbps }),
  };
}
