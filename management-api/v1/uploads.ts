import type { Creative } from '../../domain/creative.ts';
import { type FileFacts, unplayable } from '../../domain/playable.ts';
import type { CatalogDesk, DeskWrite } from '../../engines/catalog/desk.ts';
import { EngineError } from '../../engines/errors.ts';
import { inspectMedia } from '../../engines/media/inspect.ts';
import { audit, SYSTEM } from '../audit.ts';
import { campaignOf } from '../campaigns/change.ts';
import { nameOf } from '../media/upload-url.ts';
import type { ManagementParts } from '../parts.ts';

export interface Finished {
  readonly status: 'active' | 'failed';
  /** What a television cannot play, or why its campaign does not take it; empty where all is well. */
  readonly reasons: readonly string[];
}

interface Owner {
  readonly organisation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly actor: string;
}

/**
 * Inspects the file of a creative that is `processing` and says what became of it: `active`, or `failed` with its reasons and
 * without its file. Whoever dies in between leaves it `processing`, and the next round of `resumeProcessing` ends it.
 */
export async function finishUpload(
  owner: Owner,
  parts: ManagementParts,
  wanted: 'active' | 'inactive',
): Promise<Finished> {
  const name = nameOf(owner.creative);
  const write = (facts: FileFacts | null, reasons: readonly string[]) =>
    parts.desk.write(owner.organisation, (sql) => settle(sql, owner, parts, facts, reasons, wanted));
  const { facts, reasons } = await lookAt(name, parts);
  const against = facts === null ? reasons : await tooLarge(() => write(facts, reasons));
  if (against.length === 0) return { status: 'active', reasons: [] };
  await parts.media.remove(name);
  await write(null, against);
  return { status: 'failed', reasons: against };
}

/** Why a campaign has no room for what is written; empty: it had. */
async function tooLarge(write: () => Promise<void>): Promise<readonly string[]> {
  try {
    await write();
    return [];
  } catch (error) {
    if (error instanceof EngineError && error.code === 'too_large') return [error.message];
    throw error;
  }
}

/** What is in a file; null: a television cannot play it, for these reasons. */
export async function lookAt(
  name: string,
  { media }: Pick<ManagementParts, 'media'>,
): Promise<{ readonly facts: FileFacts | null; readonly reasons: readonly string[] }> {
  const source = await media.source(name);
  if (source === null) return { facts: null, reasons: ['is not there'] };
  const facts = await factsOf(source);
  if (typeof facts === 'string') return { facts: null, reasons: [facts] };
  const reasons = unplayable(facts);
  return { facts: reasons.length === 0 ? facts : null, reasons };
}

async function factsOf(source: Parameters<typeof inspectMedia>[0]): Promise<FileFacts | string> {
  try {
    return await inspectMedia(source);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'refused') return 'cannot be read as a media file';
    throw error;
  }
}

async function settle(
  sql: DeskWrite,
  owner: Owner,
  parts: ManagementParts,
  facts: FileFacts | null,
  reasons: readonly string[],
  wanted: 'active' | 'inactive',
): Promise<void> {
  const campaign = await campaignOf(sql, owner.campaign);
  const before = campaign.creatives.find(({ id }) => id === owner.creative);
  if (before?.status !== 'processing') return;
  const after: Creative =
    facts === null
      ? { ...before, status: 'failed', media: [] }
      : { ...inspected(before, facts, parts), status: wanted };
  await sql.putCampaign({
    ...campaign,
    creatives: campaign.creatives.map((each) => (each.id === after.id ? after : each)),
  });
  await sql.query('UPDATE creatives SET file_size = $2, failure = $3, format = $4 WHERE id = $1', [
    after.id,
    facts?.bytes ?? null,
    reasons.length === 0 ? null : reasons.join('; '),
    facts === null ? null : 'mp4',
  ]);
  const change = { action: 'update', resource: 'creative', id: after.id, before, after } as const;
  await audit(sql, { at: parts.clock.now(), actor: owner.actor, ...change });
}

function inspected(creative: Creative, facts: FileFacts, parts: ManagementParts): Creative {
  return {
    ...creative,
    durationSeconds: Math.round((facts.durationMs ?? 0) / 1_000),
    media: [
      {
        url: parts.mediaUrl(nameOf(creative.id)),
        type: 'video/mp4',
        delivery: 'progressive',
        width: facts.video?.width ?? 0,
        height: facts.video?.height ?? 0,
        bitrateKbps: facts.bitrateKbps,
      },
    ],
  };
}

/** Nobody works on an upload for longer: its process is gone. */
const ORPHANED = '5 minutes';

/**
 * Ends what processes that are gone had left `processing`, a hundred at a time, our own first; one that died before it gave the file
 * its name has left none. The MVP's own, which never had a file here, stay as they are. One that cannot be ended is tried again with the
 * next round, and holds up no other.
 */
export async function resumeProcessing(parts: ManagementParts): Promise<number> {
  const left = await orphans(parts.desk);
  let ended = 0;
  for (const { id, campaign_id, organisation_id, ours } of left) {
    if (!ours && (await parts.media.source(nameOf(id))) === null) continue;
    const owner = { organisation: organisation_id, campaign: campaign_id, creative: id, actor: SYSTEM };
    try {
      await finishUpload(owner, parts, 'active');
      ended++;
    } catch (err) {
      parts.logger.warn({ err, creative: id }, 'an upload of the past could not be ended');
    }
  }
  return ended;
}

async function orphans(desk: CatalogDesk) {
  const { rows } = await desk.system((sql) =>
    sql.query<{ id: string; campaign_id: string; organisation_id: string; ours: boolean }>(
      `SELECT r.id, r.campaign_id, c.organisation_id,
         r.created_at > (SELECT applied_at FROM schema_migrations WHERE name = '0021-uploads.sql') AS ours
       FROM creatives r JOIN campaigns c ON c.id = r.campaign_id
       WHERE r.status = 'processing' AND r.video_url IS NULL AND r.updated_at < NOW() - $1::interval
       ORDER BY ours DESC, r.updated_at, r.id LIMIT 100`,
      [ORPHANED],
    ),
  );
  return rows;
}
