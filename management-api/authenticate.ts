import type { FastifyRequest } from 'fastify';
import { Problem } from '../engines/http/problem.ts';
import type { Caller } from './access/caller.ts';
import { callerOfKey } from './access/keys.ts';
import type { Scope } from './access/roles.ts';
import { callerOfToken } from './access/sessions.ts';
import type { ManagementParts } from './parts.ts';
import type { RateLimits } from './rate-limit.ts';

/** Nobody: what an open route gets. */
export const nobody: Caller = {
  organisation: '',
  actor: 'nobody',
  userId: null,
  scopes: new Set(),
  requestsInMinute: null,
};

/** The caller by `Authorization: Bearer <key or access token>` or `X-Api-Key`. Throws Problem 401, or 429 for too many of those. */
export async function authenticate(
  request: FastifyRequest,
  parts: ManagementParts,
  rates: RateLimits,
): Promise<Caller> {
  const caller = await callerOf(credentialOf(request), parts);
  if (caller !== null) return caller;
  await rates.refused(request);
  throw new Problem(401, 'Not valid', 'the key or token is unknown, revoked or expired');
}

/** Throws Problem 403. */
export function demandScope(caller: Caller, scope: Scope): void {
  if (!caller.scopes.has(scope)) throw new Problem(403, 'Not allowed', `this needs the scope ${scope}`);
}

function credentialOf({ headers }: FastifyRequest): string {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  const bearer = /^Bearer (\S{1,4096})$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  throw new Problem(401, 'Who is asking?', 'send Authorization: Bearer <API key or access token>, or X-Api-Key');
}

async function callerOf(credential: string, parts: ManagementParts): Promise<Caller | null> {
  return credential.startsWith('bw_') ? callerOfKey(parts.desk, credential) : callerOfToken(credential, parts);
}
