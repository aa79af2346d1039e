import { isAnswered } from './check-answers.ts';
import type { BeaconFact, Run, TokenFact } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, place, reservedAds } from './judge.ts';
import { factsText } from './read-token.ts';

const identitiesText = (identities: TokenFact['identities']) =>
  identities
    .map(({ scope, hash }) => `${scope} ${hash}`)
    .sort()
    .join('\n');

/** The seed's price, in the pods that viewers saw, in the requests and in the beacons; and the other signed facts with it. */
export function checkPrices(run: Pick<Run, 'calls' | 'log' | 'seed' | 'settings' | 'token'>): Fault[] {
  return [...checkSeen(run), ...checkLogged(run)];
}

function checkSeen(run: Pick<Run, 'calls' | 'log' | 'seed' | 'settings' | 'token'>): Fault[] {
  const logged = firstRequests(run.log.requests);
  const priced: string[] = [];
  const garbled: string[] = [];
  const differs: string[] = [];
  for (const call of run.calls) {
    if (!call.answer || !isAnswered(call)) continue;
    const record = logged.get(call.answer.request_id);
    for (const ad of [...call.answer.ads, ...(call.answer.backups ?? [])]) {
      const fact = run.token(ad.tracking.impression ?? '');
      const served = (record ? reservedAds(record.value) : []).find((other) => other.reservation === ad.ad_id);
      if (!fact) garbled.push(ad.ad_id);
      if (!fact || !served) continue;
      const price = run.seed.get(ad.campaign_id)?.pricing.priceMicros;
      if (fact.price_micros !== price || served.price_micros !== price) priced.push(ad.ad_id);
      const facts = [
        fact.reservation,
        fact.campaign,
        fact.creative,
        fact.advertiser,
        fact.position,
        fact.duration_seconds,
        fact.pricing_model,
        fact.minute,
        fact.expires_at,
        identitiesText(fact.identities),
      ];
      const ours = [
        served.reservation,
        served.campaign,
        served.creative,
        served.advertiser,
        served.position,
        served.duration_seconds,
        served.pricing_model,
        served.minute,
        served.expires_at,
        identitiesText(served.capped_by),
      ];
      const shared = factsText(ad.tracking.impression ?? '');
      const others = Object.values(ad.tracking).some((url) => factsText(url) !== shared);
      if (others || facts.join('|') !== ours.join('|')) differs.push(ad.ad_id);
    }
  }
  return [
    ...fault('price_wrong', 'an ad was priced otherwise than its campaign', priced),
    ...fault('token_garbled', 'a tracking URL whose facts cannot be read', garbled),
    ...fault('token_differs', 'a tracking URL carries other facts than the log', differs),
  ];
}

/** Beacons carry their token's facts: price, reservation, expiry of the minute, identities. */
function checkLogged(run: Pick<Run, 'calls' | 'log' | 'seed' | 'settings'>): Fault[] {
  const holds = new Map(run.calls.map(({ requestId, holdSeconds }) => [requestId, holdSeconds]));
  const ads = new Map(
    run.log.requests.flatMap((record) =>
      reservedAds(record.value).map((ad) => [ad.reservation, { record, ad }] as const),
    ),
  );
  const priced: string[] = [];
  const expiries: string[] = [];
  const orphans: string[] = [];
  const differs: string[] = [];
  for (const beacon of run.log.beacons) {
    const { value } = beacon;
    const id = `${place(beacon)} ${value.event} of ${value.reservation}`;
    const campaign = run.seed.get(value.campaign);
    if (value.price_micros !== campaign?.pricing.priceMicros || value.pricing_model !== campaign.pricing.model)
      priced.push(id);
    const origin = ads.get(value.reservation);
    if (value.expires_at !== expiryOf(value, origin?.record.value.received_at ?? 0, run.settings, holds))
      expiries.push(id);
    if (!origin) orphans.push(id);
    if (!origin) continue;
    const { ad, record } = origin;
    const same =
      ad.campaign === value.campaign &&
      ad.creative === value.creative &&
      ad.advertiser === value.advertiser &&
      ad.minute === value.minute &&
      ad.position === value.position &&
      record.value.request_id === value.request_id &&
      identitiesText(ad.capped_by) === identitiesText(value.identities);
    if (!same) differs.push(id);
  }
  return [
    ...fault('price_wrong', 'a beacon was priced otherwise than its campaign', priced),
    ...fault('expiry_wrong', "not the end of the decision's minute and one token life", expiries),
    ...fault('beacon_without_request', 'a beacon for an ad that no logged request served', orphans),
    ...fault('beacon_facts_differ', 'a beacon has other facts than the ad it is for', differs),
  ];
}

const DECIDING = ['impression', 'notUsed', 'error'];

/**
 * The end of the decision's minute and a token's life; sooner where an exchange wants a place held no longer, but never for clicks, and for
 * what an ad tells while it plays no sooner than for them.
 */
function expiryOf(
  { event, minute, request_id }: BeaconFact,
  receivedAt: number,
  { token_life_ms, click_token_life_ms }: Run['settings'],
  holds: ReadonlyMap<string | null, number | undefined>,
): number {
  const minuteEnds = (minute + 1) * 60_000;
  const click = minuteEnds + click_token_life_ms;
  if (event === 'click') return click;
  const seconds = holds.get(request_id) ?? Number.POSITIVE_INFINITY;
  const held = Math.min(minuteEnds + token_life_ms, receivedAt + seconds * 1_000);
  return DECIDING.includes(event) ? held : Math.max(held, click);
}
