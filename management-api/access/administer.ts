import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { CatalogDesk } from '../../engines/catalog/desk.ts';
import type { Clock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import type { Random } from '../../engines/random.ts';
import { SYSTEM as actor, audit } from '../audit.ts';
import { createKey } from './keys.ts';
import { hashPassword } from './passwords.ts';
import { type Role, scopesOf } from './roles.ts';
import { isTakenAddress } from './taken-address.ts';

export interface AdministerParts {
  readonly desk: CatalogDesk;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes an organisation, from the machine itself, and answers its id. Throws EngineError `refused` where one has the name. */
export async function administerOrganisation(
  { desk, clock, random }: AdministerParts,
  organisation: string,
): Promise<string> {
  const id = random.uuid();
  const made = await desk.system((sql) =>
    sql.query('INSERT INTO organisations (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [id, organisation]),
  );
  if (made.count === 0) throw new EngineError('refused', `there is an organisation "${organisation}" already`);
  const after = { name: organisation };
  await desk.write(id, (sql) =>
    audit(sql, { at: clock.now(), actor, action: 'create', resource: 'organisation', id, before: null, after }),
  );
  return id;
}

/** Throws EngineError `refused`. */
async function demandOrganisation(desk: CatalogDesk, id: string): Promise<void> {
  const known = await desk.system((sql) => sql.query('SELECT FROM organisations WHERE id::text = LOWER($1)', [id]));
  if (known.count > 0) return;
  throw new EngineError('refused', `there is no organisation ${id}: breakwater organisations list shows them`);
}

/** Makes a key with the scopes of a role, from the machine itself; the key is told this once. */
export async function administerKey(
  { desk, clock, random }: AdministerParts,
  { organisation = HOUSE_ORGANISATION, name, role }: { organisation?: string; name: string; role: Role },
): Promise<string> {
  const id = random.uuid();
  const scopes = scopesOf[role];
  await demandOrganisation(desk, organisation);
  return await desk.write(organisation, async (sql) => {
    const key = await createKey(sql, { id, name, scopes, expiresAt: null, createdBy: null });
    const after = { name, scopes };
    await audit(sql, { at: clock.now(), actor, action: 'create', resource: 'api_key', id, before: null, after });
    return key;
  });
}

/** An admin key for a catalog that has no key yet; null when it has. */
export async function firstKey(parts: AdministerParts): Promise<string | null> {
  const known = await parts.desk.system((sql) => sql.query('SELECT FROM api_keys LIMIT 1'));
  return known.count > 0 ? null : await administerKey(parts, { name: 'first key', role: 'admin' });
}

/**
 * Makes a user, from the machine itself, and answers the id. Throws EngineError `refused` when the address has one, in whatever
 * organisation and spelling.
 */
export async function administerUser(
  { desk, clock, random }: AdministerParts,
  wanted: { organisation?: string; email: string; name: string | null; password: string; role: Role },
): Promise<string> {
  const id = random.uuid();
  const { organisation = HOUSE_ORGANISATION, email, name, role } = wanted;
  await demandOrganisation(desk, organisation);
  const hash = await hashPassword(wanted.password);
  await desk.write(organisation, async (sql) => {
    if (await isTakenAddress(sql, email)) throw new EngineError('refused', `${email} has a user already`);
    await sql.query('INSERT INTO users (id, email, password_hash, name, role) VALUES ($1, LOWER($2), $3, $4, $5)', [
      id,
      email,
      hash,
      name,
      role,
    ]);
    const after = { email: email.toLowerCase(), name, role };
    await audit(sql, { at: clock.now(), actor, action: 'create', resource: 'user', id, before: null, after });
  });
  return id;
}
