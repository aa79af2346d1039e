import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { parameterBatches } from '../../engines/warehouse/parameter-batches.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { AnalyticsParts } from './parts.ts';

/** Why something that was billed is not owed. */
export const adjustmentReasons = [
  'invalid_traffic',
  'not_viewable',
  'brand_safety',
  'technical_fault',
  'goodwill',
  'other',
] as const;

/** A row of the catalog's `adjustments`. */
export interface AdjustmentRow {
  readonly id: string;
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly reason: string;
  readonly from_time: Date;
  readonly to_time: Date;
  readonly impressions: string;
  readonly amount_micros: string;
  readonly note: string | null;
  readonly reverses: string | null;
  readonly recorded_by: string;
  readonly recorded_at: Date;
}

/** All of the organisation, by row-level security. */
export async function adjustmentsOf(sql: DeskTransaction): Promise<readonly AdjustmentRow[]> {
  const { rows } = await sql.query<AdjustmentRow>('SELECT * FROM adjustments ORDER BY recorded_at, id');
  return rows;
}

/** Copies adjustments into the warehouse; a row that is copied twice is one. */
export async function shareAdjustments(adjustments: readonly AdjustmentRow[], warehouse: Warehouse): Promise<void> {
  for (const rows of parameterBatches(adjustments, ({ id, note }) => `${id}${note ?? ''}`)) {
    await warehouse.run(
      `INSERT INTO breakwater.adjustments (id, campaign, advertiser, at, until, reason, impressions, amount_micros, note, reverses, recorded_at)
       SELECT t.1, t.2, t.3, toDateTime(t.4, 'UTC'), toDateTime(t.5, 'UTC'), t.6, t.7, t.8, t.9, if(t.10 = '', NULL, toUUID(t.10)), fromUnixTimestamp64Milli(t.11, 'UTC')
       FROM (SELECT arrayJoin(arrayZip({ids:Array(UUID)}, {campaigns:Array(UUID)}, {advertisers:Array(UUID)}, {from:Array(UInt32)},
         {until:Array(UInt32)}, {reasons:Array(String)}, {impressions:Array(Int64)}, {amounts:Array(Int64)}, {notes:Array(String)},
         {reverses:Array(String)}, {recorded:Array(Int64)})) AS t)`,
      {
        ids: rows.map(({ id }) => id),
        campaigns: rows.map((row) => row.campaign_id),
        advertisers: rows.map((row) => row.advertiser_id),
        from: rows.map((row) => row.from_time.getTime() / 1000),
        until: rows.map((row) => row.to_time.getTime() / 1000),
        reasons: rows.map(({ reason }) => reason),
        impressions: rows.map((row) => Number(row.impressions)),
        amounts: rows.map((row) => Number(row.amount_micros)),
        notes: rows.map(({ note }) => note ?? ''),
        reverses: rows.map(({ reverses }) => reverses ?? ''),
        recorded: rows.map((row) => row.recorded_at.getTime()),
      },
    );
  }
}

/** What was billed for a campaign's deliveries of a time, from the minutes of receipt. */
export async function billedOf(
  { campaign, organisation, from, to }: { campaign: string; organisation: string; from: number; to: number },
  { reader }: Pick<AnalyticsParts, 'reader'>,
): Promise<{ readonly impressions: number; readonly micros: number }> {
  const [row] = await reader.query<{ impressions: string; micros: string }>(
    `SELECT sum(r.impressions) AS impressions, sum(r.spend_micros) AS micros FROM breakwater.delivery_minutes AS r FINAL
     WHERE r.campaign = {campaign:UUID} AND r.minute >= toDateTime({from:UInt32}, 'UTC') AND r.minute < toDateTime({to:UInt32}, 'UTC')
       AND r.advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})`,
    { campaign, organisation, from: from / 1000, to: to / 1000 },
  );
  return { impressions: Number(row?.impressions ?? 0), micros: Number(row?.micros ?? 0) };
}
