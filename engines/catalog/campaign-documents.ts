import type pg from 'pg';
import type {
  Campaign,
  CampaignCategory,
  Condition,
  FrequencyCap,
  PodConfig,
  TargetingRule,
} from '../../domain/campaign.ts';
import type { Place } from '../../domain/creative.ts';
import type { Experiment } from '../../domain/experiment.ts';
import { micros, type PricingModel } from '../../domain/money.ts';
import { readCaps } from './cap-rows.ts';
import { loadCreatives } from './creative-rows.ts';
import { group, type Ids, placeOf, spentBefore } from './rows.ts';

/** BIGINT arrives as text. */
interface CampaignRow {
  id: string;
  version: string;
  name: string;
  advertiser_id: string;
  advertiser_name: string;
  status: Campaign['status'];
  start_date: Date;
  end_date: Date;
  time_zone: string;
  pricing_model: PricingModel;
  price_micros: string;
  total_budget_micros: string | null;
  spent_before_micros: string;
  daily_budget_micros: string | null;
  goal_impressions: string | null;
  pacing_mode: Campaign['pacingMode'];
  pacing_curve: Exclude<Campaign['pacingCurve'], undefined>;
  tier: Campaign['tier'];
  pod_place: Place | null;
}

/**
 * Whole campaign documents, by id: of the given campaigns, or of all (null). One query per table, whatever their number.
 * Call it inside a transaction, or the parts may be of different moments.
 */
export async function loadCampaigns(
  client: pg.PoolClient,
  ids: readonly string[] | null,
): Promise<readonly Campaign[]> {
  const campaigns = await client.query<CampaignRow>(
    `SELECT c.*, a.name AS advertiser_name FROM campaigns c JOIN advertisers a ON a.id = c.advertiser_id
     WHERE $1::uuid[] IS NULL OR c.id = ANY ($1) ORDER BY c.id`,
    [ids],
  );
  const targeting = await loadTargeting(client, ids);
  const caps = await loadCaps(client, ids);
  const categories = await loadCategories(client, ids);
  const creatives = await loadCreatives(client, ids);
  return campaigns.rows.map((row) => ({
    id: row.id,
    version: Number(row.version),
    name: row.name,
    advertiserId: row.advertiser_id,
    advertiserName: row.advertiser_name,
    status: row.status,
    startsAt: row.start_date.getTime(),
    endsAt: row.end_date.getTime(),
    timeZone: row.time_zone,
    pricing: { model: row.pricing_model, priceMicros: micros(Number(row.price_micros)) },
    totalBudgetMicros: row.total_budget_micros === null ? null : micros(Number(row.total_budget_micros)),
    ...spentBefore(row.spent_before_micros),
    dailyBudgetMicros: row.daily_budget_micros === null ? null : micros(Number(row.daily_budget_micros)),
    goalImpressions: row.goal_impressions === null ? null : Number(row.goal_impressions),
    pacingMode: row.pacing_mode,
    ...(row.pacing_curve === null ? {} : { pacingCurve: row.pacing_curve }),
    tier: row.tier,
    ...placeOf(row),
    targeting: targeting.get(row.id) ?? [],
    caps: caps.get(row.id) ?? [],
    categories: categories.get(row.id) ?? [],
    creatives: creatives.get(row.id) ?? [],
  }));
}

async function loadTargeting(client: pg.PoolClient, ids: Ids): Promise<Map<string, TargetingRule[]>> {
  const { rows } = await client.query<{ campaign_id: string; id: string; conditions: Condition[] }>(
    `SELECT campaign_id, id, conditions FROM targeting_rules
     WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1) ORDER BY campaign_id, position, id`,
    [ids],
  );
  return group(
    rows,
    (row) => row.campaign_id,
    (row) => [{ id: row.id, conditions: row.conditions }],
  );
}

async function loadCaps(client: pg.PoolClient, ids: Ids): Promise<Map<string, FrequencyCap[]>> {
  return group(
    await readCaps(client, ids),
    ([campaignId]) => campaignId,
    ([, cap]) => [cap],
  );
}

async function loadCategories(client: pg.PoolClient, ids: Ids): Promise<Map<string, CampaignCategory[]>> {
  const { rows } = await client.query<{ campaign_id: string } & CampaignCategory>(
    // Each category that is used is looked up once, and what lies above it one by one: a join of guesses would read all there are.
    `WITH used AS MATERIALIZED (
       SELECT * FROM campaign_competitive_categories WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1)
     ), known AS MATERIALIZED (
       SELECT category.id, category.name, ARRAY(
         WITH RECURSIVE above AS (
           SELECT category.parent_category_id AS ancestor, 1 AS depth
           UNION ALL
           SELECT parent.parent_category_id, above.depth + 1 FROM above CROSS JOIN LATERAL (
             SELECT parent_category_id FROM competitive_categories WHERE id = above.ancestor OFFSET 0) AS parent
         ) SELECT ancestor::text FROM above WHERE ancestor IS NOT NULL ORDER BY depth) AS ancestors
       FROM (SELECT DISTINCT category_id FROM used) AS one CROSS JOIN LATERAL (
         SELECT id, name, parent_category_id FROM competitive_categories WHERE id = one.category_id OFFSET 0) AS category
     )
     SELECT used.campaign_id, known.id, known.name, known.ancestors
     FROM used JOIN known ON known.id = used.category_id ORDER BY used.campaign_id, used.position, known.id`,
    [ids],
  );
  return group(
    rows,
    (row) => row.campaign_id,
    ({ id, name, ancestors }) => [{ id, name, ancestors }],
  );
}

interface PodRow {
  id: string;
  version: string;
  organisation_id: string;
  name: string;
  duration_seconds: number;
  min_ads: number;
  max_ads: number;
  enable_competitive_separation: boolean;
  min_separation_seconds: number | null;
  separation_scope: 'pod' | 'stream';
  allow_duplicate_advertisers: boolean;
  optimization_goal: PodConfig['objective'];
  exact_duration: boolean;
  allowed_durations: number[] | null;
  backup_ads: number;
}

export async function loadPods(client: pg.PoolClient): Promise<readonly PodConfig[]> {
  const { rows } = await client.query<PodRow>('SELECT * FROM ad_pods ORDER BY id');
  return rows.map((row) => ({
    id: row.id,
    version: Number(row.version),
    organisation: row.organisation_id,
    name: row.name,
    durationSeconds: row.duration_seconds,
    minAds: row.min_ads,
    maxAds: row.max_ads,
    competitiveSeparation: row.enable_competitive_separation,
    minSeparationSeconds: row.min_separation_seconds,
    separationScope: row.separation_scope,
    allowDuplicateAdvertisers: row.allow_duplicate_advertisers,
    objective: row.optimization_goal,
    exactDuration: row.exact_duration,
    allowedDurations: row.allowed_durations,
    backupAds: row.backup_ads,
  }));
}

export async function loadExperiments(client: pg.PoolClient): Promise<readonly Experiment[]> {
  const { rows } = await client.query<Omit<Experiment, 'version'> & { version: string }>(
    'SELECT id, version, organisation_id AS organisation, name, status, arms FROM experiments ORDER BY id',
  );
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}
