import type { Run, SeedCampaign } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, reservedAds } from './judge.ts';

type Rule = SeedCampaign['targeting'][number];
/** Geo lists lean on each other (a city stands for itself, not for its country): countries are judged where they stand alone. */
const finerGeo = ['geo_regions', 'geo_cities', 'geo_dma_codes'];

/** Served ads against flight, status, country fence and device fence: the plain part of targeting, judged once more. */
export function checkEligibility({ log, seed }: Pick<Run, 'log' | 'seed'>): Fault[] {
  const strangers: string[] = [];
  const flights: string[] = [];
  const statuses: string[] = [];
  const fences: string[] = [];
  for (const { value } of firstRequests(log.requests).values()) {
    for (const ad of reservedAds(value)) {
      const id = `${value.request_id}: ${ad.campaign}`;
      const campaign = seed.get(ad.campaign);
      const creative = campaign?.creatives.find((other) => other.id === ad.creative);
      if (!campaign || !creative) strangers.push(id);
      if (!campaign || !creative) continue;
      // The decision follows the receipt by less than its own minute, and the minute is what is recorded of it.
      if ((ad.minute + 1) * 60_000 <= campaign.startsAt || value.received_at >= campaign.endsAt) flights.push(id);
      if (campaign.status !== 'active' || creative.status !== 'active') statuses.push(id);
      const rules = campaign.targeting;
      if (rules.length > 0 && !rules.some((rule) => mayMatch(rule, value.context))) fences.push(id);
    }
  }
  return [
    ...fault('campaign_unknown', 'an ad of a campaign or creative that the seed does not have', strangers),
    ...fault('flight_broken', 'served outside its flight', flights),
    ...fault('status_broken', 'served although campaign or creative is not active', statuses),
    ...fault('fence_broken', 'served outside its countries or devices', fences),
  ];
}

/** False only where a country or device condition that stands alone surely fails. */
export function mayMatch(
  rule: Rule,
  context: { readonly country: string | null; readonly device_type: string | null },
): boolean {
  const finer = rule.conditions.some(({ dimension }) => finerGeo.includes(dimension));
  return rule.conditions.every(({ dimension, mode, values }) => {
    const known =
      dimension === 'geo_countries' && !finer
        ? context.country
        : dimension === 'device_types'
          ? context.device_type
          : undefined;
    if (known === undefined) return true;
    const listed = known !== null && values.some((value) => plain(String(value)) === plain(known));
    return mode === 'include' ? listed : !listed;
  });
}

function plain(value: string): string {
  const upper = value.toUpperCase();
  return upper === 'UK' ? 'GB' : upper;
}
