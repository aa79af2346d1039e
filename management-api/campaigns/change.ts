import type { Campaign } from '../../domain/campaign.ts';
import type { DeskTransaction, DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import type { ManagementParts } from '../parts.ts';
import type { Ask } from '../route.ts';
import type { CampaignExtras } from './shape.ts';

export type CampaignAsk = Ask<{ readonly id: string }, unknown, unknown>;

/** The campaign that the path names, as it is now. Throws Problem 404; a foreign one is not there either. */
export async function campaignOf(sql: DeskTransaction, id: string): Promise<Campaign> {
  const [campaign] = await sql.campaigns([id]);
  if (campaign) return campaign;
  throw new Problem(404, 'Not found', `there is no campaign ${id}`);
}

/**
 * Changes one part of a campaign: the version that the caller knows is compared, the whole document is written and announced,
 * and what changed goes to the audit. Throws Problem 404, 412, and what `change` throws.
 */
export async function changeCampaign(
  ask: CampaignAsk,
  sql: DeskWrite,
  { clock }: ManagementParts,
  part: { readonly resource: string; readonly show: (campaign: Campaign) => unknown },
  change: (campaign: Campaign) => Omit<Campaign, 'version'>,
): Promise<Campaign> {
  const before = await campaignOf(sql, ask.params.id);
  sameVersion(ask.ifMatch, before.version);
  const after = change(before);
  const version = await sql.putCampaign(after);
  const written = { ...after, version };
  await audit(sql, {
    at: clock.now(),
    actor: ask.caller.actor,
    action: 'update',
    resource: part.resource,
    id: before.id,
    before: part.show(before),
    after: part.show(written),
  });
  return written;
}

/** Throws Problem 412 when the caller knows another version than there is. */
export function sameVersion(known: number | null, version: number): void {
  if (known === null || known === version) return;
  throw new Problem(412, 'Changed meanwhile', `it has version ${version} now: read it again, then change it`);
}

interface ExtrasRow {
  readonly description: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export async function extrasOf(sql: DeskTransaction, ids: readonly string[]): Promise<Map<string, CampaignExtras>> {
  const { rows } = await sql.query<ExtrasRow & { id: string }>(
    'SELECT id, description, created_at, updated_at FROM campaigns WHERE id = ANY ($1::uuid[])',
    [ids],
  );
  return new Map(
    rows.map((row) => [row.id, { description: row.description, createdAt: row.created_at, updatedAt: row.updated_at }]),
  );
}
