import type { Campaign } from '../../domain/campaign.ts';
import type { Delivered, DeliveredHour } from '../../domain/pacing/course.ts';
import { type Forecast, forecastFrom } from '../../domain/pacing/forecast.ts';
import { dayOf, startOfDay } from '../../domain/zone.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HISTORY_MS = 56 * DAY_MS;
const DELIVERY_MS = 14 * DAY_MS;

export const noDelivery: Delivered = { micros: 0, impressions: 0, hours: [] };

/** The newest that pacing said of a campaign. */
export interface PacingSignal {
  readonly muPpm: number;
  readonly status: string;
  readonly computedAt: number;
}

/** The forecast by hour of week, from the requests of the last eight weeks. */
export async function readForecast(parts: Pick<ManagementParts, 'warehouse'>, now: number): Promise<Forecast> {
  const rows = await rowsOf<{ at: string; requests: string }>(
    parts,
    `SELECT toUnixTimestamp(hour) AS at, sum(requests) AS requests FROM breakwater.request_hours FINAL
     WHERE hour >= toDateTime({since:UInt32}, 'UTC') GROUP BY hour ORDER BY hour`,
    { since: seconds(now - HISTORY_MS) },
  );
  return forecastFrom(
    rows.map(({ at, requests }) => ({ hour: Number(at) * 1_000, requests: Number(requests) })),
    now,
  );
}

type Zoned = Pick<Campaign, 'id' | 'timeZone'>;

/**
 * Campaign -> what it delivered, as the roll-ups have it; the hours are those of the last two weeks, in order. The hour that today's
 * midnight divides stands as two.
 */
export async function readDelivery(
  parts: Pick<ManagementParts, 'warehouse'>,
  campaigns: readonly Zoned[],
  now: number,
): Promise<ReadonlyMap<string, Delivered>> {
  const ids = campaigns.map(({ id }) => id);
  const totals = await rowsOf<{ campaign: string; impressions: string; micros: string }>(
    parts,
    `SELECT campaign, sum(d.impressions) AS impressions, sum(d.spend_micros) AS micros
     FROM breakwater.delivery_days AS d FINAL WHERE campaign IN {ids:Array(UUID)} GROUP BY campaign`,
    { ids },
  );
  const hours = await rowsOf<{ campaign: string; at: string; impressions: string; micros: string }>(
    parts,
    `SELECT campaign, toUnixTimestamp(hour) AS at, sum(d.impressions) AS impressions, sum(d.spend_micros) AS micros
     FROM breakwater.delivery_hours AS d FINAL
     WHERE campaign IN {ids:Array(UUID)} AND hour >= toDateTime({since:UInt32}, 'UTC')
     GROUP BY campaign, hour ORDER BY campaign, hour`,
    { ids, since: seconds(now - DELIVERY_MS) },
  );
  const begun = await readDayBegun(parts, campaigns, now);
  const byCampaign = Map.groupBy(hours, ({ campaign }) => campaign);
  const hourly = (id: string): DeliveredHour[] =>
    (byCampaign.get(id) ?? [])
      .map((row) => ({
        hour: Number(row.at) * 1_000,
        micros: Number(row.micros),
        impressions: Number(row.impressions),
      }))
      .flatMap((hour) => divided(hour, begun.get(id)));
  return new Map(
    totals.map(({ campaign, impressions, micros }) => [
      campaign,
      { micros: Number(micros), impressions: Number(impressions), hours: hourly(campaign) },
    ]),
  );
}

/** Campaign -> what came from its midnight on in the hour of UTC that this midnight divides; where it begins one, nothing. */
async function readDayBegun(
  parts: Pick<ManagementParts, 'warehouse'>,
  campaigns: readonly Zoned[],
  now: number,
): Promise<ReadonlyMap<string, DeliveredHour>> {
  const found = new Map<string, DeliveredHour>();
  const midnights = Map.groupBy(campaigns, ({ timeZone }) => startOfDay(dayOf(now, timeZone), timeZone));
  for (const [midnight, own] of midnights) {
    if (midnight % HOUR_MS === 0) continue;
    const rows = await rowsOf<{ campaign: string; impressions: string; micros: string }>(
      parts,
      `SELECT campaign, sum(d.impressions) AS impressions, sum(d.spend_micros) AS micros
       FROM breakwater.delivery_minutes AS d FINAL
       WHERE campaign IN {ids:Array(UUID)} AND minute >= toDateTime({from:UInt32}, 'UTC')
         AND minute < toStartOfHour(toDateTime({from:UInt32}, 'UTC')) + INTERVAL 1 HOUR
       GROUP BY campaign`,
      { ids: own.map(({ id }) => id), from: seconds(midnight) },
    );
    for (const { campaign, impressions, micros } of rows) {
      found.set(campaign, { hour: midnight, micros: Number(micros), impressions: Number(impressions) });
    }
  }
  return found;
}

/** Minutes are written before the hours that they are of, so there may be more in them. */
function divided(whole: DeliveredHour, begun: DeliveredHour | undefined): DeliveredHour[] {
  if (begun === undefined || begun.hour < whole.hour || begun.hour >= whole.hour + HOUR_MS) return [whole];
  const micros = Math.min(begun.micros, whole.micros);
  const impressions = Math.min(begun.impressions, whole.impressions);
  return [
    { hour: whole.hour, micros: whole.micros - micros, impressions: whole.impressions - impressions },
    { hour: begun.hour, micros, impressions },
  ];
}

/** Campaign -> its newest pacing signal. */
export async function readPacingSignals(
  parts: Pick<ManagementParts, 'warehouse'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, PacingSignal>> {
  const rows = await rowsOf<{ campaign: string; mu: string; status: string; at: string }>(
    parts,
    `SELECT campaign, argMax(mu_ppm, version) AS mu, argMax(pacing_status, version) AS status,
       toUnixTimestamp64Milli(max(computed_at)) AS at
     FROM breakwater.signals WHERE kind = 'PACING' AND campaign IN {ids:Array(UUID)} GROUP BY campaign`,
    { ids },
  );
  return new Map(
    rows.map(({ campaign, mu, status, at }) => [campaign, { muPpm: Number(mu), status, computedAt: Number(at) }]),
  );
}

/** Epoch ms of the newest record in the warehouse; null: it holds none of the last 35 days. */
export async function readDataAsOf(parts: Pick<ManagementParts, 'warehouse'>, now: number): Promise<number | null> {
  const [row] = await rowsOf<{ at: string }>(
    parts,
    `SELECT toUnixTimestamp64Milli(greatest(
       (SELECT max(appended_at) FROM breakwater.requests WHERE minute >= toDateTime({since:UInt32}, 'UTC')),
       (SELECT max(appended_at) FROM breakwater.beacons WHERE minute >= toDateTime({since:UInt32}, 'UTC')))) AS at`,
    { since: seconds(now - 35 * DAY_MS) },
  );
  const at = Number(row?.at ?? 0);
  return at > 0 ? at : null;
}

/** Epoch seconds, never below the epoch. */
export function seconds(at: number): number {
  return Math.max(0, Math.floor(at / 1_000));
}
