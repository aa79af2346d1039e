import type { Campaign } from '../../domain/campaign.ts';
import type { BilledMinute } from '../../domain/ledger.ts';
import { dayOf } from '../../domain/zone.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { OlderMoney } from './money.ts';

const QUARTER = 15;

interface QuarterRow {
  readonly campaign: string;
  readonly quarter: number;
  readonly micros: string;
  readonly impressions: string;
}

/** What was billed before the log begins, from the warehouse's raw rows, by quarters of an hour. */
export function olderMoney(warehouse: Warehouse, campaigns: ReadonlyMap<string, Campaign>): OlderMoney {
  return async (before) => {
    const rows = await warehouse.query<QuarterRow>(
      `SELECT toString(campaign) AS campaign, intDiv(toUnixTimestamp(decision_minute), 60 * ${QUARTER}) AS quarter,
         sum(spend_micros) AS micros, countIf(event = 'impression') AS impressions
       FROM breakwater.beacons FINAL
       WHERE billable AND decision_minute < toDateTime({before:UInt32}, 'UTC')
       GROUP BY campaign, quarter`,
      { before: before * 60 },
    );
    const found = rows.map(({ campaign, quarter, micros, impressions }): BilledMinute & { readonly id: string } => {
      const minute = Number(quarter) * QUARTER;
      const day = dayOf(minute * 60_000, campaigns.get(campaign)?.timeZone ?? 'UTC');
      return { id: campaign, minute, day, micros: Number(micros), impressions: Number(impressions) };
    });
    return Map.groupBy(found, ({ id }) => id);
  };
}
