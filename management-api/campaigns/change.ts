import type { Campaign } from '../../domain/campaign.ts';
import type { DeskTransaction, DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { clearRaised } from '../alerts/change-state.ts';
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

/** What of a campaign is changed, as the audit tells of it. */
export interface CampaignPart {
  readonly resource: string;
  /** The resource's own id; absent: the campaign's. */
  readonly id?: string;
  /** As it is in the catalog at that moment; null: it is not there. */
  show(campaign: Campaign): unknown;
  /** Writes what is kept beside the document, before the part is shown as changed. */
  beside?(): Promise<unknown>;
}

/**
 * Changes one part of a campaign: the version that the caller knows is compared, the whole document is written and announced,
 * and what changed goes to the audit. Throws Problem 404, 412, and what `change` throws.
 */
export async function changeCampaign(
  ask: CampaignAsk,
  sql: DeskWrite,
  { clock }: ManagementParts,
  part: CampaignPart,
  change: (campaign: Campaign) => Omit<Campaign, 'version'>,
): Promise<Campaign> {
  const known = await campaignOf(sql, ask.params.id);
  sameVersion(ask.ifMatch, known.version);
  const changed = change(known);
  const before = (await part.show(known)) ?? null;
  const written = { ...changed, version: await sql.putCampaign(changed) };
  await part.beside?.();
  const after = (await part.show(written)) ?? null;
  await audit(sql, {
    at: clock.now(),
    actor: ask.caller.actor,
    action: before === null ? 'create' : after === null ? 'delete' : 'update',
    resource: part.resource,
    id: part.id ?? known.id,
    before,
    after,
  });
  return written;
}

/** Removes a campaign with all that belongs to it; its alerts are cleared first. */
export async function removeCampaign(sql: DeskWrite, id: string, parts: ManagementParts): Promise<void> {
  await clearRaised(sql, { campaign: id }, 'its campaign was removed', parts);
  await sql.removeCampaign(id);
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
