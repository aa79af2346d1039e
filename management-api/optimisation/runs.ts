import { createHash } from 'node:crypto';
import type { Campaign } from '../../domain/campaign.ts';
import { capFaults } from '../../domain/frequency/cap-set.ts';
import { applied, partOf, putBack } from '../../domain/optimisation/change.ts';
import type { Chosen } from '../../domain/optimisation/choose.ts';
import type { Change, Effect, RecommendationKind } from '../../domain/optimisation/recommendation.ts';
import type { DeskTransaction, DeskWrite } from '../../engines/catalog/desk.ts';
import { EngineError } from '../../engines/errors.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { checkCampaign } from '../campaigns/check-campaign.ts';
import { limits } from '../limits.ts';
import type { ManagementParts } from '../parts.ts';

export type ItemOutcome =
  | 'applied'
  | 'would_apply'
  | 'held_out'
  | 'out_of_bounds'
  | 'beyond_max_changes'
  | 'refused'
  | 'changed_meanwhile';

/** What an automatic run did about one recommendation; kept with the run. */
export interface RunItem {
  readonly kind: RecommendationKind;
  readonly campaign_id: string;
  readonly subject: string | null;
  readonly why: string;
  readonly outcome: ItemOutcome;
  readonly detail: string | null;
  readonly effect: Effect;
  readonly change: Change;
  /** The part that was changed, before and after; null where nothing was. */
  readonly before: unknown;
  readonly after: unknown;
  readonly reverted: 'reverted' | 'changed_since' | null;
}

export interface RunRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly request: Record<string, unknown>;
  readonly items: readonly RunItem[];
  readonly reverted_at: Date | null;
  /** Null, as the next: the run is from before this was kept. */
  readonly campaigns_looked_at: number | null;
  /** There were more active campaigns than a run looks at. */
  readonly truncated: boolean | null;
}

/** A run in a list: how many changes it made, without what they are. */
export type ListedRun = Omit<RunRow, 'items'> & { readonly applied: number };

/** Stands for chance, but the same for a run and a campaign: whoever asks again finds the same hold-out. */
export function drawOf(runId: string, campaignId: string): number {
  return createHash('sha256').update(`${runId} ${campaignId}`).digest().readUInt32BE(0) / 2 ** 32;
}

