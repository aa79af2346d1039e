import type pg from 'pg';
import type { Campaign, CampaignCategory, TargetingRule } from '../../domain/campaign.ts';
import { EngineError } from '../errors.ts';
import { spentBefore } from './rows.ts';

/** A campaign as it is put: the catalog gives the version. */
export type NewCampaign = Omit<Campaign, 'version'>;

/** A pricing model that is left keeps its price, in currency units, beside the document: v1 goes back to it. */
const keptRates = Object.entries({ cpm: '1000.0', cpc: '1000000.0', cpv: '1000000.0' })
  .map(
    ([model, unit]) =>
      `${model}_rate = CASE campaigns.pricing_model WHEN '${model}' THEN campaigns.price_micros / ${unit} ELSE campaigns.${model}_rate END`,
  )
  .join(', ');

/** Writes the campaign's own row; answers its version, the last one that its id had plus one, and what the row alone knows. */
export async function writeCampaign(
  client: pg.PoolClient,
  campaign: NewCampaign,
): Promise<Pick<Campaign, 'version' | 'spentBeforeMicros'>> {
  const { rows } = await client.query<{ version: string; spent_before_micros: string }>(
    `INSERT INTO campaigns (id, advertiser_id, name, status, start_date, end_date, time_zone, pricing_model,
       price_micros, total_budget_micros, daily_budget_micros, goal_impressions, pacing_mode, tier, pod_place,
       pacing_curve)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     ON CONFLICT (id) DO UPDATE SET
       advertiser_id = excluded.advertiser_id, name = excluded.name, status = excluded.status,
       start_date = excluded.start_date, end_date = excluded.end_date, time_zone = excluded.time_zone,
       pricing_model = excluded.pricing_model, price_micros = excluded.price_micros,
       total_budget_micros = excluded.total_budget_micros, daily_budget_micros = excluded.daily_budget_micros,
       goal_impressions = excluded.goal_impressions, pacing_mode = excluded.pacing_mode, tier = excluded.tier,
       pod_place = excluded.pod_place, pacing_curve = excluded.pacing_curve, ${keptRates},
       version = campaigns.version + 1, updated_at = NOW()
     RETURNING version, spent_before_micros`,
    [
      campaign.id,
      campaign.advertiserId,
      campaign.name,
      campaign.status,
      new Date(campaign.startsAt),
      new Date(campaign.endsAt),
      campaign.timeZone,
      campaign.pricing.model,
      campaign.pricing.priceMicros,
      campaign.totalBudgetMicros,
      campaign.dailyBudgetMicros,
      campaign.goalImpressions,
      campaign.pacingMode,
      campaign.tier,
      campaign.place ?? null,
      campaign.pacingCurve ? JSON.stringify(campaign.pacingCurve) : null,
    ],
  );
  return { version: Number(rows[0]?.version), ...spentBefore(rows[0]?.spent_before_micros) };
}

/**
 * Writes the rows of campaigns that are not there yet; answers their versions by id: 1, or the next one of a campaign that was there
 * before (migrations/0115). EngineError `refused` where one is there.
 */
export async function insertCampaigns(
  client: pg.PoolClient,
  campaigns: readonly NewCampaign[],
): Promise<ReadonlyMap<string, number>> {
  const column = <T>(of: (campaign: NewCampaign) => T) => campaigns.map(of);
  const { rows } = await client.query<{ id: string; version: string }>(
    `INSERT INTO campaigns (id, advertiser_id, name, status, start_date, end_date, time_zone, pricing_model,
       price_micros, total_budget_micros, daily_budget_micros, goal_impressions, pacing_mode, tier, pod_place,
       pacing_curve)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
       $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::jsonb[])
     RETURNING id, version`,
    [
      column(({ id }) => id),
      column(({ advertiserId }) => advertiserId),
      column(({ name }) => name),
      column(({ status }) => status),
      column(({ startsAt }) => new Date(startsAt)),
      column(({ endsAt }) => new Date(endsAt)),
      column(({ timeZone }) => timeZone),
      column(({ pricing }) => pricing.model),
      column(({ pricing }) => pricing.priceMicros),
      column(({ totalBudgetMicros }) => totalBudgetMicros),
      column(({ dailyBudgetMicros }) => dailyBudgetMicros),
      column(({ goalImpressions }) => goalImpressions),
      column(({ pacingMode }) => pacingMode),
      column(({ tier }) => tier),
      column(({ place }) => place ?? null),
      column(({ pacingCurve }) => (pacingCurve ? JSON.stringify(pacingCurve) : null)),
    ],
  );
  return new Map(rows.map(({ id, version }) => [id, Number(version)]));
}

