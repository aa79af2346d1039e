import pg from 'pg';
import type { TestDesk } from './test-desk.ts';

/** How much there is of what grows; the first of two organisations has six tenths of it. */
export interface Many {
  readonly campaigns: number;
  /** The organisations' ids. */
  readonly organisations: readonly [string, string];
}

/** Tables that grow with the business: to read one of them from end to end is a fault. */
export const growing = [
  'advertisers',
  'campaigns',
  'creatives',
  'creative_media_files',
  'targeting_rules',
  'frequency_caps',
  'competitive_categories',
  'campaign_competitive_categories',
  'ad_pods',
  'adjustments',
  'experiments',
  'users',
  'api_keys',
  'sessions',
  'audit_log',
  'owned_names',
  'saved_reports',
  'report_jobs',
  'alert_rules',
  'alert_events',
  'optimisation_runs',
  'carried_over_days',
  'idempotency_keys',
  'outbox',
] as const;

/** {n} campaigns, {n/5}: a fifth as many, twenty at least. Documents of this size would only take time, so the outbox stays empty. */
const rows = `
CREATE FUNCTION id_of(kind TEXT, n BIGINT) RETURNS UUID LANGUAGE SQL IMMUTABLE
RETURN (lpad(kind, 8, '0') || lpad(to_hex(n), 24, '0'))::uuid;
CREATE FUNCTION owner_of(n BIGINT) RETURNS UUID LANGUAGE SQL IMMUTABLE
RETURN CASE WHEN n % 10 < 6 THEN '{first}'::uuid ELSE '{second}'::uuid END;

INSERT INTO advertisers (id, name, organisation_id) SELECT id_of('ad', n), 'Advertiser ' || n, owner_of(n) FROM generate_series(1, {n/5}) AS n;

INSERT INTO campaigns (id, name, status, start_date, end_date, created_at, advertiser_id, organisation_id, price_micros, cpm_rate,
    total_budget_micros, tier)
SELECT id_of('ca', n), (ARRAY['Spring', 'Summer', 'Autumn', 'Winter'])[1 + n % 4] || ' ' || n,
    (ARRAY['active', 'paused', 'completed', 'completed', 'draft'])[1 + n % 5],
    '2024-01-01'::timestamptz + n % 700 * interval '1 day',
    '2024-01-01'::timestamptz + (1 + n % 700 + n % 90) * interval '1 day',
    '2023-01-01'::timestamptz + n * interval '7 minutes', id_of('ad', 1 + (n - 1) % {n/5}), owner_of(n), 10000, 10, 1000000000,
    (ARRAY['standard', 'standard', 'standard', 'house', 'guaranteed'])[1 + n / 5 % 5]
FROM generate_series(1, {n}) AS n;

INSERT INTO creatives (id, campaign_id, name, duration, status) SELECT id_of('c0', n), id_of('ca', n), 'Spot ' || n, 30, 'active'
    FROM generate_series(1, {n}) AS n;

INSERT INTO creative_media_files (creative_id, position, url, type, delivery, width, height)
    SELECT id_of('c0', n), 0, 'https://cdn.example/' || n || '.mp4', 'video/mp4', 'progressive', 1920, 1080
    FROM generate_series(1, {n}) AS n;

INSERT INTO targeting_rules (id, campaign_id, conditions) SELECT id_of('70', n), id_of('ca', n),
    '[{"dimension": "geo_countries", "mode": "include", "values": ["US"]}]'
    FROM generate_series(1, {n/5}) AS n;

INSERT INTO frequency_caps (campaign_id, max_impressions_per_day) SELECT id_of('ca', n), 3
    FROM generate_series(1, {n}) AS n;

INSERT INTO competitive_categories (id, name, parent_category_id, organisation_id)
    SELECT 'category-' || n, 'Category ' || n, CASE WHEN n <= 20 THEN NULL ELSE 'category-' || (n / 20) END, owner_of(n) FROM generate_series(1, {n/10}) AS n;

INSERT INTO campaign_competitive_categories (campaign_id, category_id) SELECT id_of('ca', n), 'category-' || (1 + n % {n/10})
    FROM generate_series(1, {n}) AS n;

INSERT INTO ad_pods (name, duration_seconds, organisation_id) SELECT 'Pod ' || n, 60, owner_of(n) FROM generate_series(1, {n/20}) AS n;

INSERT INTO experiments (name, status, arms, organisation_id) SELECT 'Experiment ' || n, 'stopped', '[{"name": "a", "weight": 1}]', owner_of(n)
    FROM generate_series(1, {n/20}) AS n;

INSERT INTO users (id, email, password_hash, role, organisation_id) SELECT id_of('05', n), 'user' || n || '@acme.example', 'none',
    (ARRAY['manager', 'analyst', 'player'])[1 + n % 3], owner_of(n) FROM generate_series(1, {n/5}) AS n;

INSERT INTO sessions (family, user_id, hash, expires_at) SELECT gen_random_uuid(), id_of('05', 1 + n % {n/5}), sha256(n::text::bytea),
    NOW() + interval '1 day' FROM generate_series(1, {n}) AS n;

INSERT INTO api_keys (name, prefix, hash, scopes, organisation_id) SELECT 'Key ' || n, lpad(n::text, 12, 'k'), sha256(n::text::bytea), '{ads:request}', owner_of(n)
    FROM generate_series(1, {n/20}) AS n;

INSERT INTO audit_log (organisation_id, sequence, at, actor, action, resource, resource_id, entry, previous, hash)
    SELECT owner_of(n), 1000 + n, NOW() - n * interval '1 minute', 'user:' || n % 500, (ARRAY['create', 'update', 'delete'])[1 + n % 3],
    (ARRAY['campaign', 'campaign', 'campaign', 'advertiser', 'user'])[1 + n % 5], id_of('ca', n)::text, '{}', '', sha256(n::text::bytea) FROM generate_series(1, {2n}) AS n;

INSERT INTO owned_names (id, kind, organisation_id, name) SELECT id, 'advertiser', organisation_id, name FROM advertisers;

INSERT INTO owned_names (id, kind, organisation_id, parent_id, name) SELECT id, 'campaign', organisation_id, advertiser_id, name FROM campaigns;

INSERT INTO owned_names (id, kind, organisation_id, parent_id, name) SELECT r.id, 'creative', c.organisation_id, c.id, r.name FROM creatives r JOIN campaigns c ON c.id = r.campaign_id;

INSERT INTO saved_reports (id, name, report, organisation_id) SELECT id_of('5a', n), 'Report ' || n, '{"measures": ["impressions"], "range": "today"}', owner_of(n)
    FROM generate_series(1, {n/20}) AS n;

INSERT INTO report_jobs (id, report, status, created_at, organisation_id) SELECT id_of('0b', n), '{"measures": ["impressions"], "range": "today"}', 'expired',
    NOW() - n * interval '1 hour', owner_of(n) FROM generate_series(1, {n/5}) AS n;

INSERT INTO alert_rules (id, name, measure, comparison, threshold, clear_threshold, window_seconds, enabled, organisation_id)
    SELECT id_of('a1', n), 'Alert ' || n, 'fill', 'below', 0.5, 0.6, 600, false, owner_of(n) FROM generate_series(1, {n/20}) AS n;

INSERT INTO alert_events (id, organisation_id, rule_id, rule_name, measure, state, at, detail)
    SELECT id_of('ae', n), owner_of(n), id_of('a1', 1 + n % {n/20}), 'Alert', 'fill', 'RAISED', NOW() - n * interval '1 minute', '' FROM generate_series(1, {n}) AS n;

INSERT INTO adjustments (id, organisation_id, campaign_id, advertiser_id, reason, from_time, to_time, impressions, amount_micros, recorded_by, recorded_at)
    SELECT id_of('ad', n), owner_of(n), id_of('ca', 1 + n % {n/20}), id_of('ad', 1), 'other', NOW() - n * interval '1 minute', NOW(), 1, 1000, 'user:1',
    NOW() - n * interval '1 minute' FROM generate_series(1, {n/50}) AS n;

INSERT INTO optimisation_runs (id, organisation_id, at, actor, request, items) SELECT id_of('09', n), owner_of(n), NOW() - n * interval '1 hour', 'system',
    '{}', '[]' FROM generate_series(1, {n/5}) AS n;

INSERT INTO carried_over_days (campaign_id, date, impressions, clicks, completions, spend_micros, source)
    SELECT id_of('ca', 1 + n % {n}), '2023-01-01'::date + n / {n}, 1, 0, 1, 1000, 'daily_stats'
    FROM generate_series(1, {2n}) AS n;

INSERT INTO idempotency_keys (organisation_id, key, request, status, headers, body) SELECT owner_of(n), 'key ' || n, '', 201, '{}', '' FROM generate_series(1, {n/2}) AS n;

DROP FUNCTION id_of;
DROP FUNCTION owner_of;
`;

