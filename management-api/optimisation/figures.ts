import type { Delivered, DeliveredHour } from '../../domain/pacing/course.ts';
import { type Forecast, forecastFrom } from '../../domain/pacing/forecast.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';

const DAY_MS = 86_400_000;
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

/** Campaign -> what it delivered, as the roll-ups have it; the hours are those of the last two weeks, in order. */
export async function readDelivery(
  parts: Pick<ManagementParts, 'warehouse'>,
  ids: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, Delivered>> {
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
  const byCampaign = Map.groupBy(hours, ({ campaign }) => campaign);
  const hourly = (id: string): DeliveredHour[] =>
    (byCampaign.get(id) ?? []).map((row) => ({
      hour: Number(row.at) * 1_000,
      micros: Number(row.micros),
      impressions: Number(row.impressions),
    }));
  return new Map(
    totals.map(({ campaign, impressions, micros }) => [
      campaign,
      { micros: Number(micros), impressions: Number(impressions), hours: hourly(campaign) },
    ]),
  );
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
