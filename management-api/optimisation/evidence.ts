import type {
  AuctionFigures,
  CreativeFigures,
  ExposureFigures,
  HourFigures,
} from '../../domain/optimisation/recommendation.ts';
import { hasWholeHours, wallClock } from '../../domain/zone.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';
import { seconds } from './figures.ts';

/** How far back the rules look. */
export const evidenceMs = 7 * 86_400_000;
const MINUTE_MS = 60_000;
const exposuresMost = 10;
/** The newest so many requests stand for all. */
const auctionsSampled = 20_000;
/** The raises of a price that are tried. */
const raises = [0.05, 0.1, 0.15, 0.2, 0.3] as const;

type Ids = readonly string[];

/** Campaign -> its creatives with what was counted of them. */
export async function readCreatives(
  parts: Pick<ManagementParts, 'warehouse'>,
  ids: Ids,
  now: number,
): Promise<ReadonlyMap<string, readonly CreativeFigures[]>> {
  const rows = await rowsOf<Record<'campaign' | 'creative' | 'impressions' | 'starts' | 'completes', string>>(
    parts,
    `SELECT campaign, creative, sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.completes) AS completes
     FROM breakwater.delivery_hours AS d FINAL
     WHERE campaign IN {ids:Array(UUID)} AND hour >= toDateTime({since:UInt32}, 'UTC')
     GROUP BY campaign, creative ORDER BY campaign, creative`,
    { ids, since: seconds(now - evidenceMs) },
  );
  return grouped(rows, (row) => ({
    creativeId: row.creative,
    impressions: Number(row.impressions),
    starts: Number(row.starts),
    completes: Number(row.completes),
  }));
}

/** Campaign -> views by how many the viewer had had of it before, within the span looked at. */
export async function readExposures(
  parts: Pick<ManagementParts, 'warehouse'>,
  ids: Ids,
  now: number,
): Promise<ReadonlyMap<string, readonly ExposureFigures[]>> {
  const rows = await rowsOf<Record<'campaign' | 'nth' | 'trials' | 'successes', string>>(
    parts,
    `SELECT campaign, least(nth, {most:UInt32}) AS nth, count() AS trials, countIf(completed) AS successes
     FROM
     (
         SELECT campaign, completed, row_number() OVER (PARTITION BY campaign, viewer ORDER BY seen_at, reservation) AS nth
         FROM
         (
             SELECT campaign, viewer, reservation, minIf(appended_at, event = 'impression') AS seen_at,
                 countIf(event = 'impression') > 0 AS shown, countIf(event = 'complete') > 0 AS completed
             FROM breakwater.beacons FINAL
             WHERE billable AND event IN ('impression', 'complete') AND campaign IN {ids:Array(UUID)}
                 AND minute >= toDateTime({since:UInt32}, 'UTC')
             GROUP BY campaign, viewer, reservation
             HAVING shown
         )
     )
     GROUP BY campaign, nth ORDER BY campaign, nth`,
    { ids, since: seconds(now - evidenceMs), most: exposuresMost },
  );
  return grouped(rows, (row) => ({
    nth: Number(row.nth),
    trials: Number(row.trials),
    successes: Number(row.successes),
  }));
}

type SpanRow = Record<'campaign' | 'at' | 'impressions' | 'starts' | 'completes', string>;

/** Campaign -> views by the hour of the day in its zone; by quarters of an hour where the zone's hours begin within those of UTC. */
export async function readHours(
  parts: Pick<ManagementParts, 'warehouse'>,
  zones: ReadonlyMap<string, string>,
  now: number,
): Promise<ReadonlyMap<string, readonly HourFigures[]>> {
  const since = now - 2 * evidenceMs;
  const spans = async (table: string, time: string, span: string, ids: Ids) =>
    ids.length === 0
      ? []
      : await rowsOf<SpanRow>(
          parts,
          `SELECT campaign, toUnixTimestamp(${span}) AS at, sum(d.impressions) AS impressions, sum(d.starts) AS starts,
             sum(d.completes) AS completes
           FROM breakwater.${table} AS d FINAL
           WHERE campaign IN {ids:Array(UUID)} AND ${time} >= toDateTime({since:UInt32}, 'UTC')
           GROUP BY campaign, at ORDER BY campaign, at`,
          { ids, since: seconds(since) },
        );
  const byHour = Map.groupBy(zones.keys(), (id) => hasWholeHours(zones.get(id) ?? 'UTC', since, now));
  const rows = [
    ...(await spans('delivery_hours', 'hour', 'hour', byHour.get(true) ?? [])),
    ...(await spans('delivery_minutes', 'minute', 'toStartOfFifteenMinutes(minute)', byHour.get(false) ?? [])),
  ];
  const found = new Map<string, HourFigures[]>();
  for (const [campaign, own] of Map.groupBy(rows, (row) => row.campaign)) {
    const byHour = Map.groupBy(own, ({ at }) =>
      Math.floor(wallClock(Number(at) * 1_000, zones.get(campaign) ?? 'UTC').minuteOfDay / 60),
    );
    const sum = (all: typeof own, field: 'impressions' | 'starts' | 'completes') =>
      all.reduce((total, row) => total + Number(row[field]), 0);
    const hours = [...byHour].map(([hour, all]) => ({
      hour,
      impressions: sum(all, 'impressions'),
      trials: sum(all, 'starts'),
      successes: sum(all, 'completes'),
    }));
    found.set(
      campaign,
      hours.sort((a, b) => a.hour - b.hour),
    );
  }
  return found;
}

