import type { Conversion, Touch } from '../../domain/attribution/attribute.ts';
import type { Step } from '../../domain/attribution/markov.ts';
import type { Windows } from '../../domain/attribution/path.ts';
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
  readonly windows: Windows;
  /** Null: all types. */
  readonly type: string | null;
  readonly scope: Scope;
}

const CONVERSIONS_MAX = 100_000;
const TOUCHES_MAX = 500_000;
/** Of 500 campaigns, from each to each. */
const STEPS_MAX = 300_000;

/** Conversions that happened in the time. */
const counted = (scope: string) => `NOT duplicate AND NOT invalid
    AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64})
    AND (empty({type:String}) OR type = {type:String})${scope}`;

/**
 * Conversions with the touches of whom they name, under any pseudonym, or of the ad that they name, of the same advertiser, inside the
 * window of their kind: one read of each table. `touches`: at (epoch ms), click or not, campaign, creative, reservation; in no order, and none at all where
 * there are too many of all conversions together, as `all_touches` says.
 */
const conversionsSql = (scope: string) => `
SELECT id, advertiser, type, value_micros, at, appended_at, all_touches, if(all_touches > ${TOUCHES_MAX}, [], found) AS touches
FROM
(
SELECT *, sum(length(found)) OVER () AS all_touches
FROM
(
SELECT
  c.conversion_id AS id, toString(c.advertiser) AS advertiser, c.type AS type, c.value_micros AS value_micros,
  toUnixTimestamp64Milli(c.occurred_at) AS at, toUnixTimestamp64Milli(c.appended_at) AS appended_at,
  groupArrayIf((b.at, b.event, b.campaign, b.creative, b.reservation), b.event != '' AND b.at <= toUnixTimestamp64Milli(c.occurred_at)
    AND b.at >= toUnixTimestamp64Milli(c.occurred_at) - if(b.event = 'click', {click_ms:Int64}, {view_ms:Int64})) AS found
FROM
(
  SELECT conversion_id, viewer, advertiser, type, value_micros, occurred_at, appended_at, source_partition, offset,
    arrayJoin(arrayPushBack(arrayMap(one -> concat('viewer:', one), known_as),
      concat('ad:', toString(ifNull(reservation, toUUID('00000000-0000-0000-0000-000000000000')))))) AS link
  FROM breakwater.conversions FINAL
  WHERE ${counted(scope)}
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
LIMIT {most:UInt32}
)
)
ORDER BY at, id`;

interface Found {
  readonly id: string;
  readonly advertiser: string;
  readonly type: string;
  readonly value_micros: string;
  readonly at: string;
  readonly appended_at: string;
  readonly all_touches: string;
  readonly touches: readonly (readonly [string, string, string, string, string])[];
}

/** As lines of JSON, for `conversionsIn`. Errors as the reader's. */
export function readConversions(reader: ReportReader, options: PathsOptions): Promise<Buffer> {
  return reader.bytes(conversionsSql(owned(options.scope)), parametersOf(options), 'JSONEachRow', {
    rows: CONVERSIONS_MAX + 1,
    memoryBytes: 3_000_000_000,
  });
}

/** Null: there are more than can be weighed at once. */
export function conversionsIn(lines: Uint8Array): readonly StoredConversion[] | null {
  const texts = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('utf8').split('\n');
  const rows = texts.flatMap((text): Found[] => (text === '' ? [] : [JSON.parse(text)]));
  if (rows.length > CONVERSIONS_MAX || Number(rows[0]?.all_touches ?? 0) > TOUCHES_MAX) return null;
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

/**
 * Ways of viewers of these advertisers that did not convert, by whatever a conversion names, as steps: what the data-driven model holds against those that did. A way
 * ends with its last touch and holds what a conversion then would have been owed to.
 */
const lostSql = (scope: string) => `
SELECT step.1 AS begun, step.2 AS went, count() AS n
FROM
(
  SELECT arrayJoin(arrayZip(arrayPushFront(campaigns, ''), arrayPushBack(campaigns, ''))) AS step
  FROM
  (
    SELECT viewer, advertiser, max(toUnixTimestamp64Milli(received_at)) AS last,
      arraySort(groupArray((toUnixTimestamp64Milli(received_at), event = 'click', toString(reservation), toString(campaign)))) AS touches,
      arrayMap(t -> t.4, arrayFilter(t -> t.1 >= last - if(t.2, {click_ms:Int64}, {view_ms:Int64}), touches)) AS campaigns
    FROM breakwater.beacons FINAL
    WHERE event IN ('impression', 'click') AND billable AND viewer != ''
      AND minute >= toDateTime({first:UInt32}, 'UTC') AND minute < toDateTime({last:UInt32}, 'UTC')
      AND toUnixTimestamp64Milli(received_at) >= {from:Int64} - if(event = 'click', {click_ms:Int64}, {view_ms:Int64})${scope}
      AND (viewer, advertiser) NOT IN (
        SELECT arrayJoin(known_as), advertiser FROM breakwater.conversions FINAL WHERE ${counted(scope)})
    GROUP BY viewer, advertiser
    HAVING countIf((reservation, advertiser) IN (
      SELECT assumeNotNull(reservation), advertiser FROM breakwater.conversions FINAL WHERE reservation IS NOT NULL AND ${counted(scope)})) = 0
  )
)
GROUP BY begun, went`;

/** All of them, however many ways there are. Errors as the reader's. */
export async function readLost(reader: ReportReader, options: PathsOptions): Promise<readonly Step[]> {
  const { most: _, ...parameters } = parametersOf(options);
  const rows = await reader.query<{ begun: string; went: string; n: string }>(
    lostSql(owned(options.scope)),
    parameters,
    { rows: STEPS_MAX },
  );
  return rows.map(({ begun, went, n }) => ({ from: begun || null, to: went || null, times: Number(n) }));
}

function owned(scope: Scope): string {
  if (scope === 'everything') return '';
  return '\n    AND advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})';
}

function parametersOf({ from, to, windows, type, scope }: PathsOptions) {
  const lookBackMs = Math.max(windows.clickMs, windows.viewMs);
  return {
    from,
    to,
    first: Math.max(0, Math.floor((from - lookBackMs) / 60_000) * 60),
    // A beacon that was received in the minute of the conversion.
    last: Math.ceil(to / 60_000) * 60,
    click_ms: windows.clickMs,
    view_ms: windows.viewMs,
    type: type ?? '',
    most: CONVERSIONS_MAX + 1,
    ...(scope === 'everything' ? {} : { organisation: scope.organisation }),
  };
}
