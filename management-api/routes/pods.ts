import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { changed, created, deleted } from '../audit.ts';
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
  separation_scope: Type.Optional(oneOf('pod', 'stream')),
  allow_duplicate_advertisers: Type.Optional(Type.Boolean()),
  optimization_goal: Type.Optional(oneOf('revenue', 'fill_rate', 'user_experience')),
  exact_duration: Type.Optional(Type.Boolean({ description: 'a pod that does not fill its duration is no pod' })),
  allowed_durations: Type.Optional(
    orNull(
      Type.Array(Type.Integer({ minimum: 1, maximum: 120 }), {
        minItems: 1,
        maxItems: 32,
        uniqueItems: true,
        description: 'lengths that an ad may have, in seconds; null: any',
      }),
    ),
  ),
  backup_ads: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10, description: 'spare ads reserved beside the pod' }),
  ),
};

const newPod = closed(fields);
const podPatch = closed(
  { ...fields, name: Type.Optional(fields.name), duration_seconds: Type.Optional(fields.duration_seconds) },
  { minProperties: 1 },
);
const pod = Type.Object({ id: uuid(), version: Type.Integer(), ...Type.Required(Type.Object(fields)).properties });
type Pod = Static<typeof pod>;

interface Row extends Omit<Pod, 'version'> {
  readonly version: string;
}

const COLUMNS = `id, version, name, duration_seconds, max_ads, min_ads, enable_competitive_separation, min_separation_seconds,
  separation_scope, allow_duplicate_advertisers, optimization_goal, exact_duration, allowed_durations, backup_ads`;

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
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const body = complete(parts.random.uuid(), 1, ask.body);
        const { rows } = await sql.query(
          `INSERT INTO ad_pods (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
             $11, $12, $13, $14) ON CONFLICT DO NOTHING RETURNING id`,
          valuesOf(body),
        );
        if (rows.length === 0) refuseName(body.name);
        await created(ask, parts, sql, 'pod', body);
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
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await podOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const body = complete(before.id, before.version + 1, ask.body);
        await replace(sql, body);
        await changed(ask, parts, sql, 'pod', before, body);
        return { body, version: body.version };
      }),
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/pods/:id',
    tag,
    summary: 'Change some of the rules of a pod',
    scope: 'campaigns:write',
    params: byId,
    body: podPatch,
    answer: pod,
    versioned: true,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await podOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const { id, version, ...rules } = before;
        const body = complete(id, version + 1, { ...rules, ...ask.body });
        await replace(sql, body);
        await changed(ask, parts, sql, 'pod', before, body);
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
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await podOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        await sql.query('DELETE FROM ad_pods WHERE id = $1', [before.id]);
        await deleted(ask, parts, sql, 'pod', before);
        return {};
      }),
  }),
];

/** With what was left out. Throws Problem 422 where the rules contradict each other. */
function complete(id: string, version: number, body: Static<typeof newPod>): Pod {
  const made = {
    id,
    version,
    max_ads: Math.max(6, body.min_ads ?? 0),
    min_ads: Math.min(1, body.max_ads ?? 1),
    enable_competitive_separation: true,
    min_separation_seconds: 30,
    separation_scope: 'pod' as const,
    exact_duration: false,
    allowed_durations: null,
    backup_ads: 0,
    allow_duplicate_advertisers: false,
    optimization_goal: 'revenue' as const,
    ...body,
  };
  const wrong = contradictionsOf(made);
  if (wrong.length === 0) return made;
  const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  throw new Problem(422, 'Contradicts itself', detail, wrong);
}

/** What no request could ask for: see `rulesOf` of the decision API. */
function contradictionsOf({ min_ads, max_ads, duration_seconds, allowed_durations }: Pod): readonly Wrong[] {
  const wrong: Wrong[] = [];
  if (min_ads > max_ads) wrong.push({ pointer: '/min_ads', detail: 'must not be above max_ads' });
  for (const [at, seconds] of (allowed_durations ?? []).entries()) {
    if (seconds > duration_seconds) {
      wrong.push({ pointer: `/allowed_durations/${at}`, detail: `is longer than the pod, ${duration_seconds} s` });
    }
  }
  return wrong;
}

async function replace(sql: DeskTransaction, pod: Pod): Promise<void> {
  const taken = await sql.query('SELECT FROM ad_pods WHERE name = $1 AND id <> $2', [pod.name, pod.id]);
  if (taken.rows.length > 0) refuseName(pod.name);
  await sql.query(
    `UPDATE ad_pods SET version = $2, name = $3, duration_seconds = $4, max_ads = $5, min_ads = $6,
       enable_competitive_separation = $7, min_separation_seconds = $8, separation_scope = $9,
       allow_duplicate_advertisers = $10, optimization_goal = $11, exact_duration = $12, allowed_durations = $13,
       backup_ads = $14 WHERE id = $1`,
    valuesOf(pod),
  );
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
    one.separation_scope,
    one.allow_duplicate_advertisers,
    one.optimization_goal,
    one.exact_duration,
    one.allowed_durations,
    one.backup_ads,
  ];
}