export async function runOf(sql: DeskTransaction, id: string): Promise<RunRow> {
  const { rows } = await sql.query<RunRow>('SELECT * FROM optimisation_runs WHERE id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new Problem(404, 'Not found', `there is no run ${id}`);
}

/** The newest first, after the run of that moment and id. */
export async function runsAfter(
  sql: DeskTransaction,
  [at, id]: readonly [at: Date | null, id: string | null],
  limit: number,
): Promise<readonly ListedRun[]> {
  const { rows } = await sql.query<ListedRun>(
    `SELECT id, at, actor, request, reverted_at, campaigns_looked_at, truncated,
       (SELECT count(*)::int FROM jsonb_array_elements(items) AS item WHERE item->>'outcome' = 'applied') AS applied
     FROM optimisation_runs WHERE $1::timestamptz IS NULL OR (at, id) < ($1, $2::uuid)
     ORDER BY at DESC, id DESC LIMIT $3`,
    [at, id, limit],
  );
  return rows;
}

/** Epoch ms of the first run after this one that changed one of these campaigns; null: there was none. */
export async function changedAgainAt(
  sql: DeskTransaction,
  { id, at }: RunRow,
  campaigns: readonly string[],
): Promise<number | null> {
  if (campaigns.length === 0) return null;
  const { rows } = await sql.query<{ at: Date }>(
    `SELECT at FROM optimisation_runs WHERE at >= $1 AND id != $2 AND EXISTS (
       SELECT 1 FROM jsonb_array_elements(items) AS item
       WHERE item->>'outcome' = 'applied' AND item->>'campaign_id' = ANY($3))
     ORDER BY at LIMIT 1`,
    [at, id, campaigns],
  );
  return rows[0]?.at.getTime() ?? null;
}

/** Applies what was chosen, one after another, each audited. What was changed by others since it was looked at is left alone. */
export async function applyChosen(
  chosen: readonly Chosen[],
  sql: DeskWrite,
  actor: string,
  parts: ManagementParts,
): Promise<RunItem[]> {
  const versions = new Map(chosen.map(({ campaign }) => [campaign.id, campaign.version]));
  const items: RunItem[] = [];
  for (const one of chosen) {
    const { choice, detail } = one;
    if (choice !== 'apply') {
      items.push(itemOf(one, choice, detail));
      continue;
    }
    const [now] = await sql.campaigns([one.campaign.id]);
    if (now === undefined || now.version !== versions.get(now.id)) {
      items.push(itemOf(one, 'changed_meanwhile', null));
      continue;
    }
    const after = applied(now, one.advice.change, () => parts.random.uuid());
    const { change } = one.advice;
    const refusal =
      refusalOf(after, now) ??
      (await told(async () => {
        versions.set(now.id, await put(sql, after, actor, parts, partOf(now, change), partOf(after, change)));
      }));
    items.push(
      refusal === null
        ? { ...itemOf(one, 'applied', null), before: partOf(now, change), after: partOf(after, change) }
        : itemOf(one, 'refused', refusal),
    );
  }
  return items;
}

/** Puts back what the run changed and nobody has changed since, the last change first; what no longer fits the campaign stays. */
export async function revertRun(
  run: RunRow,
  sql: DeskWrite,
  actor: string,
  parts: ManagementParts,
): Promise<RunItem[]> {
  const items = [...run.items];
  for (const [index, item] of [...items.entries()].reverse()) {
    if (item.outcome !== 'applied' || item.reverted === 'reverted') continue;
    const [now] = await sql.campaigns([item.campaign_id]);
    const isBack = now !== undefined && same(partOf(now, item.change), item.after) && (await isPutBack(item, now));
    items[index] = { ...item, reverted: isBack ? 'reverted' : 'changed_since' };
  }
  return items;

  async function isPutBack({ change, before, after }: RunItem, now: Campaign): Promise<boolean> {
    const then = putBack(now, change, before);
    const refusal =
      refusalOf(then, now) ?? (await told(async () => void (await put(sql, then, actor, parts, after, before))));
    return refusal === null;
  }
}

export function itemOf({ advice }: Chosen, outcome: ItemOutcome, detail: string | null): RunItem {
  return {
    kind: advice.kind,
    campaign_id: advice.campaignId,
    subject: advice.subject,
    why: advice.why,
    outcome,
    detail,
    effect: advice.effect,
    change: advice.change,
    before: null,
    after: null,
    reverted: null,
  };
}

async function put(
  sql: DeskWrite,
  campaign: Campaign,
  actor: string,
  { clock }: ManagementParts,
  before: unknown,
  after: unknown,
): Promise<number> {
  const version = await sql.putCampaign(campaign);
  await audit(sql, {
    at: clock.now(),
    actor,
    action: 'update',
    resource: 'auto_optimise',
    id: campaign.id,
    before,
    after,
  });
  return version;
}

/** What checks of campaigns say against it; null: nothing. */
function refusalOf(after: Campaign, before: Campaign): string | null {
  try {
    checkCampaign(after, before, null);
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
  if (after.caps.length > Math.max(limits.caps, before.caps.length))
    return `a campaign has at most ${limits.caps} caps`;
  const creativeIds = after.creatives.map(({ id }) => id);
  const faults = capFaults(after.caps, creativeIds).map(({ detail }) => detail);
  return faults.length === 0 ? null : faults.join('; ');
}

/** Why a document is not taken, of which nothing is written then; null: it was. */
async function told(write: () => Promise<void>): Promise<string | null> {
  try {
    await write();
    return null;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'too_large') return error.message;
    throw error;
  }
}

/** Equal as JSON, whatever the order of fields: one side has been through the catalog, which also says since when a cap counts. */
function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value).filter(([name, inner]) => inner !== undefined && name !== 'countsFrom');
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
    .join()}}`;
}
