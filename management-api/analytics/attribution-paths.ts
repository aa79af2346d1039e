import type { Conversion, Touch } from '../../domain/attribution/attribute.ts';
import type { Journey } from '../../domain/attribution/markov.ts';
import type { ReportReader } from '../../engines/warehouse/report-reader.ts';
import type { Scope } from './reports/report.ts';

/** A conversion as the warehouse has it, with what its row says beyond the domain's. */
export interface StoredConversion extends Conversion {
  readonly advertiser: string;
  readonly type: string;
  /** When the log had it, epoch ms. */
  readonly appendedAt: number;
}

export interface PathsOptions {
  /** Epoch ms, by when they happened. */
  readonly from: number;
  readonly to: number;
  /** The longest window, ms. */
  readonly lookBackMs: number;
  /** Null: all types. */
  readonly type: string | null;
  readonly scope: Scope;
}

const CONVERSIONS_MAX = 200_000;

/**
 * Conversions with the touches of their viewer, or of the ad that they name, of the same advertiser: one read of each
 * table. `touches`: at (epoch ms), click or not, campaign, creative, reservation; parallel arrays, in no order.
 */
const conversionsSql = (scope: string) => `
SELECT
  c.conversion_id AS id, toString(c.advertiser) AS advertiser, c.type AS type, c.value_micros AS value_micros,
  toUnixTimestamp64Milli(c.occurred_at) AS at, toUnixTimestamp64Milli(c.appended_at) AS appended_at,
  groupArrayIf((b.at, b.event, b.campaign, b.creative, b.reservation), b.event != '') AS touches
FROM
(
  SELECT conversion_id, viewer, advertiser, type, value_micros, occurred_at, appended_at, source_partition, offset,
    arrayJoin(arrayFilter(link -> link != '', [
      if(viewer = '', '', concat('viewer:', viewer)), concat('ad:', toString(ifNull(reservation, toUUID('00000000-0000-0000-0000-000000000000'))))
    ])) AS link
  FROM breakwater.conversions FINAL
  WHERE NOT duplicate AND NOT invalid AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64})
    AND (empty({type:String}) OR type = {type:String})${scope}
) AS c
LEFT JOIN
(
  SELECT toUnixTimestamp64Milli(received_at) AS at, toString(event) AS event, toString(campaign) AS campaign,
    toString(creative) AS creative, toString(reservation) AS reservation, advertiser,
    arrayJoin(arrayFilter(link -> link != 'viewer:', [concat('viewer:', viewer), concat('ad:', toString(reservation))])) AS link
  FROM breakwater.beacons FINAL
  WHERE event IN ('impression', 'click') AND billable
    AND minute >= toDateTime({first:UInt32}, 'UTC') AND minute < toDateTime({last:UInt32}, 'UTC')${scope}
) AS b ON b.link = c.link AND b.advertiser = c.advertiser
GROUP BY c.source_partition, c.offset, id, advertiser, type, value_micros, at, appended_at
ORDER BY at, id
LIMIT {most:UInt32}`;

interface Found {
  readonly id: string;
  readonly advertiser: string;
  readonly type: string;
  readonly value_micros: string;
  readonly at: string;
  readonly appended_at: string;
  readonly touches: readonly (readonly [string, string, string, string, string])[];
}

/** Null: there are more than can be weighed at once. Errors as the reader's. */
export async function readConversions(
  reader: ReportReader,
  options: PathsOptions,
): Promise<readonly StoredConversion[] | null> {
  const rows = await reader.query<Found>(conversionsSql(owned(options.scope)), parametersOf(options), {
    rows: CONVERSIONS_MAX + 1,
    memoryBytes: 3_000_000_000,
  });
  if (rows.length > CONVERSIONS_MAX) return null;
  return rows.map((row) => ({
    id: row.id,
    advertiser: row.advertiser,
    type: row.type,
    valueMicros: Number(row.value_micros),
    at: Number(row.at),
    appendedAt: Number(row.appended_at),
    touches: touchesOf(row.touches),
  }));
}

/** A touch that both its viewer and its ad lead to is one. */
function touchesOf(found: Found['touches']): readonly Touch[] {
  const touches = new Map<string, Touch>();
  for (const [at, event, campaign, creative, reservation] of found) {
    const kind = event === 'click' ? 'click' : 'view';
    touches.set(`${reservation}:${kind}`, { at: Number(at), kind, campaign, creative, reservation });
  }
  return [...touches.values()];
}

/** Ways of viewers of these advertisers that did not convert: what the data-driven model holds against those that did. */
const lostSql = (scope: string) => `
SELECT campaigns, count() AS n
FROM
(
  SELECT viewer, advertiser, arrayMap(touch -> touch.2, arraySort(groupArray((received_at, toString(campaign), event, reservation)))) AS campaigns
  FROM breakwater.beacons FINAL
  WHERE event IN ('impression', 'click') AND billable AND viewer != ''
    AND minute >= toDateTime({first:UInt32}, 'UTC') AND minute < toDateTime({last:UInt32}, 'UTC')${scope}
    AND (viewer, advertiser) NOT IN (
      SELECT viewer, advertiser FROM breakwater.conversions FINAL
      WHERE NOT duplicate AND NOT invalid AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64})
        AND (empty({type:String}) OR type = {type:String})${scope})
  GROUP BY viewer, advertiser
)
GROUP BY campaigns
ORDER BY n DESC, campaigns
LIMIT 20000`;

export async function readLost(reader: ReportReader, options: PathsOptions): Promise<readonly Journey[]> {
  const { most: _, ...parameters } = parametersOf(options);
  const rows = await reader.query<{ campaigns: string[]; n: string }>(lostSql(owned(options.scope)), parameters);
  return rows.map(({ campaigns, n }) => ({ campaigns, converted: 0, lost: Number(n) }));
}

function owned(scope: Scope): string {
  if (scope === 'everything') return '';
  return '\n    AND advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})';
}

function parametersOf({ from, to, lookBackMs, type, scope }: PathsOptions) {
  return {
    from,
    to,
    first: Math.max(0, Math.floor((from - lookBackMs) / 60_000) * 60),
    // A beacon that was received in the minute of the conversion.
    last: Math.ceil(to / 60_000) * 60,
    type: type ?? '',
    most: CONVERSIONS_MAX + 1,
    ...(scope === 'everything' ? {} : { organisation: scope.organisation }),
  };
}
