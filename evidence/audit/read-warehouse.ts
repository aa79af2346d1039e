import type { Position } from './facts.ts';
import type { Grain, RollupRow, StoredAd, StoredBeacon, StoredRequest, WarehouseFacts } from './stored.ts';

/**
 * Sends one statement to the warehouse's HTTP interface; a SELECT's rows come back as objects, numbers as numbers.
 * Rejects with the engine's message.
 */
export async function ask<Row>(url: string, sql: string): Promise<Row[]> {
  const settings = 'default_format=JSONEachRow&output_format_json_quote_64bit_integers=0';
  const { origin, headers } = authorized(url);
  const response = await fetch(`${origin}/?${settings}`, { method: 'POST', body: sql, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`the warehouse refused ${sql.slice(0, 120)}: ${text.slice(0, 500)}`);
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
}

/** fetch takes no credentials in a URL: they go into a header. */
export function authorized(url: string): { readonly origin: string; readonly headers: Record<string, string> } {
  const { origin, username, password } = new URL(url);
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    origin,
    headers: username === '' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
  };
}

const place = `topic, source_partition AS partition, offset`;
const appended = `toUnixTimestamp64Milli(appended_at) AS appendedAt`;

/** Reads the raw tables (FINAL: one row for each position) and the roll-ups, merged over source partitions. */
export async function readWarehouse(url: string): Promise<WarehouseFacts> {
  const requests = await ask<StoredRequest>(
    url,
    `SELECT ${place}, ${appended}, request_id, requested_seconds, filled_seconds, NOT duplicate AS first
     FROM breakwater.requests FINAL`,
  );
  const ads = await ask<StoredAd>(
    url,
    `SELECT ${place}, reservation, campaign, creative, position, price_micros FROM breakwater.request_ads FINAL`,
  );
  const beacons = await ask<StoredBeacon>(
    url,
    `SELECT ${place}, ${appended}, arrival_id, event, request_id, reservation, campaign, creative, price_micros,
       intDiv(toUnixTimestamp(decision_minute), 60) AS minute, toUnixTimestamp64Milli(expires_at) AS expires_at,
       duplicate, late, billable, traffic, spend_micros
     FROM breakwater.beacons FINAL`,
  );
  const signals = await ask<Position>(url, `SELECT ${place} FROM breakwater.signals FINAL`);
  const rollups: RollupRow[] = [];
  for (const grain of ['minute', 'hour', 'day'] as const) {
    rollups.push(...(await readRollup(url, 'delivery', grain)), ...(await readRollup(url, 'request', grain)));
  }
  return { requests: requests.map(truthful), ads, beacons: beacons.map(truthful), signals, rollups };
}

/** Measures that add up; distinct viewers do not. */
export const measures = {
  delivery: [
    'impressions',
    'starts',
    'first_quartiles',
    'midpoints',
    'third_quartiles',
    'completes',
    'clicks',
    'skips',
    'errors',
    'duplicates',
    'late',
    'spend_micros',
  ],
  request: ['requests', 'filled', 'ads', 'requested_seconds', 'filled_seconds', 'paid_seconds', 'duplicates'],
} as const;

async function readRollup(url: string, kind: RollupRow['kind'], grain: Grain): Promise<RollupRow[]> {
  const group = kind === 'delivery' ? 'toString(campaign)' : "''";
  const sums = measures[kind].map((measure) => `sum(t.${measure}) AS ${measure}`).join(', ');
  const rows = await ask<Record<string, number> & { group: string }>(
    url,
    `SELECT ${group} AS group, toUnixTimestamp(toDateTime(${grain}, 'UTC')) * 1000 AS from, ${sums}
     FROM breakwater.${kind}_${grain}s AS t FINAL GROUP BY group, from`,
  );
  return rows.map(({ group: of, from, ...sum }) => ({
    kind,
    grain,
    group: of,
    from: from ?? 0,
    sums: sum as Record<string, number>,
  }));
}

/** Flags may come as 0 and 1. */
function truthful<Row extends object>(row: Row): Row {
  const flags = ['first', 'duplicate', 'late', 'billable'].filter((flag) => flag in row);
  return { ...row, ...Object.fromEntries(flags.map((flag) => [flag, Boolean(row[flag as keyof Row])])) };
}
