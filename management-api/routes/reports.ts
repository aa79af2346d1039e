import Type from 'typebox';
import { answerReport } from '../analytics/custom-report.ts';
import {
  dropResult,
  type JobRow,
  jobAnswer,
  jobOf,
  jobsPath,
  queueJob,
  resultOf,
  shownJob,
  stopStatement,
} from '../analytics/jobs.ts';
import { reportAnswer, reportBody } from '../analytics/reports/shape.ts';
import { truncatedHeader } from '../analytics/reports/truncated.ts';
import { limits } from '../limits.ts';
import { momentOf, pageByTime, pageOf, pageQuery } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, uuid } from '../shapes.ts';

const tag = 'reports';

export const reportRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/analytics/custom-report',
    tag,
    summary: 'Answer a report at once where it is small; else queue it, with 202 and where to look',
    scope: 'reports:read',
    body: reportBody,
    keptWith: 'async',
    answer: Type.Union([reportAnswer, jobAnswer]),
    refuses: [422],
    handle: async (ask, parts) => {
      const { organisation } = ask.caller;
      const answer = await answerReport(ask.body, organisation, (work) => ask.read(work), parts);
      if (answer !== null) return answer as never;
      return ask.write(async (sql) => {
        const job = await queueJob(sql, parts.random.uuid(), ask.body, null, parts.clock.now());
        return { status: 202, body: shownJob(job), location: `${jobsPath}/${job.id}` };
      }) as never;
    },
  }),

  route({
    method: 'GET',
    path: jobsPath,
    tag,
    summary: 'Jobs, the newest first',
    scope: 'reports:read',
    query: closed({ ...pageQuery, saved_report_id: Type.Optional(uuid()) }),
    answer: pageOf(jobAnswer),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const [at, id] = momentOf('report-jobs', ask.query.cursor);
      const { rows } = await ask.read(
        (sql) =>
          sql.query<JobRow>(
            `SELECT * FROM report_jobs WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid))
               AND ($3::uuid IS NULL OR saved_report_id = $3)
             ORDER BY created_at DESC, id DESC LIMIT $4`,
            [at, id, ask.query.saved_report_id ?? null, limit + 1],
          ),
        'fresh',
      );
      return { body: pageByTime('report-jobs', rows, limit, (row) => row.created_at, shownJob) };
    },
  }),

  route({
    method: 'GET',
    path: `${jobsPath}/:id`,
    tag,
    summary: 'How far a job is',
    scope: 'reports:read',
    params: byId,
    answer: jobAnswer,
    handle: async (ask) => ({ body: shownJob(await ask.read((sql) => jobOf(sql, ask.params.id), 'fresh')) }),
  }),

  route({
    method: 'GET',
    path: `${jobsPath}/:id/result`,
    tag,
    summary:
      'The result of a job, as the file that was asked for; kept for a day. x-breakwater-truncated: whether it has more rows than its limit',
    scope: 'reports:read',
    params: byId,
    answer: Type.Unknown(),
    refuses: [409, 410],
    handle: async (ask, parts) => {
      const job = await ask.read((sql) => jobOf(sql, ask.params.id), 'fresh');
      const file = resultOf(job, parts);
      return job.truncated === null ? { file } : { file, headers: truncatedHeader(job.truncated) };
    },
  }),

  route({
    method: 'DELETE',
    path: `${jobsPath}/:id`,
    tag,
    summary: 'Cancel a job that is not done; remove the result of one that is',
    scope: 'reports:read',
    params: byId,
    handle: async (ask, parts) => {
      const answer = await ask.write(async (sql) => {
        const job = await jobOf(sql, ask.params.id);
        const over = job.status !== 'queued' && job.status !== 'running';
        await sql.query(`UPDATE report_jobs SET status = $2 WHERE id = $1`, [job.id, over ? 'expired' : 'cancelled']);
        dropResult(job.file, parts);
        return {};
      });
      await stopStatement(ask.params.id.toLowerCase(), parts);
      return answer;
    },
  }),
];
