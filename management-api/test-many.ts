import pg from 'pg';

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

/** Ids that tell what they are of: a UUID of the kind and the number. */
const id = (kind: string, n: string) => `(lpad('${kind}', 8, '0') || lpad(to_hex(${n}), 24, '0'))::uuid`;
const owner = 'CASE WHEN n % 10 < 6 THEN $1::uuid ELSE $2::uuid END';

/** Rows straight into the tables, as many as a large house has after years; then ANALYZE, as autovacuum would. */
export async function fillCatalog(url: string, { campaigns, organisations }: Many): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const some = (part: number) => Math.max(20, Math.floor(campaigns / part));
  const put = (text: string, count: number) =>
    client.query(text.replace('FROM numbers', `FROM generate_series(1, ${count}) AS n`), [...organisations]);
  try {
    // The outbox is relayed long ago, and documents of this size would only take time.
    await client.query("SET session_replication_role = 'replica'");
    // An inverted index is quicker made than kept.
    const { rows: inverted } = await client.query<{ name: string; made: string }>(
      "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '%USING gin%'",
    );
    for (const { name } of inverted) await client.query(`DROP INDEX ${name}`);
    await put(
      `INSERT INTO advertisers (id, name, organisation_id) SELECT ${id('ad', 'n')}, 'Advertiser ' || n, ${owner} FROM numbers`,
      some(5),
    );
    await put(
      `INSERT INTO campaigns (id, name, description, status, start_date, end_date, created_at, advertiser_id, organisation_id, price_micros, cpm_rate,
         total_budget_micros, tier)
       SELECT ${id('ca', 'n')}, (ARRAY['Spring', 'Summer', 'Autumn', 'Winter'])[1 + n % 4] || ' ' || n, NULL,
         (ARRAY['active', 'paused', 'completed', 'completed', 'draft'])[1 + n % 5],
         '2024-01-01'::timestamptz + n % 700 * interval '1 day', '2024-01-01'::timestamptz + (1 + n % 700 + n % 90) * interval '1 day',
         '2023-01-01'::timestamptz + n * interval '7 minutes', ${id('ad', '1 + (n - 1) % $3')}, ${owner}, 10000, 10, 1000000000,
         (ARRAY['standard', 'standard', 'standard', 'house', 'guaranteed'])[1 + n / 5 % 5]
       FROM numbers`.replaceAll('$3', String(some(5))),
      campaigns,
    );
    await put(
      `INSERT INTO creatives (id, campaign_id, name, duration, status) SELECT ${id('c0', 'n')}, ${id('ca', 'n')}, 'Spot ' || n, 30, 'active'
       FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      campaigns,
    );
    await put(
      `INSERT INTO creative_media_files (creative_id, position, url, type, delivery, width, height)
       SELECT ${id('c0', 'n')}, 0, 'https://cdn.example/' || n || '.mp4', 'video/mp4', 'progressive', 1920, 1080
       FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      campaigns,
    );
    await put(
      `INSERT INTO targeting_rules (id, campaign_id, conditions) SELECT ${id('70', 'n')}, ${id('ca', 'n')},
         '[{"dimension": "geo_countries", "mode": "include", "values": ["US"]}]'
       FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      some(5),
    );
    await put(
      `INSERT INTO frequency_caps (campaign_id, max_impressions_per_day) SELECT ${id('ca', 'n')}, 3
       FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      campaigns,
    );
    await put(
      `INSERT INTO competitive_categories (id, name, parent_category_id, organisation_id)
       SELECT 'category-' || n, 'Category ' || n, CASE WHEN n <= 20 THEN NULL ELSE 'category-' || (n / 20) END, ${owner} FROM numbers`,
      some(10),
    );
    await put(
      `INSERT INTO campaign_competitive_categories (campaign_id, category_id) SELECT ${id('ca', 'n')}, 'category-' || (1 + n % ${some(10)})
       FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      campaigns,
    );
    await put(
      `INSERT INTO ad_pods (name, duration_seconds, organisation_id) SELECT 'Pod ' || n, 60, ${owner} FROM numbers`,
      some(20),
    );
    await put(
      `INSERT INTO experiments (name, status, arms, organisation_id) SELECT 'Experiment ' || n, 'stopped', '[{"name": "a", "weight": 1}]', ${owner}
       FROM numbers`,
      some(20),
    );
    await put(
      `INSERT INTO users (id, email, password_hash, role, organisation_id) SELECT ${id('05', 'n')}, 'user' || n || '@acme.example', 'none',
         (ARRAY['manager', 'analyst', 'player'])[1 + n % 3], ${owner} FROM numbers`,
      some(5),
    );
    await put(
      `INSERT INTO sessions (family, user_id, hash, expires_at) SELECT gen_random_uuid(), ${id('05', `1 + n % ${some(5)}`)}, sha256(n::text::bytea),
         NOW() + interval '1 day' FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      campaigns,
    );
    await put(
      `INSERT INTO api_keys (name, prefix, hash, scopes, organisation_id) SELECT 'Key ' || n, lpad(n::text, 12, 'k'), sha256(n::text::bytea), '{ads:request}', ${owner}
       FROM numbers`,
      some(20),
    );
    await put(
      `INSERT INTO audit_log (organisation_id, sequence, at, actor, action, resource, resource_id, entry, previous, hash)
       SELECT ${owner}, 1000 + n, NOW() - n * interval '1 minute', 'user:' || n % 500, (ARRAY['create', 'update', 'delete'])[1 + n % 3],
         (ARRAY['campaign', 'campaign', 'campaign', 'advertiser', 'user'])[1 + n % 5], ${id('ca', 'n')}::text, '{}', '', sha256(n::text::bytea) FROM numbers`,
      2 * campaigns,
    );
    await client.query(
      `INSERT INTO owned_names (id, kind, organisation_id, name) SELECT id, 'advertiser', organisation_id, name FROM advertisers;
       INSERT INTO owned_names (id, kind, organisation_id, parent_id, name) SELECT id, 'campaign', organisation_id, advertiser_id, name FROM campaigns;
       INSERT INTO owned_names (id, kind, organisation_id, parent_id, name)
         SELECT r.id, 'creative', c.organisation_id, c.id, r.name FROM creatives r JOIN campaigns c ON c.id = r.campaign_id`,
    );
    await put(
      `INSERT INTO saved_reports (id, name, report, organisation_id) SELECT ${id('5a', 'n')}, 'Report ' || n, '{"measures": ["impressions"], "range": "today"}', ${owner}
       FROM numbers`,
      some(20),
    );
    await put(
      `INSERT INTO report_jobs (id, report, status, created_at, organisation_id) SELECT ${id('0b', 'n')}, '{"measures": ["impressions"], "range": "today"}', 'expired',
         NOW() - n * interval '1 hour', ${owner} FROM numbers`,
      some(5),
    );
    await put(
      `INSERT INTO alert_rules (id, name, measure, comparison, threshold, clear_threshold, window_seconds, enabled, organisation_id)
       SELECT ${id('a1', 'n')}, 'Alert ' || n, 'fill', 'below', 0.5, 0.6, 600, false, ${owner} FROM numbers`,
      some(20),
    );
    await put(
      `INSERT INTO alert_events (id, organisation_id, rule_id, rule_name, measure, state, at, detail)
       SELECT ${id('ae', 'n')}, ${owner}, ${id('a1', `1 + n % ${some(20)}`)}, 'Alert', 'fill', 'RAISED', NOW() - n * interval '1 minute', '' FROM numbers`,
      campaigns,
    );
    await put(
      `INSERT INTO optimisation_runs (id, organisation_id, at, actor, request, items) SELECT ${id('09', 'n')}, ${owner}, NOW() - n * interval '1 hour', 'system',
         '{}', '[]' FROM numbers`,
      some(5),
    );
    await put(
      `INSERT INTO carried_over_days (campaign_id, date, impressions, clicks, completions, spend_micros, source)
       SELECT ${id('ca', `1 + n % ${campaigns}`)}, '2023-01-01'::date + n / ${campaigns}, 1, 0, 1, 1000, 'daily_stats'
       FROM numbers WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL`,
      2 * campaigns,
    );
    await put(
      `INSERT INTO idempotency_keys (organisation_id, key, request, status, headers, body) SELECT ${owner}, 'key ' || n, '', 201, '{}', '' FROM numbers`,
      some(2),
    );
    for (const { made } of inverted) await client.query(made);
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}
