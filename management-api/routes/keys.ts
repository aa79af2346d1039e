import Type, { type Static } from 'typebox';
import { Problem } from '../../engines/http/problem.ts';
import { createKey } from '../access/keys.ts';
import { type Scope, scopes } from '../access/roles.ts';
import { audit, deleted } from '../audit.ts';
import { limits } from '../limits.ts';
import { cursorOf, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, name, oneOf, orNull, time, uuid } from '../shapes.ts';

const tag = 'API keys';

const key = Type.Object({
  id: uuid(),
  name: Type.String(),
  prefix: Type.String({ description: 'how the key begins: bw_<prefix>_' }),
  scopes: Type.Array(oneOf(...scopes)),
  created_at: Type.String(),
  created_by: orNull(uuid('the user who made it; null: another key, or the machine itself')),
  expires_at: orNull(Type.String()),
  last_used_at: orNull(Type.String()),
  revoked_at: orNull(Type.String()),
  requests_per_minute: orNull(Type.Integer({ description: 'null: as the server gives to everybody' })),
});

const newKey = closed({
  name: name(),
  scopes: Type.Array(oneOf(...scopes), { minItems: 1, uniqueItems: true, maxItems: scopes.length }),
  expires_at: Type.Optional(orNull(time())),
  requests_per_minute: Type.Optional(orNull(Type.Integer({ minimum: 1, maximum: 10_000_000 }))),
});

interface Row {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: Scope[];
  readonly created_at: Date;
  readonly created_by: string | null;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
  readonly requests_per_minute: number | null;
}

export const keyRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/api-keys',
    tag,
    summary: 'Make a key; it is shown this once. A caller can give only scopes that it has',
    scope: 'keys:manage',
    body: newKey,
    answer: Type.Object({ id: uuid(), key: Type.String() }),
    status: 201,
    toldOnce: true,
    refuses: [422],
    handle: (ask, { clock, random }) =>
      ask.write(async (sql) => {
        const { name: wanted, scopes: given, expires_at, requests_per_minute: rate = null } = ask.body;
        given.forEach((scope, index) => {
          if (ask.caller.scopes.has(scope)) return;
          throw new Problem(403, 'Not allowed', `you cannot give ${scope}: you do not have it`, [
            { pointer: `/scopes/${index}`, detail: 'is beyond your own' },
          ]);
        });
        const expiresAt = expires_at ? new Date(expires_at) : null;
        if (expiresAt && !(expiresAt.getTime() > clock.now())) {
          throw new Problem(422, 'Expired already', 'a key must expire in the future', [
            { pointer: '/expires_at', detail: 'is not in the future' },
          ]);
        }
        const id = random.uuid();
        const createdBy = ask.caller.userId;
        const key = { id, name: wanted, scopes: given, expiresAt, createdBy, requestsInMinute: rate };
        const made = await createKey(sql, key);
        const { actor } = ask.caller;
        const after = { name: wanted, scopes: given, expires_at: expiresAt, requests_per_minute: rate };
        await audit(sql, { at: clock.now(), actor, action: 'create', resource: 'api_key', id, before: null, after });
        return { body: { id, key: made }, location: `/api/v2/api-keys/${id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/api-keys',
    tag,
    summary: 'List keys, the newest first, without what makes them keys',
    scope: 'keys:manage',
    query: closed(pageQuery),
    answer: pageOf(key),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('api-keys', ask.query.cursor);
      // Ids grow with time.
      const { rows } = await ask.read((sql) =>
        sql.query<Row>('SELECT * FROM api_keys WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2', [
          place?.id ?? null,
          limit + 1,
        ]),
      );
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      const next_cursor = last ? cursorOf('api-keys', { value: '', id: last.id }) : null;
      return { body: { items: rows.slice(0, limit).map(shown), next_cursor } };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/api-keys/:id',
    tag,
    summary: 'Read what is known of a key',
    scope: 'keys:manage',
    params: byId,
    answer: key,
    handle: async (ask) => {
      const { rows } = await ask.read((sql) => sql.query<Row>('SELECT * FROM api_keys WHERE id = $1', [ask.params.id]));
      if (rows[0]) return { body: shown(rows[0]) };
      throw new Problem(404, 'Not found', `there is no key ${ask.params.id}`);
    },
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/api-keys/:id',
    tag,
    summary: 'Revoke a key, at once and for good',
    scope: 'keys:manage',
    params: byId,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { rows } = await sql.query<Row>(
          'UPDATE api_keys SET revoked_at = COALESCE(revoked_at, NOW()) WHERE id = $1 RETURNING *',
          [ask.params.id],
        );
        if (!rows[0]) throw new Problem(404, 'Not found', `there is no key ${ask.params.id}`);
        await deleted(ask, parts, sql, 'api_key', shown(rows[0]));
        return {};
      }),
  }),
];

function shown(row: Row): Static<typeof key> {
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    // A key of before may have one that there is no more; it opens nothing.
    scopes: row.scopes.filter((scope) => scopes.includes(scope)),
    created_at: row.created_at.toISOString(),
    created_by: row.created_by,
    expires_at: iso(row.expires_at),
    last_used_at: iso(row.last_used_at),
    revoked_at: iso(row.revoked_at),
    requests_per_minute: row.requests_per_minute,
  };
}
