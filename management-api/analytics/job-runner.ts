import { EngineError } from '../../engines/errors.ts';
import { Problem } from '../../engines/http/problem.ts';
import { isBadArgument, isTooMuch } from '../../engines/warehouse/report-reader.ts';
import type { ManagementParts } from '../parts.ts';
import { analyticsOf, UNKNOWN_ZONE } from './ask-warehouse.ts';
import { fileOf, questionOf } from './custom-report.ts';
import { dropResult, type JobRow, keepResult, keptResults, queueJob } from './jobs.ts';
import { type Read, shareTenant } from './owners.ts';
import { checkReport } from './reports/check-report.ts';
import type { ReportFile } from './reports/file.ts';
import { nextRun, type Schedule } from './schedule.ts';

const EVERY_MS = 1_000;
/** A job whose process has not said so for this long is taken over. */
const SILENT_MS = 30_000;
const KEPT_MS = 86_400_000;
const TRIES_AWAY_MS = 15_000;

/** Makes queued reports, one at a time for a process; starts those that are due; drops results that are old. */
export function startReportJobs(parts: ManagementParts): { close(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const beat = parts.clock.every(
    EVERY_MS,
    () => {
      const round = roundOf(parts);
      running = round.catch(() => undefined);
      return round;
    },
    (error) => parts.logger.warn({ err: error }, 'reports wait'),
  );
  return {
    async close() {
      beat[Symbol.dispose]();
      await running;
    },
  };
}

/** One round: what is due is queued, what is old goes, the oldest job is made. */
export async function roundOf(parts: ManagementParts): Promise<void> {
  await queueDue(parts);
  await dropOld(parts);
  const job = await takeJob(parts);
  if (job !== null) await make(job, parts);
}

async function queueDue(parts: ManagementParts): Promise<void> {
  const now = parts.clock.now();
  await parts.desk.system(async (sql) => {
    const { rows } = await sql.query<{ id: string; organisation_id: string; report: object; schedule: Schedule }>(
      `SELECT id, organisation_id, report, schedule FROM saved_reports WHERE next_run_at <= $1
       ORDER BY next_run_at LIMIT 20 FOR UPDATE SKIP LOCKED`,
      [new Date(now)],
    );
    for (const { id, organisation_id, report, schedule } of rows) {
      await sql.query(`SELECT set_config('breakwater.organisation', $1, true)`, [organisation_id]);
      await queueJob(sql, parts.random.uuid(), report as never, id, now);
      await sql.query('UPDATE saved_reports SET next_run_at = $2 WHERE id = $1', [
        id,
        new Date(nextRun(schedule, now)),
      ]);
    }
  });
}

/** Results lie on the host that made them: whichever ends a job, each host removes its own files of jobs that are over. */
async function dropOld(parts: ManagementParts): Promise<void> {
  const kept = keptResults(parts);
  const open = await parts.desk.system(async (sql) => {
    await sql.query(`UPDATE report_jobs SET status = 'expired' WHERE status = 'done' AND expires_at <= $1`, [
      new Date(parts.clock.now()),
    ]);
    if (kept.length === 0) return new Set<string>();
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM report_jobs WHERE id = ANY($1::uuid[]) AND status IN ('queued', 'running', 'done')`,
      [kept.map(({ id }) => id)],
    );
    return new Set(rows.map(({ id }) => id));
  });
  for (const { id, file } of kept) if (!open.has(id)) dropResult(file, parts);
}

async function takeJob(parts: ManagementParts): Promise<JobRow | null> {
  const now = parts.clock.now();
  const { rows } = await parts.desk.system((sql) =>
    sql.query<JobRow>(
      `UPDATE report_jobs SET status = 'running', alive_at = $1, progress_percent = 0 WHERE id = (
         SELECT id FROM report_jobs WHERE status = 'queued' OR (status = 'running' AND alive_at < $2)
         ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING *`,
      [new Date(now), new Date(now - SILENT_MS)],
    ),
  );
  return rows[0] ?? null;
}

async function make(job: JobRow, parts: ManagementParts): Promise<void> {
  const untold = (error: unknown) => parts.logger.debug({ err: error }, 'no progress can be told');
  // Apart: a warehouse that is busy answers late, and this process lives all the same.
  using _alive = parts.clock.every(EVERY_MS, () => sayAlive(job, parts), untold);
  using _progress = parts.clock.every(EVERY_MS, () => sayProgress(job, parts), untold);
  try {
    const report = checkReport(questionOf(job.report), job.created_at.getTime());
    const organisation = job.organisation_id;
    const read: Read = (work) => parts.desk.read(organisation, work);
    await shareTenant(organisation, read, analyticsOf(parts));
    const limits = { seconds: 300, memoryBytes: 4_000_000_000, comment: job.id };
    const { reader } = analyticsOf(parts);
    const patient = {
      ...parts,
      analytics: {
        ...analyticsOf(parts),
        reader: {
          ...reader,
          query: <R>(sql: string, parameters: Parameters<typeof reader.query>[1]) =>
            reader.query<R>(sql, parameters, limits),
          bytes: (sql: string, parameters: Parameters<typeof reader.bytes>[1], format: string) =>
            reader.bytes(sql, parameters, format, limits),
        },
      },
    };
    const file = await fileOf(report, job.report, organisation, read, patient);
    await finish(job, keepResult(job.id, file, parts), file, parts);
  } catch (error) {
    await fail(job, error, parts);
  }
}

/** A job that was cancelled meanwhile stays so, and its result goes. */
async function finish(
  job: JobRow,
  name: string,
  { bytes, type, truncated }: ReportFile,
  parts: ManagementParts,
): Promise<void> {
  const now = parts.clock.now();
  const { count } = await parts.desk.system((sql) =>
    sql.query(
      `UPDATE report_jobs SET status = 'done', progress_percent = 100, finished_at = $2, expires_at = $3, file = $4,
         content_type = $5, bytes = $6, truncated = $7 WHERE id = $1 AND status = 'running'`,
      [job.id, new Date(now), new Date(now + KEPT_MS), name, type, bytes.length, truncated],
    ),
  );
  if (count === 0) dropResult(name, parts);
}

/** With the warehouse away it is queued again; what cannot be made says why. */
async function fail(job: JobRow, error: unknown, parts: ManagementParts): Promise<void> {
  const isAway = error instanceof EngineError && error.retryable && !isTooMuch(error);
  if (isAway) {
    const later = new Date(parts.clock.now() - SILENT_MS + TRIES_AWAY_MS);
    await parts.desk.system((sql) =>
      sql.query(`UPDATE report_jobs SET alive_at = $2 WHERE id = $1 AND status = 'running'`, [job.id, later]),
    );
    return;
  }
  const told = reasonOf(error);
  if (told === null) parts.logger.error({ err: error, job: job.id }, 'a report failed');
  const why = told ?? 'something went wrong here; it has been logged';
  await parts.desk.system((sql) =>
    sql.query(
      `UPDATE report_jobs SET status = 'failed', finished_at = $2, problem = $3 WHERE id = $1 AND status = 'running'`,
      [job.id, new Date(parts.clock.now()), why],
    ),
  );
}

/** Null: it is nothing that the caller could change. */
function reasonOf(error: unknown): string | null {
  if (isTooMuch(error)) return 'it takes too long or too much memory: ask for a shorter time or fewer dimensions';
  if (isBadArgument(error)) return UNKNOWN_ZONE;
  return error instanceof Problem ? error.message : null;
}

async function sayAlive(job: JobRow, parts: ManagementParts): Promise<void> {
  await parts.desk.system((sql) =>
    sql.query(`UPDATE report_jobs SET alive_at = $2 WHERE id = $1 AND status = 'running'`, [
      job.id,
      new Date(parts.clock.now()),
    ]),
  );
}

/** What the warehouse says of the statement that runs. */
async function sayProgress(job: JobRow, parts: ManagementParts): Promise<void> {
  const { warehouse } = analyticsOf(parts);
  const [seen] = await warehouse.query<{ percent: number }>(
    `SELECT toUInt8(least(99, 100 * max(read_rows) / greatest(1, max(total_rows_approx)))) AS percent
       FROM system.processes WHERE Settings['log_comment'] = {job:String}`,
    { job: job.id },
  );
  await parts.desk.system((sql) =>
    sql.query(
      `UPDATE report_jobs SET progress_percent = GREATEST(progress_percent, $2) WHERE id = $1 AND status = 'running'`,
      [job.id, Number(seen?.percent ?? 0)],
    ),
  );
}
