import type { FastifyRequest } from 'fastify';
import { Problem } from '../engines/http/problem.ts';
import type { Caller } from './access/caller.ts';
import { callerOfKey } from './access/keys.ts';
import type { Scope } from './access/roles.ts';
import { callerOfToken } from './access/sessions.ts';
import type { ManagementParts } from './parts.ts';

/** Nobody: what an open route gets. */
export const nobody: Caller = { organisation: '', actor: 'nobody', userId: null, scopes: new Set() };

/** The caller by `Authorization: Bearer <key or access token>` or `X-Api-Key`. Throws Problem 401 or 403. */
export async function authenticate(
  request: FastifyRequest,
  scope: Scope | 'any',
  parts: ManagementParts,
): Promise<Caller> {
  const caller = await callerOf(credentialOf(request), parts);
  if (scope === 'any' || caller.scopes.has(scope)) return caller;
  throw new Problem(403, 'Not allowed', `this needs the scope ${scope}`);
}

function credentialOf({ headers }: FastifyRequest): string {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  const bearer = /^Bearer (\S{1,4096})$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  throw new Problem(401, 'Who is asking?', 'send Authorization: Bearer <API key or access token>, or X-Api-Key');
}

async function callerOf(credential: string, parts: ManagementParts): Promise<Caller> {
  const caller = credential.startsWith('bw_')
    ? await callerOfKey(parts.desk, credential)
    : await callerOfToken(credential, parts);
  if (caller) return caller;
  throw new Problem(401, 'Not valid', 'the key or token is unknown, revoked or expired');
}
