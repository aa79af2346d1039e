import Type, { type Static } from 'typebox';
import { Problem } from '../../engines/http/problem.ts';
import { hashPassword } from '../access/passwords.ts';
import { type Role, roles } from '../access/roles.ts';
import { audit } from '../audit.ts';
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
  email: Type.String(),
  name: orNull(Type.String()),
  role: oneOf(...roles),
  disabled: Type.Boolean(),
  created_at: Type.String(),
});

interface Row {
  readonly id: string;
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
    handle: async (ask, { clock, random }) => {
      const hash = await hashPassword(ask.body.password);
      return await ask.write(async (sql) => {
        const { rows } = await sql.query<Row>(
          `INSERT INTO users (id, email, password_hash, name, role) VALUES ($1, LOWER($2), $3, $4, $5)
           ON CONFLICT (email) DO NOTHING RETURNING *`,
          [random.uuid(), ask.body.email, hash, ask.body.name ?? null, ask.body.role],
        );
        if (!rows[0]) {
          throw new Problem(409, 'There already', 'this address has a user', [
            { pointer: '/email', detail: 'is taken' },
          ]);
        }
        const body = shown(rows[0]);
        const { actor } = ask.caller;
        await audit(sql, {
          at: clock.now(),
          actor,
          action: 'create',
          resource: 'user',
          id: body.id,
          before: null,
          after: body,
        });
        return { body, location: `/api/v2/users/${body.id}` };
      });
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/users',
    tag,
    summary: 'List the users of your organisation',
    scope: 'users:manage',
    answer: Type.Object({ items: Type.Array(user) }),
    handle: async (ask) => {
      const { rows } = await ask.read((sql) => sql.query<Row>('SELECT * FROM users ORDER BY email'));
      return { body: { items: rows.map(shown) } };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/users/:id',
    tag,
    summary: 'Change the role of a user, or disable it: its sessions end at once',
    scope: 'users:manage',
    params: byId,
    body: closed(
      { role: Type.Optional(oneOf(...roles)), disabled: Type.Optional(Type.Boolean()) },
      { minProperties: 1 },
    ),
    answer: user,
    refuses: [409],
    handle: (ask, { clock }) =>
      ask.write(async (sql) => {
        const { rows: known } = await sql.query<Row>('SELECT * FROM users WHERE id = $1', [ask.params.id]);
        if (!known[0]) throw new Problem(404, 'Not found', `there is no user ${ask.params.id}`);
        if (known[0].id === ask.caller.userId) {
          throw new Problem(409, 'Yourself', 'another admin must change you, so that one is always left');
        }
        const before = shown(known[0]);
        const { rows } = await sql.query<Row>(
          `UPDATE users SET role = COALESCE($2, role), updated_at = NOW(),
             disabled_at = CASE WHEN $3::boolean IS NULL THEN disabled_at WHEN $3 THEN COALESCE(disabled_at, NOW()) END
           WHERE id = $1 RETURNING *`,
          [before.id, ask.body.role ?? null, ask.body.disabled ?? null],
        );
        const body = shown(rows[0] as Row);
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
];

function shown(row: Row): Static<typeof user> {
  const { id, name: called, role } = row;
  return {
    id,
    email: row.email,
    name: called,
    role,
    disabled: row.disabled_at !== null,
    created_at: row.created_at.toISOString(),
  };
}
