import Type from 'typebox';
import { Problem } from '../../engines/http/problem.ts';
import { roles } from '../access/roles.ts';
import { login, logout, refresh, type Session } from '../access/sessions.ts';
import { type Route, route } from '../route.ts';
import { closed, oneOf, orNull, uuid } from '../shapes.ts';

const user = Type.Object({
  id: uuid(),
  organisation_id: uuid(),
  email: Type.String(),
  name: orNull(Type.String()),
  role: oneOf(...roles),
});

/** What a login gives. */
export const session = Type.Object({
  access_token: Type.String(),
  refresh_token: Type.String({ description: 'good once; a second use ends the login' }),
  expires_in: Type.Integer({ description: 'seconds' }),
  user,
});

const credentials = closed({ email: Type.String({ maxLength: 255 }), password: Type.String({ maxLength: 256 }) });
const byRefreshToken = closed({ refresh_token: Type.String({ minLength: 20, maxLength: 256 }) });

/** Login and its end, under /api/v1 as the MVP had them and under /api/v2. */
export const authRoutes: readonly Route[] = ['/api/v1/auth', '/api/v2/auth'].flatMap((base) => [
  route({
    method: 'POST',
    path: `${base}/login`,
    tag: 'sessions',
    summary: 'Log in with a password',
    scope: null,
    body: credentials,
    answer: session,
    toldOnce: true,
    limitedAsLogin: true,
    handle: async ({ body }, parts) => ({ body: known(await login(body.email, body.password, parts)) }),
  }),
  route({
    method: 'POST',
    path: `${base}/refresh`,
    tag: 'sessions',
    summary: 'A new pair of tokens for a refresh token',
    scope: null,
    body: byRefreshToken,
    answer: session,
    toldOnce: true,
    handle: async ({ body }, parts) => ({ body: known(await refresh(body.refresh_token, parts)) }),
  }),
  route({
    method: 'POST',
    path: `${base}/logout`,
    tag: 'sessions',
    summary: 'End a login, its access tokens included',
    scope: null,
    body: byRefreshToken,
    toldOnce: true,
    handle: async ({ body }, parts) => {
      await logout(body.refresh_token, parts);
      return {};
    },
  }),
]);

function known(found: Session | null): Session {
  if (found) return found;
  throw new Problem(401, 'Not valid', 'unknown, wrong, used before or expired');
}
