import {
  type Campaign,
  type CampaignCategory,
  type CapScope,
  type FrequencyCap,
  placeOf,
  type Tier,
} from '../../domain/campaign.ts';
import { type Creative, isShowable, type MediaFile, type Place, type Tracker } from '../../domain/creative.ts';
import { podMaxOf } from '../../domain/frequency/cap-set.ts';
import { isLifetime } from '../../domain/frequency/frequency.ts';
import type { Pricing } from '../../domain/money.ts';
import type { CandidateMemo } from '../../domain/pods/pod.ts';
import { kindOfCreative } from '../../domain/scoring/rotation.ts';
import { flatValue } from '../../domain/scoring/score.ts';
import { flatten } from '../../domain/separation-stream.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { bytesOfUuids } from '../../schemas/uuid.ts';
import { carries, type Feature } from '../asking/features.ts';
import { needsMoney } from '../holding/purse.ts';
import { capsOf } from '../holding/reserver.ts';

/**
 * What follows from a campaign's document alone, found out once for each version and not once for each request. What every decision
 * asks of a campaign that matched stands here once more, side by side: the documents of a large catalog lie all over memory, and what
 * has to be fetched from there takes longer than what is done with it. The rest is found out when it is first asked for: most
 * campaigns never match anybody.
 */
export class CampaignFacts {
  readonly id: string;
  readonly active: boolean;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly needsMoney: boolean;
  /** Somebody's record counts its views. */
  readonly counted: boolean;
  /** It has a category, so others may compete with it. */
  readonly competes: boolean;
  /** A stream's record counts its views. */
  readonly streamed: boolean;
  readonly tier: Tier;
  readonly pricing: Pricing;
  readonly flatValueMicros: number;
  readonly podMax: number | null;
  readonly campaign: Campaign;
  readonly targeting: Campaign['targeting'];
  readonly timeZone: string;
  /** Undefined: not found out yet. */
  #first: CreativeFacts | null | undefined;
  #seldom: SeldomFacts | null = null;

  constructor(campaign: Campaign) {
    this.id = campaign.id;
    this.active = campaign.status === 'active';
    this.startsAt = campaign.startsAt;
    this.endsAt = campaign.endsAt;
    this.needsMoney = needsMoney(campaign);
    this.counted = campaign.caps.some(({ scope }) => scope !== 'pod');
    this.competes = campaign.categories.length > 0;
    this.streamed = campaign.caps.some(({ scope }) => scope === 'stream');
    this.tier = campaign.tier;
    this.pricing = campaign.pricing;
    this.flatValueMicros = flatValue(campaign);
    this.podMax = podMaxOf(campaign.caps);
    this.campaign = campaign;
    this.targeting = campaign.targeting;
    this.timeZone = campaign.timeZone;
  }

  /** The first of those that can be shown; null: there is none. */
  get first(): CreativeFacts | null {
    if (this.#first === undefined) {
      const shown = this.campaign.creatives.filter(isShowable);
      this.#first = shown.reduceRight<CreativeFacts | null>(
        (next, creative) => creativeFacts(this.campaign, creative, next),
        null,
      );
    }
    return this.#first;
  }

  get seldom(): SeldomFacts {
    this.#seldom ??= seldomFacts(this.campaign);
    return this.#seldom;
  }
}

/** What is asked of few campaigns that matched: of those that won, those with several creatives, those in a stream that has ads. */
export interface SeldomFacts {
  readonly carried: readonly Feature[];
  readonly streamCaps: readonly FrequencyCap[];
  readonly forLife: boolean;
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

/** A creative, and what the solver is told of it but for its worth. It is its own memo. */
export interface CreativeFacts extends CandidateMemo {
  readonly durationSeconds: number;
  readonly hasFiles: boolean;
  /** The scopes in which an ad of it has caps to keep, a bit for each; `sealed`: one of them allows nothing. */
  readonly cappedIn: number;
  readonly id: string;
  readonly advertiserId: string;
  readonly categories: readonly CampaignCategory[];
  /** The only place in a pod in which it may stand; null: any. */
  readonly place: Place | null;
  readonly creative: Creative;
  /** The caps that an ad of it has to keep. */
  readonly caps: readonly FrequencyCap[];
  readonly mediaUrls: readonly string[];
  /** Its files, as an answer tells them. */
  readonly media: readonly object[];
  /** Its part of an answer, as members of a JSON object. */
  readonly told: string;
  /** The campaign's next that can be shown: most have one alone, and no list to be fetched for it. */
  readonly next: CreativeFacts | null;
  /** Equal: they could take each other's place. */
  readonly kind: number;
  /** How a candidate's record begins: the ids of campaign and creative, a character for each byte. */
  readonly ids: string;
}

function seldomFacts(campaign: Campaign): SeldomFacts {
  const { caps } = campaign;
  return {
    carried: carries(campaign),
    streamCaps: caps.filter(({ scope }) => scope === 'stream'),
    forLife: caps.some(isLifetime),
    rotation: rotationOf(campaign.id, campaign.creatives.filter(isShowable)),
    ...flatten(campaign.categories),
  };
}

function rotationOf(campaignId: string, shown: readonly Creative[]): RotationFacts | null {
  if (new Set(shown.map(kindOfCreative)).size === shown.length) return null;
  return { weighted: shown.some(({ weight }) => weight !== undefined), hash: hashOf(campaignId) };
}

/** The bit of a scope in `cappedIn`; 0: a pod begins empty, and its cap is the solver's. */
export function scopeBit(scope: CapScope): number {
  return scope === 'pod' ? 0 : 1 << scopes.indexOf(scope);
}

const scopes: readonly CapScope[] = ['user', 'device', 'household', 'ip', 'stream'];
const sealed = 1 << scopes.length;

/** 32 bits of an id. */
export function hashOf(id: string): number {
  return partitionOf(id, 2 ** 32);
}

function creativeFacts(campaign: Campaign, creative: Creative, next: CreativeFacts | null): CreativeFacts {
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
  const caps = capsOf(campaign.caps, id);
  return {
    durationSeconds,
    hasFiles: media.length > 0,
    cappedIn: caps.reduce((bits, { scope, max }) => bits | scopeBit(scope) | (max < 1 ? sealed : 0), 0),
    id,
    advertiserId: campaign.advertiserId,
    categories: campaign.categories,
    place: placeOf(creative, campaign),
    creative,
    caps,
    mediaUrls: filesOf(creative),
    media: told.media,
    told: JSON.stringify(told).slice(1, -1),
    next,
    places: null,
    kind: kindOfCreative(creative),
    ids: bytesOfUuids([campaign.id, id]).toString('latin1'),
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
