import type { Campaign } from '../../domain/campaign.ts';
import type { Context } from '../../domain/request.ts';
import { type ContentTaxonomy, noTaxonomy, readAll } from '../../domain/targeting/content-taxonomy.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import type { AdRequest, RequestContext } from '../../schemas/records.ts';
import { carries } from '../asking/features.ts';
import { houseReader, type Reader } from '../asking/readers.ts';
import { type Outcome, outcomeOfAll } from '../reasons.ts';
import type { Explanation } from './explanation.ts';

/** What became of one campaign of the catalog in one decision. */
export interface ExplainedCampaign {
  readonly campaign_id: string;
  readonly name: string;
  /** `won`, `backup`, or the one reason why it is neither; `not_recorded` where the record is too short to say. */
  readonly outcome: Outcome | 'not_recorded';
  readonly detail: string | null;
  /** From 1; null: no ad of it is in the pod. */
  readonly position: number | null;
  readonly tier: string;
  readonly pricing: { readonly model: string; readonly price_micros: number };
  readonly caps: readonly {
    readonly scope: string;
    readonly creative_id: string | null;
    readonly window_seconds: number | null;
    readonly max: number;
  }[];
  readonly creatives: readonly {
    readonly creative_id: string;
    readonly duration_seconds: number;
    readonly outcome: string;
    readonly position: number | null;
    readonly value_micros: number;
    readonly mu_ppm: number;
    readonly score_micros: number;
    readonly pacing_signal: number | null;
    readonly score_signal: number | null;
  }[];
}

/** A campaign of another organisation than the reader's. */
type HiddenCampaign = Pick<ExplainedCampaign, 'campaign_id' | 'outcome'>;

/**
 * A decision, explained from its record and the catalog that it saw. The record names who was matched; who was not is matched again,
 * by the plain matcher and the context of the record, which says by which dimension. `taxonomy`: of the content, as it is now.
 * Of campaigns that are not the reader's it says only what became of them.
 */
export function explainRecord(
  record: AdRequest,
  catalog: readonly Campaign[],
  taxonomy: ContentTaxonomy = noTaxonomy,
  reader: Reader = houseReader,
): Explanation<ExplainedCampaign | HiddenCampaign> {
  const hidden = new Set(catalog.filter((each) => !reader.owns(each)).map(({ id }) => id));
  return { head: headOf(record, hidden), campaigns: campaignsOf(record, catalog, taxonomy, hidden) };
}

function* campaignsOf(
  record: AdRequest,
  catalog: readonly Campaign[],
  taxonomy: ContentTaxonomy,
  hidden: ReadonlySet<string>,
): Generator<ExplainedCampaign | HiddenCampaign> {
  const fallen = new Map(record.fallen.map((each) => [each.campaign, each]));
  const context = contextOf(record.context, record.received_at, taxonomy);
  const candidates = Map.groupBy(record.candidates, ({ campaign }) => campaign);
  const positions = new Map(record.ads.map((ad) => [ad.creative, ad.position]));
  for (const campaign of catalog) {
    const own = candidates.get(campaign.id) ?? [];
    const found = fallen.get(campaign.id) ?? best(own) ?? notEntered(campaign, record.features, context);
    const outcome = found.reason as Outcome | 'not_recorded';
    if (hidden.has(campaign.id)) {
      yield { campaign_id: campaign.id, outcome };
      continue;
    }
    yield {
      campaign_id: campaign.id,
      name: campaign.name,
      outcome,
      detail: found.detail,
      position: record.ads.find((ad) => ad.campaign === campaign.id)?.position ?? null,
      tier: campaign.tier,
      pricing: { model: campaign.pricing.model, price_micros: campaign.pricing.priceMicros },
      caps: campaign.caps.map(({ scope, creativeId, windowSeconds, max }) => ({
        scope,
        creative_id: creativeId,
        window_seconds: windowSeconds,
        max,
      })),
      creatives: own.map(({ campaign: _, creative, ...rest }) => ({
        creative_id: creative,
        ...rest,
        position: positions.get(creative) ?? null,
      })),
    };
  }
}

/** `hidden`: the campaigns whose prices are not told; nor is then a pod's value, the sum of its ads' prices. */
function headOf(record: AdRequest, hidden: ReadonlySet<string>): object {
  const { ads, backups, fallouts, proof, objective, features, experiments } = record;
  return {
    request_id: record.request_id,
    received_at: new Date(record.received_at).toISOString(),
    viewer: record.viewer,
    features,
    experiments,
    context: record.context,
    rules: {
      duration_seconds: record.requested_seconds,
      exact_duration: record.exact_duration,
      allowed_durations: record.allowed_durations.length === 0 ? null : record.allowed_durations,
      min_ads: record.min_ads,
      max_ads: record.max_ads,
      objective,
      separation: record.separation,
      min_separation_seconds: record.min_separation_seconds,
      allow_duplicate_advertisers: record.allow_duplicate_advertisers,
      pod: record.pod,
    },
    slots: ads.map((ad) => slotOf(ad, hidden)),
    backups: backups.map((ad) => slotOf(ad, hidden)),
    filled_seconds: record.filled_seconds,
    no_fill_reason: record.no_fill_reason,
    proof: record.ads.some(({ campaign }) => hidden.has(campaign)) ? null : proof,
    fallouts: Object.fromEntries(fallouts.map(({ reason, campaigns }) => [reason, campaigns])),
    steps_us: record.timings_us,
  };
}

function slotOf(ad: AdRequest['ads'][number], hidden: ReadonlySet<string>): object {
  const place = {
    position: ad.position,
    start_seconds: ad.start_seconds,
    duration_seconds: ad.duration_seconds,
    ad_id: ad.reservation,
    campaign_id: ad.campaign,
    creative_id: ad.creative,
  };
  if (hidden.has(ad.campaign)) return place;
  return {
    ...place,
    pricing: { model: ad.pricing_model, price_micros: ad.price_micros },
    reserved_under: ad.capped_by.map(({ scope }) => scope),
  };
}

interface Found {
  readonly reason: string;
  readonly detail: string | null;
}

function best(own: AdRequest['candidates']): Found | null {
  const reason = outcomeOfAll(own.map(({ outcome }) => outcome));
  return reason === undefined ? null : { reason, detail: null };
}

function notEntered(campaign: Campaign, features: readonly string[], context: Context): Found {
  const off = carries(campaign).find((feature) => !features.includes(feature));
  if (off !== undefined) return { reason: 'feature_off', detail: off };
  const matched = matchCampaign(campaign, context);
  return matched.ok ? { reason: 'not_recorded', detail: null } : { reason: 'targeting', detail: matched.dimension };
}

/** The moment as the decision saw it. */
function contextOf(context: RequestContext, at: number, taxonomy: ContentTaxonomy): Context {
  const named = context.content_category === null ? [] : [context.content_category, ...context.other_categories];
  const { holds, doubts } = readAll(taxonomy, named);
  return {
    country: context.country,
    region: context.region,
    city: context.city,
    dma: context.dma,
    deviceType: context.device_type,
    os: context.os,
    brand: context.brand,
    contentCategory: context.content_category,
    otherCategories: context.other_categories,
    contentCategories: holds,
    contentDoubts: doubts,
    contentGenre: context.content_genre,
    contentRating: context.content_rating,
    age: context.age,
    gender: context.gender,
    householdIncome: context.household_income,
    timeZone: context.time_zone,
    more: context.more,
    at,
  };
}
