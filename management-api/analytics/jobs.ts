import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { isUuid } from '../../schemas/uuid.ts';
import type { ManagementParts } from '../parts.ts';
import { oneOf, orNull, uuid } from '../shapes.ts';
import { analyticsOf, orNull as nullIfAway } from './ask-warehouse.ts';
import type { ReportFile } from './reports/file.ts';
import type { ReportBody } from './reports/shape.ts';

export const jobAnswer = Type.Object({
  id: uuid(),
  status: oneOf('queued', 'running', 'done', 'failed', 'cancelled', 'expired'),
  progress_percent: Type.Integer(),
  report: Type.Record(Type.String(), Type.Unknown()),
  saved_report_id: orNull(uuid()),
  created_at: Type.String(),
  finished_at: orNull(Type.String()),
  expires_at: orNull(Type.String({ description: 'when its result goes' })),
  bytes: orNull(Type.Integer()),
  truncated: orNull(Type.Boolean({ description: 'the report has more rows than its limit; null: not known' })),
  problem: orNull(Type.String()),
  result: orNull(Type.String({ description: 'where its result is fetched' })),
});

export interface JobRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly status: Static<typeof jobAnswer>['status'];
  readonly progress_percent: number;
  readonly report: ReportBody;
  readonly saved_report_id: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly expires_at: Date | null;
  readonly file: string | null;
  readonly content_type: string | null;
  readonly bytes: string | null;
  readonly truncated: boolean | null;
  readonly problem: string | null;
}

export const jobsPath = '/api/v2/analytics/report-jobs';

export function shownJob(row: JobRow): Static<typeof jobAnswer> {
  return {
    id: row.id,
    status: row.status,
    progress_percent: row.progress_percent,
    report: row.report as Record<string, unknown>,
    saved_report_id: row.saved_report_id,
    created_at: row.created_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
    bytes: row.bytes === null ? null : Number(row.bytes),
    truncated: row.truncated,
    problem: row.problem,
    result: row.status === 'done' ? `${jobsPath}/${row.id}/result` : null,
  };
}

/** Queues a report; a process of management makes it within about a second. */
export async function queueJob(
  sql: DeskTransaction,
  id: string,
  report: ReportBody,
  savedReportId: string | null,
  now: number,
): Promise<JobRow> {
  const { rows } = await sql.query<JobRow>(
    'INSERT INTO report_jobs (id, report, saved_report_id, created_at) VALUES ($1, $2, $3, $4) RETURNING *',
    [id, JSON.stringify(report), savedReportId, new Date(now)],
  );
  return rows[0] as JobRow;
}

/** Throws Problem 404. */
export async function jobOf(sql: DeskTransaction, id: string): Promise<JobRow> {
  const { rows } = await sql.query<JobRow>('SELECT * FROM report_jobs WHERE id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new Problem(404, 'Not found', 'there is no job of this id');
}

/** Keeps a result. Answers its name. */
export function keepResult(id: string, { bytes, extension }: ReportFile, parts: ManagementParts): string {
  const { resultsDir } = analyticsOf(parts);
  mkdirSync(resultsDir, { recursive: true, mode: 0o700 });
  const name = `${id}.${extension}`;
  writeFileSync(join(resultsDir, name), bytes, { mode: 0o600 });
  return name;
}

/** Throws Problem 409 before there is one, 410 where it is gone. */
export function resultOf(job: JobRow, parts: ManagementParts): { bytes: Buffer; type: string; name: string } {
  if (job.status === 'expired')
    throw new Problem(410, 'Gone', 'the result was kept for a day; ask for the report again');
  if (job.status !== 'done' || job.file === null) {
    throw new Problem(409, 'No result', `the job is ${job.status}${job.problem === null ? '' : `: ${job.problem}`}`);
  }
  try {
    const bytes = readFileSync(join(analyticsOf(parts).resultsDir, job.file));
    return { bytes, type: job.content_type ?? 'application/octet-stream', name: job.file };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Problem(410, 'Gone', 'the result is on the disk of another host, or was removed');
  }
}

/** What lies on the disk of this host, with the jobs that it is of. */
export function keptResults(parts: ManagementParts): readonly { readonly id: string; readonly file: string }[] {
  const { resultsDir } = analyticsOf(parts);
  if (!existsSync(resultsDir)) return [];
  return readdirSync(resultsDir).flatMap((file) => {
    const id = file.split('.', 1)[0] ?? '';
    return isUuid(id) ? [{ id, file }] : [];
  });
}

export function dropResult(file: string | null, parts: ManagementParts): void {
  if (file !== null) rmSync(join(analyticsOf(parts).resultsDir, file), { force: true });
}

/** Ends what a job has running in the warehouse, if anything. With the warehouse away there is nothing to end. */
export async function stopStatement(id: string, parts: ManagementParts): Promise<void> {
  const { warehouse } = analyticsOf(parts);
  await nullIfAway(() => warehouse.run(`KILL QUERY WHERE Settings['log_comment'] = {id:String} ASYNC`, { id }));
}
