import Type from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { type Role, roles } from '../access/roles.ts';
import { audit } from '../audit.ts';
import { type Route, route } from '../route.ts';
import { closed, name, oneOf, orNull, uuid } from '../shapes.ts';
import { register } from '../v1/register.ts';
import { session } from './auth.ts';
import { email } from './users.ts';

const tag = 'v1';
/** As short as the MVP's may be; users that an administrator makes have longer ones. */
const password = Type.String({ minLength: 8, maxLength: 256 });

const profile = Type.Object({
  id: uuid(),
  organisation_id: uuid(),
  email: Type.String(),
  name: orNull(Type.String()),
  role: oneOf(...roles),
  created_at: Type.String(),
  updated_at: Type.String(),
});

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** What /api/v1/auth has beyond logging in and out. */
export const v1AuthRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/auth/register',
    tag,
    summary: 'Make a user, with an organisation of their own, and log in',
    scope: null,
    body: closed({ email, password, name: Type.Optional(orNull(name())) }),
    answer: session,
    status: 201,
    toldOnce: true,
    limitedAsLogin: true,
    refuses: [409],
    handle: async ({ body }, parts) => ({ body: await register({ ...body, name: body.name ?? null }, parts) }),
  }),

  route({
    method: 'GET',
    path: '/api/v1/auth/profile',
    tag,
    summary: 'Who you are',
    scope: 'any',
    answer: profile,
    handle: async (ask) => ({ body: shown(await ask.read((sql) => rowOf(sql, ask.caller.userId), 'fresh')) }),
  }),

  ...(['PUT', 'PATCH'] as const).map((method) =>
    route({
      method,
      path: '/api/v1/auth/profile',
      tag,
      summary: 'Change your name',
      scope: 'any',
      body: closed({ name: orNull(name()) }),
      answer: profile,
      handle: (ask, { clock }) =>
        ask.write(async (sql) => {
          const before = shown(await rowOf(sql, ask.caller.userId));
          await sql.query('UPDATE users SET name = $2, updated_at = NOW() WHERE id = $1', [before.id, ask.body.name]);
          const body = shown(await rowOf(sql, before.id));
          const { actor } = ask.caller;
          await audit(sql, {
            at: clock.now(),
            actor,
            action: 'update',
            resource: 'user',
            id: body.id,
            before,
            after: body,
          });
          return { body };
        }),
    }),
  ),
];

async function rowOf(sql: DeskTransaction, id: string | null): Promise<Row> {
  if (id === null) throw new Problem(403, 'Not a user', 'a key has no profile; log in');
  const { rows } = await sql.query<Row>('SELECT * FROM users WHERE id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new Problem(404, 'Not found', 'this user is gone');
}

function shown(row: Row) {
  const { id, organisation_id, email: address, name: called, role } = row;
  return {
    id,
    organisation_id,
    email: address,
    name: called,
    role,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
