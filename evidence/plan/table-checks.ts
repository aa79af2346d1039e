import { openDesk } from '../../engines/open.ts';
import { assert, type Check } from './checks.ts';
import type { OwnHouse } from './house.ts';

/** The plan's eight tables with its columns; the first six are PostgreSQL's, the others ClickHouse's. */
const catalog = {
  T1: [
    'targeting_rules',
    'id campaign_id geo_countries geo_regions geo_cities geo_dma_codes device_types os_types device_brands content_categories content_genres content_ratings age_ranges gender household_income time_zones day_parts days_of_week created_at updated_at',
  ],
  T2: [
    'frequency_caps',
    'id campaign_id creative_id max_impressions_per_hour max_impressions_per_day max_impressions_per_week max_impressions_per_month scope created_at',
  ],
  T3: [
    'user_frequency_tracking',
    'id user_identifier campaign_id creative_id impressions_count last_impression_at hour_count day_count week_count month_count reset_hour_at reset_day_at reset_week_at reset_month_at',
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

export const tableChecks: readonly Check[] = [
  ...checksOf(catalog, catalogColumns),
  ...checksOf(warehouse, warehouseColumns),
];