/** Rows straight into the tables, as many as a large house has after years; then ANALYZE, as autovacuum would. */
export async function fillCatalog(url: string, { campaigns, organisations }: Many): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const text = rows
    .replaceAll('{first}', organisations[0])
    .replaceAll('{second}', organisations[1])
    .replaceAll('{2n}', String(2 * campaigns))
    .replaceAll('{n}', String(campaigns))
    .replaceAll(/\{n\/(\d+)\}/g, (_, part: string) => String(Math.max(20, Math.floor(campaigns / Number(part)))));
  try {
    await client.query("SET session_replication_role = 'replica'");
    // An inverted index is quicker made than kept.
    const { rows: inverted } = await client.query<{ name: string; made: string }>(
      "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '%USING gin%'",
    );
    for (const { name } of inverted) await client.query(`DROP INDEX ${name}`);
    await client.query(text);
    for (const { made } of inverted) await client.query(made);
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}

/** Active campaigns without budgets, older than all that the API makes. `from`, `to`: epoch ms. */
export async function olderCampaigns(
  { parts }: Pick<TestDesk, 'parts'>,
  {
    advertiser,
    first = 0,
    count,
    from,
    to,
  }: { advertiser: string; first?: number; count: number; from: number; to: number },
): Promise<void> {
  await parts.desk.system((sql) =>
    sql.query(
      `INSERT INTO campaigns (id, name, status, start_date, end_date, advertiser_id, organisation_id, price_micros)
       SELECT lpad(to_hex(n), 32, '0')::uuid, 'Older ' || n, 'active', $3, $4, id, organisation_id, 10000
       FROM advertisers, generate_series($5::int + 1, $5 + $2::int) AS n WHERE id = $1`,
      [advertiser, count, new Date(from), new Date(to), first],
    ),
  );
}
