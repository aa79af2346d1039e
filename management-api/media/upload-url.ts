import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../../engines/http/problem.ts';
import { isUuid } from '../../schemas/uuid.ts';
import type { ManagementParts } from '../parts.ts';

/** A file is named by the creative that it is for. */
const form = /^([0-9a-f-]{36})\.mp4$/;

export function nameOf(creativeId: string): string {
  return `${creativeId}.mp4`;
}

/** Null: no file of ours has such a name. */
export function creativeIdOf(name: string): string | null {
  const id = form.exec(name)?.[1];
  return id !== undefined && isUuid(id) ? id : null;
}

export const UPLOAD_MS = 3_600_000;

/** A URL of management that takes a PUT of one file, and nothing else, until it expires. */
export function uploadUrl(base: string, name: string, organisation: string, expiresAt: number, secret: string): string {
  const signature = sign(name, organisation, expiresAt, secret).toString('base64url');
  return `${base}/api/v1/uploads/${name}?organisation=${organisation}&expires=${expiresAt}&signature=${signature}`;
}

/** The name that may be put. Throws Problem 403 for a URL that nobody here signed, or whose time is over. */
export function uploadNameOf(
  { name, query }: { readonly name: string; readonly query: Readonly<Record<string, unknown>> },
  { clock, secret }: Pick<ManagementParts, 'clock' | 'secret'>,
): string {
  const expiresAt = Number(query.expires);
  const given = Buffer.from(String(query.signature ?? ''), 'base64url');
  const wanted = sign(name, String(query.organisation ?? ''), expiresAt, secret);
  const genuine = given.length === wanted.length && timingSafeEqual(given, wanted);
  if (!genuine || creativeIdOf(name) === null)
    throw new Problem(403, 'Not allowed', 'this upload URL was not made here');
  if (!(clock.now() < expiresAt)) throw new Problem(403, 'Expired', 'ask for another upload URL');
  return name;
}

function sign(name: string, organisation: string, expiresAt: number, secret: string): Buffer {
  return createHmac('sha256', `uploads:${secret}`).update(`${name}\n${organisation}\n${expiresAt}`).digest();
}
