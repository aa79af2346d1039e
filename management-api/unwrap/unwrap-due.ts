import type { CatalogDesk, DeskWrite } from '../../engines/catalog/desk.ts';
import type { Clock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import type { Random } from '../../engines/random.ts';
import { type Followed, type FollowOptions, followTag } from './follow-tag.ts';

export interface UnwrapParts extends Pick<FollowOptions, 'allowed' | 'never' | 'resolve' | 'ca' | 'ms'> {
  readonly desk: CatalogDesk;
  readonly clock: Clock;
  readonly random: Random;
  /** False: nothing is asked, and what is known is given up. */
  readonly enabled: boolean;
}

export const unwrapTimes = {
  /** An ad that says nothing of it is asked for again after this long, and given up after the other. */
  refreshMs: 15 * 60_000,
  keepMs: 60 * 60_000,
  /** What expires sooner cannot be kept for others to be shown. */
  expiresMsMin: 120_000,
  retryMsMin: 30_000,
  /** Whoever took a tag and died leaves it to others after this long. */
  claimMs: 60_000,
} as const;

const AT_ONCE = 8;

interface DueRow {
  readonly id: string;
  readonly campaign_id: string;
  readonly organisation_id: string;
  readonly duration: number;
  readonly tag: string;
  readonly failures: number;
}

/** Follows the tags whose time has come, and gives up what is too old. Answers how many were followed. */
export async function unwrapDue(parts: UnwrapParts): Promise<number> {
  await giveUp(parts);
  if (!parts.enabled) return 0;
  const due = await take(parts);
  await Promise.all(due.map((row) => unwrapOne(row, parts)));
  return due.length;
}

/** Creatives that were never asked for, have another tag or length than when they were, or are due; nobody else takes them meanwhile. */
function take({ desk, clock }: UnwrapParts): Promise<readonly DueRow[]> {
  const now = clock.now();
  return desk.system(async (sql) => {
    const { rows } = await sql.query<DueRow>(
      `WITH due AS (
         SELECT c.id, c.campaign_id, k.organisation_id, c.duration, c.parts ->> 'vastTagUrl' AS tag
         FROM creatives c JOIN campaigns k ON k.id = c.campaign_id LEFT JOIN unwrapped_tags u ON u.creative_id = c.id
         WHERE c.parts -> 'unwrap' = 'true' AND c.parts ->> 'vastTagUrl' IS NOT NULL AND c.status = 'active'
           AND k.status = 'active' AND k.end_date > $1
           AND (u.creative_id IS NULL OR u.next_try_at <= $1 OR u.tag <> c.parts ->> 'vastTagUrl' OR u.duration <> c.duration)
         ORDER BY u.next_try_at NULLS FIRST, c.id LIMIT ${AT_ONCE}
       ), taken AS (
         INSERT INTO unwrapped_tags AS known (creative_id, tag, duration, next_try_at) SELECT id, tag, duration, $2 FROM due
         ON CONFLICT (creative_id) DO UPDATE SET tag = excluded.tag, duration = excluded.duration,
           next_try_at = excluded.next_try_at, failures = CASE WHEN known.tag = excluded.tag THEN known.failures ELSE 0 END
         WHERE known.next_try_at <= $1 OR known.tag <> excluded.tag OR known.duration <> excluded.duration
         RETURNING known.creative_id, known.failures
       )
       SELECT due.*, taken.failures FROM due JOIN taken ON taken.creative_id = due.id`,
      [new Date(now), new Date(now + unwrapTimes.claimMs)],
    );
    return rows;
  });
}

async function unwrapOne(row: DueRow, parts: UnwrapParts): Promise<void> {
  const { clock, random } = parts;
  try {
    const options = { ...parts, now: clock.now(), unit: () => random.unit() };
    const followed = await followTag(row.tag, row.duration, options);
    if (followed.expires !== null && followed.expires * 1_000 < unwrapTimes.expiresMsMin)
      throw new EngineError('refused', `the ad expires after ${followed.expires} s, too soon to be kept`);
    await keep(row, followed, parts);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    await keepFault(row, error.message.slice(0, 500), parts);
  }
}

function keep(row: DueRow, { unwrapped, expires, leftOut }: Followed, { desk, clock }: UnwrapParts): Promise<unknown> {
  const now = clock.now();
  const goodMs = expires === null ? unwrapTimes.keepMs : expires * 1_000;
  const againMs = Math.min(unwrapTimes.refreshMs, Math.floor(goodMs / 2));
  return changing(row, desk, (sql) =>
    sql.query(
      `UPDATE unwrapped_tags SET document = $3, usable_until = $4, unwrapped_at = $5, tried_at = $5, next_try_at = $6,
         failures = 0, fault = NULL, left_out = $7 WHERE creative_id = $1 AND tag = $2 AND duration = $8`,
      [
        row.id,
        row.tag,
        JSON.stringify(unwrapped),
        new Date(now + goodMs),
        new Date(now),
        new Date(now + againMs),
        [...leftOut],
        row.duration,
      ],
    ),
  );
}

/** What is known stays until it is too old, where it is of this tag and this length. */
function keepFault(row: DueRow, fault: string, { desk, clock }: UnwrapParts): Promise<unknown> {
  const now = clock.now();
  const againMs = Math.min(unwrapTimes.retryMsMin * 2 ** Math.min(row.failures, 10), unwrapTimes.refreshMs);
  return changing(row, desk, (sql) =>
    sql.query(
      `UPDATE unwrapped_tags SET tried_at = $3, next_try_at = $4, failures = failures + 1, fault = $5, document =
         CASE WHEN document ->> 'tag' = tag AND (document ->> 'durationSeconds')::int = duration THEN document END
       WHERE creative_id = $1 AND tag = $2`,
      [row.id, row.tag, new Date(now), new Date(now + againMs), fault],
    ),
  );
}

/** Deciders are told in the transaction that changes what they are to know, and only where it changes. */
function changing(
  { id, campaign_id, organisation_id }: DueRow,
  desk: CatalogDesk,
  change: (sql: DeskWrite) => Promise<unknown>,
): Promise<void> {
  return desk.write(organisation_id, async (sql) => {
    const document = async () => {
      const { rows } = await sql.query<{ digest: string | null }>(
        'SELECT md5(document::text) AS digest FROM unwrapped_tags WHERE creative_id = $1 FOR UPDATE',
        [id],
      );
      return rows[0]?.digest ?? null;
    };
    const before = await document();
    await change(sql);
    if ((await document()) !== before) await sql.announceCampaigns([campaign_id]);
  });
}

/** The tag itself is served again where what it led to is too old, or nothing is to be unwrapped any more. */
async function giveUp({ desk, clock, enabled }: UnwrapParts): Promise<void> {
  const until = enabled ? new Date(clock.now()) : null;
  const old = await desk.system(async (sql) => {
    const { rows } = await sql.query<{ organisation_id: string; ids: readonly string[] }>(
      `SELECT k.organisation_id, array_agg(u.creative_id::text) AS ids FROM unwrapped_tags u
       JOIN creatives c ON c.id = u.creative_id JOIN campaigns k ON k.id = c.campaign_id
       WHERE u.document IS NOT NULL AND ($1::timestamptz IS NULL OR u.usable_until <= $1) GROUP BY 1`,
      [until],
    );
    return rows;
  });
  for (const { organisation_id, ids } of old) {
    await desk.write(organisation_id, async (sql) => {
      const { rows } = await sql.query<{ campaign_id: string }>(
        `UPDATE unwrapped_tags u SET document = NULL FROM creatives c WHERE c.id = u.creative_id AND u.creative_id = ANY ($1::uuid[])
           AND u.document IS NOT NULL AND ($2::timestamptz IS NULL OR u.usable_until <= $2) RETURNING c.campaign_id`,
        [ids, until],
      );
      await sql.announceCampaigns([...new Set(rows.map((row) => row.campaign_id))]);
    });
  }
}
