import Type, { type Static } from 'typebox';
import type { ExperimentArm } from '../../domain/experiment.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { changed, created, deleted } from '../audit.ts';
import { sameVersion } from '../campaigns/change.ts';
import { arms, asKept, asTold, newExperiment, status, wrongArms, wrongName } from '../experiments/document.ts';
import { limits } from '../limits.ts';
import { pageByName, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, name, uuid } from '../shapes.ts';

const tag = 'experiments';
const experimentPatch = closed(
  { name: Type.Optional(name(100)), arms: Type.Optional(arms), status: Type.Optional(status) },
  { minProperties: 1 },
);
const experiment = Type.Object({ id: uuid(), version: Type.Integer(), name: Type.String(), status, arms });
type Experiment = Static<typeof experiment>;

interface Row {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly status: 'running' | 'stopped';
  readonly arms: readonly ExperimentArm[];
}

const COLUMNS = 'id, version, name, status, arms';

export const experimentRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/experiments',
    tag,
    summary: 'Start a comparison on decisions, sticky by viewer',
    scope: 'campaigns:write',
    body: newExperiment,
    answer: experiment,
    status: 201,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { name: wanted, status: state = 'running' } = ask.body;
        refuse([...wrongName(wanted), ...wrongArms(ask.body.arms)]);
        const { rows } = await sql.query<Row>(
          `INSERT INTO experiments (id, name, status, arms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
          [parts.random.uuid(), wanted, state, JSON.stringify(ask.body.arms.map(asKept))],
        );
        if (!rows[0]) refuseName(wanted);
        const body = shown(rows[0]);
        await created(ask, parts, sql, 'experiment', body);
        return { body, version: body.version, location: `/api/v2/experiments/${body.id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/experiments',
    tag,
    summary: 'List experiments, by name',
    scope: 'campaigns:read',
    query: closed({ ...pageQuery, status: Type.Optional(status) }),
    answer: pageOf(experiment),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('experiments', ask.query.cursor);
      const { rows } = await ask.read((sql) =>
        sql.query<Row>(
          `SELECT ${COLUMNS} FROM experiments WHERE ($1::text IS NULL OR (name, id) > ($1, $2::uuid))
             AND ($4::text IS NULL OR status = $4) ORDER BY name, id LIMIT $3`,
          [place?.value ?? null, place?.id ?? null, limit + 1, ask.query.status ?? null],
        ),
      );
      return { body: pageByName('experiments', rows, limit, shown) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/experiments/:id',
    tag,
    summary: 'Read an experiment',
    scope: 'campaigns:read',
    params: byId,
    answer: experiment,
    handle: async (ask) => {
      const body = await ask.read((sql) => experimentOf(sql, ask.params.id), 'fresh');
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/experiments/:id',
    tag,
    summary: 'Change an experiment: stop it, or give it other arms',
    scope: 'campaigns:write',
    params: byId,
    body: experimentPatch,
    answer: experiment,
    versioned: true,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await experimentOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const after = { ...before, ...ask.body };
        refuse([...wrongName(ask.body.name ?? ''), ...wrongArms(after.arms)]);
        const taken = await sql.query('SELECT FROM experiments WHERE name = $1 AND id <> $2', [after.name, before.id]);
        if (taken.rows.length > 0) refuseName(after.name);
        const { rows } = await sql.query<Row>(
          `UPDATE experiments SET name = $2, status = $3, arms = $4, updated_at = NOW() WHERE id = $1 RETURNING ${COLUMNS}`,
          [before.id, after.name, after.status, JSON.stringify(after.arms.map(asKept))],
        );
        const body = shown(rows[0]);
        await changed(ask, parts, sql, 'experiment', before, body);
        return { body, version: body.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/experiments/:id',
    tag,
    summary: 'Delete an experiment; records of decisions keep its name',
    scope: 'campaigns:write',
    params: byId,
    versioned: true,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await experimentOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        await sql.query('DELETE FROM experiments WHERE id = $1', [before.id]);
        await deleted(ask, parts, sql, 'experiment', before);
        return {};
      }),
  }),
];

async function experimentOf(sql: DeskTransaction, id: string): Promise<Experiment> {
  const { rows } = await sql.query<Row>(`SELECT ${COLUMNS} FROM experiments WHERE id = $1`, [id]);
  if (rows[0]) return shown(rows[0]);
  throw new Problem(404, 'Not found', `there is no experiment ${id}`);
}

/** Throws Problem 422 where there is something wrong. */
function refuse(wrong: readonly Wrong[]): void {
  if (wrong.length === 0) return;
  throw new Problem(422, 'Contradicts itself', wrong.map((each) => `${each.pointer} ${each.detail}`).join('; '), wrong);
}

function refuseName(taken: string): never {
  throw new Problem(409, 'There already', `there is an experiment named ${taken}`, [
    { pointer: '/name', detail: 'is taken' },
  ]);
}

function shown(row: Row | undefined): Experiment {
  if (!row) throw new Error('a statement that returns its row returned none');
  return {
    id: row.id,
    version: Number(row.version),
    name: row.name,
    status: row.status,
    arms: row.arms.map(asTold),
  };
}
