import { openDesk } from '../../engines/open.ts';
import { assert, type Check, campaignFor, told, until, untilServed } from './checks.ts';
import type { OwnHouse } from './house.ts';

/** The plan's eight tables with its columns: five are PostgreSQL's, two ClickHouse's, and one is a read. */
const catalog = {
  T1: [
    'targeting_rules',
    'id campaign_id geo_countries geo_regions geo_cities geo_dma_codes device_types os_types device_brands content_categories content_genres content_ratings age_ranges gender household_income time_zones day_parts days_of_week created_at updated_at',
  ],
  T2: [
    'frequency_caps',
    'id campaign_id creative_id max_impressions_per_hour max_impressions_per_day max_impressions_per_week max_impressions_per_month scope created_at',
  ],
  T4: ['competitive_categories', 'id name description parent_category_id created_at'],
  T5: ['campaign_competitive_categories', 'campaign_id category_id created_at'],
  T6: [
    'ad_pods',
    'id name duration_seconds max_ads min_ads enable_competitive_separation min_separation_seconds allow_duplicate_advertisers optimization_goal created_at',
  ],
} as const;

const warehouse = {
  T7: [
    'analytics_events',
    'id event_type campaign_id creative_id user_identifier device_info geo_info event_timestamp view_duration viewability_percentage audio_level attribution_window conversion_value created_at',
  ],
  T8: [
    'campaign_performance',
    'id campaign_id total_impressions total_clicks total_completions ctr vtr completion_rate quality_score relevance_score budget_spent_today projected_spend_today pacing_status last_calculated_at created_at',
  ],
} as const;

async function catalogColumns(house: OwnHouse, table: string): Promise<readonly string[]> {
  const desk = await openDesk(house.catalog, null);
  try {
    const { rows } = await desk.system((sql) =>
      sql.query<{ column_name: string }>('SELECT column_name FROM information_schema.columns WHERE table_name = $1', [
        table,
      ]),
    );
    return rows.map(({ column_name }) => column_name);
  } finally {
    await desk.close();
  }
}

async function warehouseColumns(house: OwnHouse, table: string): Promise<readonly string[]> {
  const body = `SELECT name FROM system.columns WHERE database = 'breakwater' AND table = '${table}' FORMAT TSV`;
  const response = await fetch(house.warehouse, { method: 'POST', body });
  const text = await response.text();
  assert(response.ok, text);
  return text.trim().split('\n');
}

const checksOf = (
  tables: Readonly<Record<string, readonly [string, string]>>,
  columns: (house: OwnHouse, table: string) => Promise<readonly string[]>,
): readonly Check[] =>
  Object.entries(tables).map(([id, [table, wanted]]) => ({
    id,
    async run(house: OwnHouse) {
      const found = await columns(house, table);
      const missing = wanted.split(' ').filter((name) => !found.includes(name));
      assert(missing.length === 0, `${table} lacks ${missing.join(', ')}`);
    },
  }));

const seenColumns =
  'user_identifier campaign_id creative_id impressions_count last_impression_at hour_count day_count week_count month_count reset_hour_at reset_day_at reset_week_at reset_month_at';

/** What a viewer has seen is read, not kept twice: no column of the plan but its `id`, beside which it has another key, is missing. */
const seen: Check = {
  id: 'T3',
  async run(house) {
    const { id: campaign, brand } = await campaignFor(house);
    // Windows that no cap is as long as are not told.
    const cap = { scope: 'user', window: 'month', max_impressions: 5 };
    await told(house, 201, 'POST', `/api/v2/campaigns/${campaign}/frequency-cap`, cap);
    const viewer = { scope: 'user', id: `seen ${brand}` };
    const request = { device: { type: 'smart_tv', brand }, user: { id: viewer.id } };
    let row: Record<string, unknown> = {};
    const read = async () => {
      const { body } = await told(house, 200, 'POST', '/api/v2/viewers/show', viewer);
      const viewings = body.viewings as Record<string, unknown>[];
      row = { user_identifier: body.pseudonym, ...viewings.find(({ campaign_id }) => campaign_id === campaign) };
    };
    let impression = '';
    await until('a place is held for the viewer, since the cap is known', async () => {
      impression = (await untilServed(house, campaign, request))[0]?.tracking.impression ?? '';
      await read();
      return Number(row.held) > 0;
    });
    await fetch(impression);
    await until('the impression is in what the viewer has seen', async () => {
      await read();
      return Number(row.impressions_count) > 0;
    });
    const missing = seenColumns.split(' ').filter((name) => (row[name] ?? null) === null);
    assert(missing.length === 0, `user_frequency_tracking lacks ${missing.join(', ')}`);
    const counts = [row.impressions_count, row.hour_count, row.day_count, row.week_count, row.month_count];
    assert(
      counts.every((count) => count === 1),
      `one impression is counted ${counts.join(', ')} times`,
    );
  },
};

export const tableChecks: readonly Check[] = [
  ...checksOf(catalog, catalogColumns),
  seen,
  ...checksOf(warehouse, warehouseColumns),
];