/** Writes the advertiser; answers whether it had another name before. */
export async function writeAdvertiser(client: pg.PoolClient, id: string, name: string): Promise<boolean> {
  const known = await client.query<{ name: string }>('SELECT name FROM advertisers WHERE id = $1', [id]);
  await client.query(
    `INSERT INTO advertisers (id, name) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, updated_at = NOW() WHERE advertisers.name <> excluded.name`,
    [id, name],
  );
  return known.rows.some((row) => row.name !== name);
}

export async function writeTargeting(
  client: pg.PoolClient,
  campaignId: string,
  rules: readonly TargetingRule[],
): Promise<void> {
  await client.query('DELETE FROM targeting_rules WHERE campaign_id = $1', [campaignId]);
  await insertTargeting(client, [{ id: campaignId, targeting: rules }]);
}

/** For campaigns that have no rules yet. */
export async function insertTargeting(
  client: pg.PoolClient,
  campaigns: readonly Pick<Campaign, 'id' | 'targeting'>[],
): Promise<void> {
  const rows = campaigns.flatMap(({ id: campaign, targeting }) =>
    targeting.map(({ id, conditions }, position) => ({ campaign, id, position, conditions })),
  );
  await client.query(
    `INSERT INTO targeting_rules (campaign_id, id, position, conditions)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::jsonb[])`,
    [
      rows.map(({ campaign }) => campaign),
      rows.map(({ id }) => id),
      rows.map(({ position }) => position),
      rows.map(({ conditions }) => JSON.stringify(conditions)),
    ],
  );
}

/**
 * Writes the categories with the rows above them. A document names its categories, but only the ids of what is above: a
 * row made for such an id is called by it until a document names it. EngineError `refused` where the catalog knows
 * another name or another place: renaming and moving changes other campaigns' documents, and is not done in passing.
 */
export async function writeCategories(
  client: pg.PoolClient,
  campaignId: string,
  categories: readonly CampaignCategory[],
): Promise<void> {
  await client.query('DELETE FROM campaign_competitive_categories WHERE campaign_id = $1', [campaignId]);
  await insertCategories(client, [{ id: campaignId, categories }]);
}

/** For campaigns that have no categories yet. */
export async function insertCategories(
  client: pg.PoolClient,
  campaigns: readonly Pick<Campaign, 'id' | 'categories'>[],
): Promise<void> {
  const rows = campaigns.flatMap(({ id: campaign, categories }) =>
    categories.map((category, position) => ({ campaign, category, position })),
  );
  for (const category of new Map(rows.map((row) => [JSON.stringify(row.category), row.category])).values()) {
    const chain = [category.id, ...category.ancestors];
    // From the root down, because a row refers to the one above it.
    for (let depth = chain.length - 1; depth >= 0; depth--) {
      const id = chain[depth] as string;
      await writeCategory(client, id, depth === 0 ? category.name : id, chain[depth + 1] ?? null);
    }
  }
  await client.query(
    `INSERT INTO campaign_competitive_categories (campaign_id, category_id, position)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[])`,
    [
      rows.map(({ campaign }) => campaign),
      rows.map(({ category }) => category.id),
      rows.map(({ position }) => position),
    ],
  );
}

async function writeCategory(client: pg.PoolClient, id: string, name: string, parent: string | null): Promise<void> {
  const { rows } = await client.query<{ name: string; parent_category_id: string | null }>(
    'SELECT name, parent_category_id FROM competitive_categories WHERE id = $1',
    [id],
  );
  const known = rows[0];
  if (!known) {
    await client.query('INSERT INTO competitive_categories (id, name, parent_category_id) VALUES ($1, $2, $3)', [
      id,
      name,
      parent,
    ]);
    return;
  }
  if (known.parent_category_id !== parent) {
    throw new EngineError(
      'refused',
      `catalog: category ${id} lies under ${known.parent_category_id ?? 'nothing'}, not under ${parent ?? 'nothing'}`,
    );
  }
  if (name === id || name === known.name) return;
  if (known.name !== id)
    throw new EngineError('refused', `catalog: category ${id} is called ${known.name}, not ${name}`);
  await client.query('UPDATE competitive_categories SET name = $2 WHERE id = $1', [id, name]);
}
