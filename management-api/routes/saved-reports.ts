import Type from 'typebox';
import { canonicalZone } from '../../domain/zone.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { reportOfBody } from '../analytics/custom-report.ts';
import { jobAnswer, jobsPath, queueJob, shownJob } from '../analytics/jobs.ts';
import { mayAsk } from '../analytics/reports/run.ts';
import { type ReportBody, reportBody } from '../analytics/reports/shape.ts';
import { nextRun, type Schedule, schedule } from '../analytics/schedule.ts';
import { audit } from '../audit.ts';
import { sameVersion } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { pageByName, pageOf, pageQuery, placeOf } from '../pages.ts';
import type { ManagementParts } from '../parts.ts';
import { route } from '../route.ts';
import { byId, closed, name, orNull, uuid } from '../shapes.ts';

const tag = 'reports';
const savedPath = '/api/v2/analytics/saved-reports';

const savedBody = closed({ name: name(), report: reportBody, schedule: Type.Optional(orNull(schedule)) });

const savedAnswer = Type.Object({
  id: uuid(),
  version: Type.Integer(),
  name: Type.String(),
  report: Type.Record(Type.String(), Type.Unknown()),
  schedule: orNull(Type.Record(Type.String(), Type.Unknown())),
  next_run_at: orNull(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
});

interface SavedRow {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly report: ReportBody;
  readonly schedule: Schedule | null;
  readonly next_run_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

function shown(row: SavedRow) {
  return {
    id: row.id,
    version: Number(row.version),
    name: row.name,
    report: row.report as Record<string, unknown>,
    schedule: row.schedule as Record<string, unknown> | null,
    next_run_at: row.next_run_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Throws Problem 404. */
async function savedOf(sql: DeskTransaction, id: string): Promise<SavedRow> {
  const { rows } = await sql.query<SavedRow>('SELECT * FROM saved_reports WHERE id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new Problem(404, 'Not found', 'there is no saved report of this id');
}

/** What is saved must be askable. Throws Problem 400. Answers when it runs next. */
function checkSaved(
  { report, schedule: when }: { report: ReportBody; schedule?: Schedule | null },
  organisation: string,
  { clock }: ManagementParts,
): Date | null {
  mayAsk(organisation, reportOfBody(report, clock.now()));
  if (!when) return null;
  const zone = when.time_zone ?? 'UTC';
  if (canonicalZone(zone) === null) {
    throw new Problem(400, 'Invalid request', `${zone} is no time zone`, [
      { pointer: '/schedule/time_zone', detail: 'is not the name of a time zone' },
    ]);
  }
  return new Date(nextRun(when, clock.now()));
}

function nameTaken(taken: string): Problem {
  return new Problem(409, 'Name taken', `there is a saved report ${JSON.stringify(taken)}`);
}

export const savedReportRoutes = [
  route({
    method: 'POST',
    path: savedPath,
    tag,
    summary: 'Keep a report, perhaps with when it runs by itself',
    scope: 'reports:write',
    body: savedBody,
    answer: savedAnswer,
    status: 201,
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { body, caller } = ask;
        const next = checkSaved(body, caller.organisation, parts);
        const id = parts.random.uuid();
        const { rows } = await sql.query<SavedRow>(
          `INSERT INTO saved_reports (id, name, report, schedule, next_run_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING *`,
          [id, body.name, JSON.stringify(body.report), body.schedule ? JSON.stringify(body.schedule) : null, next],
        );
        if (!rows[0]) throw nameTaken(body.name);
        const after = shown(rows[0]);
        const entry = { at: parts.clock.now(), actor: caller.actor, resource: 'saved_report', id };
        await audit(sql, { ...entry, action: 'create', before: null, after });
        return { body: after, version: after.version, location: `${savedPath}/${id}` };
      }),
  }),

  route({
    method: 'GET',
    path: savedPath,
    tag,
    summary: 'Saved reports, by name',
    scope: 'reports:read',
    query: closed(pageQuery),
    answer: pageOf(savedAnswer),
    handle: async (ask) => {
      const place = placeOf('saved-reports', ask.query.cursor);
      const limit = ask.query.limit ?? limits.pageItems;
      const { rows } = await ask.read((sql) =>
        sql.query<SavedRow>(
          `SELECT * FROM saved_reports WHERE $1::text IS NULL OR (name, id) > ($1, $2::uuid) ORDER BY name, id LIMIT $3`,
          [place?.value ?? null, place?.id ?? null, limit + 1],
        ),
      );
      return { body: pageByName('saved-reports', rows, limit, shown) };
    },
  }),

  route({
    method: 'GET',
    path: `${savedPath}/:id`,
    tag,
    summary: 'Read a saved report',
    scope: 'reports:read',
    params: byId,
    answer: savedAnswer,
    handle: async (ask) => {
      const body = shown(await ask.read((sql) => savedOf(sql, ask.params.id), 'fresh'));
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PUT',
    path: `${savedPath}/:id`,
    tag,
    summary: 'Write a saved report anew',
    scope: 'reports:write',
    params: byId,
    body: savedBody,
    answer: savedAnswer,
    versioned: true,
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { body, caller } = ask;
        const before = shown(await savedOf(sql, ask.params.id));
        sameVersion(ask.ifMatch, before.version);
        const next = checkSaved(body, caller.organisation, parts);
        const taken = await sql.query('SELECT FROM saved_reports WHERE name = $1 AND id <> $2', [body.name, before.id]);
        if (taken.count > 0) throw nameTaken(body.name);
        const { rows } = await sql.query<SavedRow>(
          `UPDATE saved_reports SET name = $2, report = $3, schedule = $4, next_run_at = $5, version = version + 1, updated_at = NOW()
           WHERE id = $1 RETURNING *`,
          [
            before.id,
            body.name,
            JSON.stringify(body.report),
            body.schedule ? JSON.stringify(body.schedule) : null,
            next,
          ],
        );
        const after = shown(rows[0] as SavedRow);
        const entry = { at: parts.clock.now(), actor: caller.actor, resource: 'saved_report', id: before.id };
        await audit(sql, { ...entry, action: 'update', before, after });
        return { body: after, version: after.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: `${savedPath}/:id`,
    tag,
    summary: 'Forget a saved report; results that it made stay their day',
    scope: 'reports:write',
    params: byId,
    versioned: true,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = shown(await savedOf(sql, ask.params.id));
        sameVersion(ask.ifMatch, before.version);
        await sql.query('DELETE FROM saved_reports WHERE id = $1', [before.id]);
        const entry = { at: parts.clock.now(), actor: ask.caller.actor, resource: 'saved_report', id: before.id };
        await audit(sql, { ...entry, action: 'delete', before, after: null });
        return {};
      }),
  }),

  route({
    method: 'POST',
    path: `${savedPath}/:id/run`,
    tag,
    summary: 'Run a saved report now, as a job',
    scope: 'reports:read',
    params: byId,
    answer: jobAnswer,
    status: 202,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const saved = await savedOf(sql, ask.params.id);
        const job = await queueJob(sql, parts.random.uuid(), saved.report, saved.id, parts.clock.now());
        return { body: shownJob(job), location: `${jobsPath}/${job.id}` };
      }),
  }),
];
