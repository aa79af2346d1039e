import Type from 'typebox';
import { Problem } from '../../engines/http/problem.ts';
import { hashPassword, isPassword } from '../access/passwords.ts';
import { roles, scopes } from '../access/roles.ts';
import { changed } from '../audit.ts';
import { route } from '../route.ts';
import { closed, oneOf, orNull, uuid } from '../shapes.ts';
import { password } from './users.ts';

const me = Type.Object({
  organisation_id: uuid(),
  actor: Type.String({ description: 'as the audit names you: user:<id> or key:<id>' }),
  scopes: Type.Array(oneOf(...scopes)),
  user: orNull(Type.Object({ id: uuid(), email: Type.String(), name: orNull(Type.String()), role: oneOf(...roles) })),
});

export const meRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/me',
    tag: 'sessions',
    summary: 'Who you are and what you may',
    scope: 'any',
    answer: me,
    handle: async (ask) => {
      const { organisation, actor, userId } = ask.caller;
      const { rows } = await ask.read((sql) =>
        sql.query<{ id: string; email: string; name: string | null; role: (typeof roles)[number] }>(
          'SELECT id, email, name, role FROM users WHERE id = $1',
          [userId],
        ),
      );
      return { body: { organisation_id: organisation, actor, scopes: [...ask.caller.scopes], user: rows[0] ?? null } };
    },
  }),

  route({
    method: 'POST',
    path: '/api/v2/me/password',
    tag: 'sessions',
    summary: 'Give yourself another password; all your logins end, this one too',
    scope: 'any',
    body: closed({ password: Type.String({ maxLength: 256 }), new_password: password }),
    toldOnce: true,
    limitedAsLogin: true,
    refuses: [409, 422],
    handle: async (ask, parts) => {
      const { userId } = ask.caller;
      if (userId === null) throw new Problem(409, 'No password', 'you came with a key, which has none');
      const { rows } = await ask.read(
        (sql) => sql.query<{ password_hash: string }>('SELECT password_hash FROM users WHERE id = $1', [userId]),
        'fresh',
      );
      if (!(await isPassword(ask.body.password, rows[0]?.password_hash ?? ''))) {
        throw new Problem(422, 'Another password', 'this is not your password', [
          { pointer: '/password', detail: 'is not yours' },
        ]);
      }
      const hash = await hashPassword(ask.body.new_password);
      return await ask.write(async (sql) => {
        await sql.query(
          'UPDATE users SET password_hash = $2, version = version + 1, updated_at = NOW() WHERE id = $1',
          [userId, hash],
        );
        await sql.query('SELECT end_sessions_of($1)', [userId]);
        await changed(ask, parts, sql, 'password', { id: userId }, { id: userId });
        return {};
      });
    },
  }),
];
