import { createHash, randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { CatalogDesk, DeskTransaction } from '../../engines/catalog/desk.ts';
import type { Clock } from '../../engines/clock.ts';
import type { Random } from '../../engines/random.ts';
import type { Caller } from './caller.ts';
import { hashPassword, isOutdated, isPassword, nobodysHash } from './passwords.ts';
import { type Role, scopesOf } from './roles.ts';

const ACCESS_S = 15 * 60;
const REFRESH_MS = 30 * 86_400_000;
const ISSUER = 'breakwater';

export interface SessionParts {
  readonly desk: CatalogDesk;
  readonly clock: Clock;
  readonly random: Random;
  /** HMAC key of access tokens. */
  readonly secret: string;
}

export interface User {
  readonly id: string;
  readonly organisation_id: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
}

export interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
  /** Seconds that the access token is good for. */
  readonly expires_in: number;
  readonly user: User;
}

const USER = 'id, organisation_id, email, name, role';

/** Null: no such user, another password, or disabled; which of them is not told. */
export async function login(email: string, password: string, parts: SessionParts): Promise<Session | null> {
  const user = await parts.desk.system(async (sql) => {
    const { rows } = await sql.query<User & { password_hash: string }>(
      // The MVP told addresses apart by their capitals: the one that is written the same goes first.
      `SELECT ${USER}, password_hash FROM users WHERE LOWER(email) = LOWER($1) AND disabled_at IS NULL
       ORDER BY email = $1 DESC, created_at LIMIT 1`,
      [email],
    );
    return rows[0];
  });
  const right = await isPassword(password, user?.password_hash ?? (await nobodysHash));
  if (!user || !right) return null;
  const { password_hash, ...shown } = user;
  if (isOutdated(password_hash)) await renew(user.id, password_hash, password, parts);
  return await parts.desk.system((sql) => open(sql, shown, parts.random.uuid(), parts));
}

/** Hashes the password anew, unless it was changed meanwhile. */
async function renew(id: string, outdated: string, password: string, { desk }: SessionParts): Promise<void> {
  const hash = await hashPassword(password);
  await desk.system((sql) =>
    sql.query('UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [id, outdated, hash]),
  );
}

/** A new pair for a refresh token, which is good once: a second use means that it was stolen, and ends its whole family. */
export async function refresh(token: string, parts: SessionParts): Promise<Session | null> {
  return await parts.desk.system(async (sql) => {
    const { rows } = await sql.query<{ id: string; family: string; user_id: string; used: boolean; live: boolean }>(
      `SELECT id, family, user_id, used_at IS NOT NULL AS used,
         ended_at IS NULL AND expires_at > $2 AS live
       FROM sessions WHERE hash = $1 FOR UPDATE`,
      [hashOf(token), new Date(parts.clock.now())],
    );
    const session = rows[0];
    if (!session?.live) return null;
    if (session.used) {
      await endFamily(sql, session.family);
      return null;
    }
    await sql.query('UPDATE sessions SET used_at = NOW() WHERE id = $1', [session.id]);
    const users = await sql.query<User>(`SELECT ${USER} FROM users WHERE id = $1 AND disabled_at IS NULL`, [
      session.user_id,
    ]);
    return users.rows[0] ? await open(sql, users.rows[0], session.family, parts) : null;
  });
}

/** Ends the login that the refresh token belongs to: its access tokens too, at once. */
export async function logout(token: string, { desk }: SessionParts): Promise<void> {
  await desk.system(async (sql) => {
    const { rows } = await sql.query<{ family: string }>('SELECT family FROM sessions WHERE hash = $1', [
      hashOf(token),
    ]);
    for (const { family } of rows) await endFamily(sql, family);
  });
}

/** Whose access token this is; null: forged, expired, logged out, or the user was disabled. */
export async function callerOfToken(token: string, parts: SessionParts): Promise<Caller | null> {
  const claims = await readToken(token, parts);
  if (!claims) return null;
  const user = await parts.desk.system(async (sql) => {
    const { rows } = await sql.query<User>(
      `SELECT ${USER} FROM users WHERE id = $1 AND disabled_at IS NULL AND EXISTS (
         SELECT FROM sessions WHERE family = $2 AND user_id = $1 AND ended_at IS NULL)`,
      [claims.user, claims.family],
    );
    return rows[0];
  });
  if (!user) return null;
  return {
    organisation: user.organisation_id,
    actor: `user:${user.id}`,
    userId: user.id,
    scopes: new Set(scopesOf[user.role]),
    requestsInMinute: null,
  };
}

async function readToken(token: string, { clock, secret }: SessionParts) {
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      issuer: ISSUER,
      algorithms: ['HS256'],
      currentDate: new Date(clock.now()),
    });
    if (typeof payload.sub !== 'string' || typeof payload.sid !== 'string') return null;
    return { user: payload.sub, family: payload.sid };
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

async function open(sql: DeskTransaction, user: User, family: string, parts: SessionParts): Promise<Session> {
  const refreshToken = randomBytes(32).toString('base64url');
  const now = parts.clock.now();
  await sql.query('INSERT INTO sessions (id, family, user_id, hash, expires_at) VALUES ($1, $2, $3, $4, $5)', [
    parts.random.uuid(),
    family,
    user.id,
    hashOf(refreshToken),
    new Date(now + REFRESH_MS),
  ]);
  const accessToken = await new SignJWT({ sid: family })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(ISSUER)
    .setSubject(user.id)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor(now / 1000) + ACCESS_S)
    .sign(keyOf(parts.secret));
  return { access_token: accessToken, refresh_token: refreshToken, expires_in: ACCESS_S, user };
}

async function endFamily(sql: DeskTransaction, family: string): Promise<void> {
  await sql.query('UPDATE sessions SET ended_at = NOW() WHERE family = $1 AND ended_at IS NULL', [family]);
}

function keyOf(secret: string): Uint8Array {
  return createHash('sha256').update(`access-tokens:${secret}`).digest();
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
