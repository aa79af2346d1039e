import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { type AdjustmentRow, adjustmentsOf, shareAdjustments } from './adjustments.ts';
import type { AnalyticsParts } from './parts.ts';

const AT_ONCE = 2_000;

/** What the warehouse must know of an organisation before its rows are read. */
export interface Tenant {
  /** That are or were its own. */
  readonly advertisers: readonly string[];
  readonly adjustments: readonly AdjustmentRow[];
}

/** By row-level security. */
export async function tenantOf(sql: DeskTransaction): Promise<Tenant> {
  const { rows } = await sql.query<{ id: string }>(`SELECT id FROM owned_names WHERE kind = 'advertiser'`);
  return { advertisers: rows.map(({ id }) => id), adjustments: await adjustmentsOf(sql) };
}

/**
 * Sees to it that the warehouse knows the organisation's advertisers, those that are gone too, and its adjustments. Rows of delivery
 * name their advertiser, and an advertiser never changes its organisation, so these ids are the organisation's rows.
 */
export async function shareTenant(
  organisation: string,
  { advertisers, adjustments }: Tenant,
  parts: Pick<AnalyticsParts, 'warehouse'>,
): Promise<void> {
  await shareAdvertisers(organisation, advertisers, parts);
  await shareAdjustments(adjustments, advertisers, parts);
}

async function shareAdvertisers(
  organisation: string,
  advertisers: readonly string[],
  { warehouse }: Pick<AnalyticsParts, 'warehouse'>,
): Promise<void> {
  const [known] = await warehouse.query<{ n: string }>(
    'SELECT uniqExact(advertiser) AS n FROM breakwater.owners WHERE organisation = {organisation:UUID}',
    { organisation },
  );
  if (Number(known?.n) === advertisers.length) return;
  for (let from = 0; from < advertisers.length; from += AT_ONCE) {
    await warehouse.run(
      `INSERT INTO breakwater.owners (organisation, advertiser)
       SELECT {organisation:UUID}, arrayJoin({advertisers:Array(UUID)})`,
      { organisation, advertisers: advertisers.slice(from, from + AT_ONCE) },
    );
  }
}

/** What advertisers, campaigns and creatives are or were called. */
export async function namesOf(sql: DeskTransaction, ids: readonly string[]): Promise<Record<string, string>> {
  if (ids.length === 0) return {};
  const { rows } = await sql.query<{ id: string; name: string }>(
    'SELECT id, name FROM owned_names WHERE id = ANY($1::uuid[])',
    [ids],
  );
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}