interface AuctionRow {
  readonly campaign: string;
  readonly sampled_from: string;
  readonly entered: string;
  readonly won: string;
  readonly lost: string;
  readonly capped: string;
  readonly priced: string;
  readonly margin: number | null;
  readonly won_at: readonly string[];
}

/**
 * Campaign -> what became of it in the newest requests that it entered. A loss would have been won by a price that lifts its
 * score to that of the least of those served; a win is safe by what it had more than the best of those that lost. Value and shadow
 * price are both in proportion to the price, so the score is too.
 */
export async function readAuctions(
  parts: Pick<ManagementParts, 'warehouse'>,
  ids: Ids,
  now: number,
): Promise<ReadonlyMap<string, AuctionFigures>> {
  const rows = await rowsOf<AuctionRow>(
    parts,
    `SELECT campaign, min(sampled_from) AS sampled_from, count() AS entered, countIf(outcome = 'won') AS won, countIf(outcome = 'lost') AS lost,
       countIf(outcome = 'cap_reached') AS capped, countIf(outcome = 'shadow_price') AS priced,
       if(countIf(outcome = 'won' AND best_lost > 0) = 0, NULL,
         quantileExactIf(0.1)((score - best_lost) / score, outcome = 'won' AND best_lost > 0)) AS margin,
       groupArrayIf((least_won - score) / score, outcome = 'lost') AS needs,
       arrayMap(raise -> arrayCount(need -> need <= raise, needs), {raises:Array(Float64)}) AS won_at
     FROM
     (
         SELECT source_partition, offset, candidate.1 AS campaign,
             multiIf(countIf(candidate.2 IN ('won', 'backup')) > 0, 'won', countIf(candidate.2 = 'lost') > 0, 'lost',
                 countIf(candidate.2 = 'shadow_price') > 0, 'shadow_price', any(candidate.2)) AS outcome,
             any(first) AS sampled_from, greatest(max(candidate.3), 1) AS score, any(least_served) AS least_won,
             any(arrayMax(arrayMap(one -> if(one.2 = 'lost' AND one.1 != candidate.1, one.3, 0), candidates))) AS best_lost
         FROM
         (
             SELECT source_partition, offset, toUnixTimestamp(min(minute) OVER ()) AS first,
                 arrayZip(candidate_campaigns, candidate_outcomes, candidate_scores_micros) AS candidates,
                 arrayMin(arrayMap(one -> if(one.2 = 'won', one.3, 9000000000000000), candidates)) AS least_served
             FROM
             (
                 SELECT minute, source_partition, offset, candidate_campaigns, candidate_outcomes, candidate_scores_micros
                 FROM breakwater.requests FINAL
                 WHERE NOT duplicate AND minute >= toDateTime({since:UInt32}, 'UTC')
                 ORDER BY minute DESC LIMIT {sampled:UInt32}
             )
         )
         ARRAY JOIN candidates AS candidate
         WHERE candidate.1 IN {ids:Array(UUID)}
         GROUP BY source_partition, offset, campaign
     )
     GROUP BY campaign`,
    { ids, since: seconds(now - evidenceMs), sampled: auctionsSampled, raises },
  );
  return new Map(
    rows.map((row) => [
      row.campaign,
      {
        sampledMs: Math.max(MINUTE_MS, now - Number(row.sampled_from) * 1_000),
        entered: Number(row.entered),
        won: Number(row.won),
        lost: Number(row.lost),
        capReached: Number(row.capped),
        shadowPriced: Number(row.priced),
        margin: row.margin === null ? null : Math.round(Number(row.margin) * 1_000) / 1_000,
        wonAt: raises.map((raise, index) => ({ raise, wins: Number(row.won_at[index] ?? 0) })),
      },
    ]),
  );
}

function grouped<R extends { readonly campaign: string }, T>(
  rows: readonly R[],
  shown: (row: R) => T,
): ReadonlyMap<string, readonly T[]> {
  return new Map([...Map.groupBy(rows, (row) => row.campaign)].map(([id, own]) => [id, own.map(shown)]));
}
