import type { Campaign } from '../../domain/campaign.ts';
import type { AuctionFigures, Findings } from '../../domain/optimisation/recommendation.ts';
import type { ManagementParts } from '../parts.ts';
import { evidenceMs, readAuctions, readCreatives, readExposures, readHours } from './evidence.ts';
import { reachOf, readContexts } from './reach.ts';
import { projected, readStandings, type Standing } from './standing.ts';

const DAY_MS = 86_400_000;
const none: AuctionFigures = {
  sampledMs: DAY_MS,
  entered: 0,
  won: 0,
  lost: 0,
  capReached: 0,
  shadowPriced: 0,
  wonAt: [],
  margin: null,
};

/** Everything that the rules of recommendation look at, for these campaigns in their order. */
export async function readFindings(
  campaigns: readonly Campaign[],
  parts: Pick<ManagementParts, 'warehouse'>,
  now: number,
): Promise<readonly Findings[]> {
  if (campaigns.length === 0) return [];
  const ids = campaigns.map(({ id }) => id);
  const zones = new Map(campaigns.map(({ id, timeZone }) => [id, timeZone]));
  const { standings } = await readStandings(campaigns, parts, now);
  const [creatives, exposures, hours, auctions, contexts] = await Promise.all([
    readCreatives(parts, ids, now),
    readExposures(parts, ids, now),
    readHours(parts, zones, now),
    readAuctions(parts, ids, now),
    readContexts(parts, now),
  ]);
  return standings.map((standing): Findings => {
    const { campaign } = standing;
    return {
      campaign,
      now,
      projection: standing.projection,
      flight: projected(campaign),
      delivered: standing.delivery,
      forecast: standing.traffic,
      ...perDay(standing, now),
      muPpm: standing.signal?.muPpm ?? 0,
      creatives: creatives.get(campaign.id) ?? [],
      exposures: exposures.get(campaign.id) ?? [],
      hours: hours.get(campaign.id) ?? [],
      auctions: auctions.get(campaign.id) ?? none,
      reach: reachOf(campaign, contexts, now),
    };
  });
}

/** Means over the last days of the flight, whole hours only counted by their share of a day. */
function perDay({ campaign, delivery }: Standing, now: number) {
  const since = Math.max(campaign.startsAt, now - evidenceMs);
  const days = Math.max(1 / 24, (now - since) / DAY_MS);
  const sum = (unit: 'micros' | 'impressions') =>
    delivery.hours.reduce((total, hour) => (hour.hour >= since - 3_600_000 ? total + hour[unit] : total), 0);
  return { impressionsPerDay: sum('impressions') / days, spendMicrosPerDay: sum('micros') / days };
}
