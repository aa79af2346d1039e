import pg from 'pg';
import { asEngineErrors } from './postgres-client.ts';

/** A day of a campaign as the MVP counted it. */
export interface CarriedDay {
  readonly day: string;
  readonly campaign: string;
  readonly advertiser: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly completes: number;
  readonly spend_micros: number;
  readonly source: string;
}

/** All days that were carried over, in one order; and one line for each kind of row, in words for whoever migrates. */
export async function readCarriedOver(
  url: string,
): Promise<{ readonly days: readonly CarriedDay[]; readonly told: readonly string[] }> {
  return await asEngineErrors(async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<Record<keyof CarriedDay, string>>(
        `SELECT d.date::text AS day, d.campaign_id AS campaign, c.advertiser_id AS advertiser, d.impressions, d.clicks,
           d.completions AS completes, d.spend_micros, d.source
         FROM carried_over_days d JOIN campaigns c ON c.id = d.campaign_id ORDER BY 2, 1`,
      );
      const days = rows.map((row) => ({
        ...row,
        impressions: Number(row.impressions),
        clicks: Number(row.clicks),
        completes: Number(row.completes),
        spend_micros: Number(row.spend_micros),
      }));
      return { days, told: days.length === 0 ? [] : await told(client) };
    } finally {
      await client.end();
    }
  });
}

async function told(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<Record<string, string>>(
    `SELECT
       (SELECT COUNT(*) FROM carried_over_days) AS days,
       (SELECT COALESCE(SUM(impressions), 0) FROM carried_over_days) AS impressions,
       (SELECT COUNT(*) FROM carried_over_days WHERE source = 'impressions') AS counted,
       (SELECT COALESCE(SUM(spent_before_micros), 0) FROM campaigns) AS spent,
       (SELECT COUNT(*) FROM campaigns WHERE spent_before_micros > 0) AS spenders,
       (SELECT COUNT(*) FROM campaigns WHERE pricing_model = 'cpm' AND cpm_rate * 1000 <> TRUNC(cpm_rate * 1000)) AS rounded`,
  );
  const row = rows[0] ?? {};
  return [
    `carried over: ${row.days} days of campaigns with ${row.impressions} impressions, ${row.counted} of the days counted from single impressions`,
    `carried over: ${row.spent} micros spent before by ${row.spenders} campaigns`,
    `carried over: ${row.rounded} CPM rates with a fourth decimal were rounded to whole micros an impression`,
  ];
}
