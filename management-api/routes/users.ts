import Type, { type Static } from 'typebox';
import { Problem } from '../../engines/http/problem.ts';
import type { Caller } from '../access/caller.ts';
import { hashPassword } from '../access/passwords.ts';
import { type Role, roles, scopesOf } from '../access/roles.ts';
import { isTakenAddress } from '../access/taken-address.ts';
import { changed, created } from '../audit.ts';
import { sameVersion } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { pageByName, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, name, oneOf, orNull, uuid } from '../shapes.ts';

const tag = 'users';

export const email = Type.String({
  maxLength: 255,
  format: 'email',
  pattern: '^[^\\s@\\u0000-\\u001f]{1,64}@[^\\s@\\u0000-\\u001f]+\\.[^\\s@\\u0000-\\u001f]+$',
});
/** Long enough to be worth something, short enough to hash. */
export const password = Type.String({ minLength: 12, maxLength: 256 });

const user = Type.Object({
  id: uuid(),
  version: Type.Integer(),
  email: Type.String(),
  name: orNull(Type.String()),
  role: oneOf(...roles),
  disabled: Type.Boolean(),
  created_at: Type.String(),
});

interface Row {
  readonly id: string;
  readonly version: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
  readonly disabled_at: Date | null;
  readonly created_at: Date;
}

export const userRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/users',
    tag,
    summary: 'Create a user of your organisation',
    scope: 'users:manage',
    body: closed({ email, password, name: Type.Optional(orNull(name())), role: oneOf(...roles) }),
    answer: user,
    status: 201,
    toldOnce: true,
    refuses: [409],
    handle: async (ask, parts) => {
      demandRole(ask.caller, ask.body.role);
      const hash = await hashPassword(ask.body.password);
      return await ask.write(async (sql) => {
        if (await isTakenAddress(sql, ask.body.email)) {
          throw new Problem(409, 'There already', 'this address has a user', [
            { pointer: '/email', detail: 'is taken' },
          ]);
        }
        const { rows } = await sql.query<Row>(
          `INSERT INTO users (id, email, password_hash, name, role) VALUES ($1, LOWER($2), $3, $4, $5) RETURNING *`,
          [parts.random.uuid(), ask.body.email, hash, ask.body.name ?? null, ask.body.role],
        );
        const body = shown(rows[0] as Row);
        await created(ask, parts, sql, 'user', body);
        return { body, version: body.version, location: `/api/v2/users/${body.id}` };
      });
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/users',
    tag,
    summary: 'List the users of your organisation, by address',
    scope: 'users:manage',
    query: closed({ ...pageQuery, role: Type.Optional(oneOf(...roles)), disabled: Type.Optional(Type.Boolean()) }),
    answer: pageOf(user),
    handle: async (ask) => {
      const { limit = limits.pageItems, role, disabled } = ask.query;
      const place = placeOf('users', ask.query.cursor);
      const { rows } = await ask.read((sql) =>
        sql.query<Row>(
          `SELECT * FROM users WHERE ($1::text IS NULL OR (email, id) > ($1, $2::uuid))
             AND ($4::text IS NULL OR role = $4) AND ($5::boolean IS NULL OR (disabled_at IS NOT NULL) = $5)
           ORDER BY email, id LIMIT $3`,
          [place?.value ?? null, place?.id ?? null, limit + 1, role ?? null, disabled ?? null],
        ),
      );
      const named = rows.map((row) => ({ row, id: row.id, name: row.email }));
      return { body: pageByName('users', named, limit, ({ row }) => shown(row)) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/users/:id',
    tag,
    summary: 'Read a user',
    scope: 'users:manage',
    params: byId,
    answer: user,
    handle: async (ask) => {
      const { rows } = await ask.read(
        (sql) => sql.query<Row>('SELECT * FROM users WHERE id = $1', [ask.params.id]),
        'fresh',
      );
      if (!rows[0]) throw new Problem(404, 'Not found', `there is no user ${ask.params.id}`);
      const body = shown(rows[0]);
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/users/:id',
    tag,
    summary: 'Change the name or role of a user, give it another password, or disable it: its logins end at once',
    scope: 'users:manage',
    params: byId,
    body: closed(
      {
        name: Type.Optional(orNull(name())),
        role: Type.Optional(oneOf(...roles)),
        disabled: Type.Optional(Type.Boolean()),
        password: Type.Optional(password),
      },
      { minProperties: 1 },
    ),
    answer: user,
    versioned: true,
    refuses: [409],
    handle: async (ask, parts) => {
      const { role, disabled, name: called, password: wanted } = ask.body;
      if (role !== undefined) demandRole(ask.caller, role);
      const hash = wanted === undefined ? null : await hashPassword(wanted);
      return await ask.write(async (sql) => {
        const { rows: known } = await sql.query<Row>('SELECT * FROM users WHERE id = $1', [ask.params.id]);
        if (!known[0]) throw new Problem(404, 'Not found', `there is no user ${ask.params.id}`);
        if (known[0].id === ask.caller.userId) {
          throw new Problem(409, 'Yourself', 'another admin must change you, so that one is always left');
        }
        demandRole(ask.caller, known[0].role);
        const before = shown(known[0]);
        sameVersion(ask.ifMatch, before.version);
        const { rows } = await sql.query<Row>(
          `UPDATE users SET role = COALESCE($2, role), updated_at = NOW(), version = version + 1,
             disabled_at = CASE WHEN $3::boolean IS NULL THEN disabled_at WHEN $3 THEN COALESCE(disabled_at, NOW()) END,
             password_hash = COALESCE($4, password_hash), name = CASE WHEN $5 THEN $6 ELSE name END
           WHERE id = $1 RETURNING *`,
          [before.id, role ?? null, disabled ?? null, hash, called !== undefined, called ?? null],
        );
        if (hash !== null || disabled === true) await sql.query('SELECT end_sessions_of($1)', [before.id]);
        const body = shown(rows[0] as Row);
        await changed(ask, parts, sql, 'user', before, body);
        return { body, version: body.version };
      });
    },
  }),
];

/** Throws Problem 403 where the role may do what the caller may not: nobody makes somebody greater than themselves. */
function demandRole(caller: Caller, role: Role): void {
  const beyond = scopesOf[role].find((scope) => !caller.scopes.has(scope));
  if (beyond === undefined) return;
  throw new Problem(403, 'Not allowed', `the role ${role} has the scope ${beyond}, which you do not have`, [
    { pointer: '/role', detail: 'is beyond your own' },
  ]);
}

function shown(row: Row): Static<typeof user> {
  const { id, name: called, role } = row;
  return {
    id,
    version: Number(row.version),
    email: row.email,
    name: called,
    role,
    disabled: row.disabled_at !== null,
    created_at: row.created_at.toISOString(),
  };
}
