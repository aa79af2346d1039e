import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { sameVersion } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { pageByName, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, name, oneOf, orNull, uuid } from '../shapes.ts';

const tag = 'pods';

const fields = {
  name: name(),
  duration_seconds: Type.Integer({ minimum: 1, maximum: 3_600 }),
  max_ads: Type.Optional(Type.Integer({ minimum: 1, maximum: 30, description: 'default 6' })),
  min_ads: Type.Optional(Type.Integer({ minimum: 0, maximum: 30, description: 'default 1' })),
  enable_competitive_separation: Type.Optional(Type.Boolean()),
  min_separation_seconds: Type.Optional(
    orNull(Type.Integer({ minimum: 0, maximum: 3_600, description: 'null: competitors never in one pod; default 30' })),
  ),
  allow_duplicate_advertisers: Type.Optional(Type.Boolean()),
  optimization_goal: Type.Optional(oneOf('revenue', 'fill_rate', 'user_experience')),
};

const newPod = closed(fields);
const pod = Type.Object({ id: uuid(), version: Type.Integer(), ...Type.Required(Type.Object(fields)).properties });
type Pod = Static<typeof pod>;

interface Row extends Omit<Pod, 'version'> {
  readonly version: string;
}

const COLUMNS = `id, version, name, duration_seconds, max_ads, min_ads, enable_competitive_separation, min_separation_seconds,
  allow_duplicate_advertisers, optimization_goal`;

export const podRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/pods',
    tag,
    summary: 'Keep the rules of a pod under a name',
    scope: 'campaigns:write',
    body: newPod,
    answer: pod,
    status: 201,
    refuses: [409, 422],
    handle: (ask, { clock, random }) =>
      ask.write(async (sql) => {
        const body = complete(random.uuid(), 1, ask.body);
        const { rows } = await sql.query(
          `INSERT INTO ad_pods (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
          valuesOf(body),
        );
        if (rows.length === 0) refuseName(body.name);
        const { actor } = ask.caller;
        await audit(sql, {
          at: clock.now(),
          actor,
          action: 'create',
          resource: 'pod',
          id: body.id,
          before: null,
          after: body,
        });
        return { body, version: body.version, location: `/api/v2/pods/${body.id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/pods',
    tag,
    summary: 'List pods, by name',
    scope: 'campaigns:read',
    query: closed(pageQuery),
    answer: pageOf(pod),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('pods', ask.query.cursor);
      const { rows } = await ask.read((sql) =>
        sql.query<Row>(
          `SELECT ${COLUMNS} FROM ad_pods WHERE $1::text IS NULL OR (name, id) > ($1, $2::uuid) ORDER BY name, id LIMIT $3`,
          [place?.value ?? null, place?.id ?? null, limit + 1],
        ),
      );
      return { body: pageByName('pods', rows, limit, shown) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/pods/:id',
    tag,
    summary: 'Read a pod',
    scope: 'campaigns:read',
    params: byId,
    answer: pod,
    handle: async (ask) => {
      const body = await ask.read((sql) => podOf(sql, ask.params.id), 'fresh');
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PUT',
    path: '/api/v2/pods/:id',
    tag,
    summary: 'Replace the rules of a pod',
    scope: 'campaigns:write',
    params: byId,
    body: newPod,
    answer: pod,
    versioned: true,
    refuses: [409, 422],
    handle: (ask, { clock }) =>
      ask.write(async (sql) => {
        const before = await podOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const body = complete(before.id, before.version + 1, ask.body);
        const taken = await sql.query('SELECT FROM ad_pods WHERE name = $1 AND id <> $2', [body.name, body.id]);
        if (taken.rows.length > 0) refuseName(body.name);
        await sql.query(
          `UPDATE ad_pods SET version = $2, name = $3, duration_seconds = $4, max_ads = $5, min_ads = $6,
             enable_competitive_separation = $7, min_separation_seconds = $8, allow_duplicate_advertisers = $9,
             optimization_goal = $10 WHERE id = $1`,
          valuesOf(body),
        );
        const { actor } = ask.caller;
        await audit(sql, {
          at: clock.now(),
          actor,
          action: 'update',
          resource: 'pod',
          id: body.id,
          before,
          after: body,
        });
        return { body, version: body.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/pods/:id',
    tag,
    summary: 'Delete a pod; requests that name it are refused from then on',
    scope: 'campaigns:write',
    params: byId,
    versioned: true,
    handle: (ask, { clock }) =>
      ask.write(async (sql) => {
        const before = await podOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        await sql.query('DELETE FROM ad_pods WHERE id = $1', [before.id]);
        const { actor } = ask.caller;
        await audit(sql, {
          at: clock.now(),
          actor,
          action: 'delete',
          resource: 'pod',
          id: before.id,
          before,
          after: null,
        });
        return {};
      }),
  }),
];

/** With what was left out. Throws Problem 422 where fewer ads are allowed than are wanted. */
function complete(id: string, version: number, body: Static<typeof newPod>): Pod {
  const made = {
    id,
    version,
    max_ads: Math.max(6, body.min_ads ?? 0),
    min_ads: Math.min(1, body.max_ads ?? 1),
    enable_competitive_separation: true,
    min_separation_seconds: 30,
    allow_duplicate_advertisers: false,
    optimization_goal: 'revenue' as const,
    ...body,
  };
  if (made.min_ads <= made.max_ads) return made;
  throw new Problem(422, 'Contradicts itself', 'min_ads is above max_ads', [
    { pointer: '/min_ads', detail: 'must not be above max_ads' },
  ]);
}

function refuseName(taken: string): never {
  throw new Problem(409, 'There already', `there is a pod named ${taken}`, [{ pointer: '/name', detail: 'is taken' }]);
}

async function podOf(sql: DeskTransaction, id: string): Promise<Pod> {
  const { rows } = await sql.query<Row>(`SELECT ${COLUMNS} FROM ad_pods WHERE id = $1`, [id]);
  if (rows[0]) return shown(rows[0]);
  throw new Problem(404, 'Not found', `there is no pod ${id}`);
}

function shown(row: Row): Pod {
  return { ...row, version: Number(row.version) };
}

/** In the order of COLUMNS. */
function valuesOf(one: Pod): readonly unknown[] {
  return [
    one.id,
    one.version,
    one.name,
    one.duration_seconds,
    one.max_ads,
    one.min_ads,
    one.enable_competitive_separation,
    one.min_separation_seconds,
    one.allow_duplicate_advertisers,
    one.optimization_goal,
  ];
}
