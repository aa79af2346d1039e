import type { Campaign } from '../../domain/campaign.ts';
import { type Micros, micros } from '../../domain/money.ts';
import type { DeskTransaction, DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { checkCampaign } from '../campaigns/check-campaign.ts';
import type { ManagementParts } from '../parts.ts';
import { type CampaignRowV1, type CampaignV1, type KeptRates, rateNow, shownV1 } from './campaign-shape.ts';

interface Row {
  readonly id: string;
  readonly description: string | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly cpm_rate: string | null;
  readonly cpc_rate: string | null;
  readonly cpv_rate: string | null;
}

/** Campaigns with what v1 says of them beyond their documents, in the order of the ids. */
export interface FoundV1 {
  readonly campaign: Campaign;
  readonly row: CampaignRowV1;
  /** What the MVP had spent. */
  readonly spentBefore: Micros;
}

export async function foundV1(sql: DeskTransaction, ids: readonly string[]): Promise<readonly FoundV1[]> {
  const documents = new Map((await sql.campaigns(ids)).map((campaign) => [campaign.id, campaign]));
  const { rows } = await sql.query<Row>(
    `SELECT id, description, created_by, created_at, updated_at, cpm_rate, cpc_rate, cpv_rate
     FROM campaigns WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const [campaign, row] = [documents.get(id), byId.get(id)];
    return campaign && row ? [found(campaign, row)] : [];
  });
}

function found(campaign: Campaign, row: Row): FoundV1 {
  const { cpm_rate: cpm, cpc_rate: cpc, cpv_rate: cpv } = row;
  return {
    campaign,
    spentBefore: campaign.spentBeforeMicros ?? micros(0),
    row: {
      description: row.description,
      createdBy: row.created_by,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      rates: { cpm, cpc, cpv, ...rateNow(campaign.pricing) },
    },
  };
}

/** As v1 answers them. `since`: what was spent beyond what the MVP had; null where the warehouse cannot tell. */
export function answersV1(all: readonly FoundV1[], since: ReadonlyMap<string, Micros> | null): CampaignV1[] {
  return all.map(({ campaign, row, spentBefore }) =>
    shownV1(campaign, row, since === null ? null : micros(spentBefore + (since.get(campaign.id) ?? 0))),
  );
}

/** The one campaign of this id. Throws Problem 404. */
export async function oneV1(sql: DeskTransaction, id: string): Promise<FoundV1> {
  const [one] = await foundV1(sql, [id.toLowerCase()]);
  if (one) return one;
  throw new Problem(404, 'Not found', `there is no campaign ${id}`);
}

/** What v1 keeps in columns beside the document. */
export async function writeColumns(
  sql: DeskTransaction,
  id: string,
  { rates, description }: { readonly rates: KeptRates; readonly description: string | null | undefined },
): Promise<void> {
  await sql.query(
    `UPDATE campaigns SET cpm_rate = $2, cpc_rate = $3, cpv_rate = $4,
       description = CASE WHEN $5 THEN $6 ELSE description END WHERE id = $1`,
    [id, rates.cpm, rates.cpc, rates.cpv, description !== undefined, description ?? null],
  );
}

const ADVERTISER = 'Advertiser of the MVP';

/** v1 knows no advertisers: its campaigns belong to one, which is made with the first of them. */
export async function advertiserV1(sql: DeskWrite, { random }: ManagementParts): Promise<{ id: string; name: string }> {
  const { rows } = await sql.query<{ id: string }>(
    'SELECT id FROM advertisers WHERE name = $1 ORDER BY created_at, id LIMIT 1',
    [ADVERTISER],
  );
  return { id: rows[0]?.id ?? random.uuid(), name: ADVERTISER };
}

const names: Readonly<Record<string, (campaign: Pick<Campaign, 'pricing'>) => string>> = {
  '/starts_at': () => '/start_date',
  '/ends_at': () => '/end_date',
  '/total_budget_micros': () => '/budget_total',
  '/pricing/rate_micros': ({ pricing }) => (pricing.model === 'flat' ? '/pricing_model' : `/${pricing.model}_rate`),
};

const V2 = /total_budget_micros|starts_at|ends_at/g;

/** Today's rules, told in the fields of v1. Throws Problem 422. */
export function checkCampaignV1(campaign: Omit<Campaign, 'version'>, before: Campaign | null): void {
  try {
    checkCampaign(campaign, before, null);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const wrong = error.errors.map(({ pointer, detail }) => ({
      pointer: names[pointer]?.(campaign) ?? pointer,
      detail: detail.replace(V2, (field) => (names[`/${field}`]?.(campaign) ?? field).replace('/', '')),
    }));
    const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
    throw new Problem(error.status, error.title, detail, wrong);
  }
}
