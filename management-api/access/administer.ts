import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { CatalogDesk } from '../../engines/catalog/desk.ts';
import type { Clock } from '../../engines/clock.ts';
import type { Random } from '../../engines/random.ts';
import { audit } from '../audit.ts';
import { createKey } from './keys.ts';
import { hashPassword } from './passwords.ts';
import { type Role, scopesOf } from './roles.ts';

export interface AdministerParts {
  readonly desk: CatalogDesk;
  readonly clock: Clock;
  readonly random: Random;
}

const actor = 'system';

/** Makes a key with the scopes of a role, from the machine itself; the key is told this once. */
export async function administerKey(
  { desk, clock, random }: AdministerParts,
  { organisation = HOUSE_ORGANISATION, name, role }: { organisation?: string; name: string; role: Role },
): Promise<string> {
  const id = random.uuid();
  const scopes = scopesOf[role];
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

/** Makes a user, from the machine itself. Throws EngineError `refused` when the address has one. */
export async function administerUser(
  { desk, clock, random }: AdministerParts,
  wanted: { organisation?: string; email: string; name: string | null; password: string; role: Role },
): Promise<string> {
  const id = random.uuid();
  const { organisation = HOUSE_ORGANISATION, email, name, role } = wanted;
  const hash = await hashPassword(wanted.password);
  await desk.write(organisation, async (sql) => {
    await sql.query('INSERT INTO users (id, email, password_hash, name, role) VALUES ($1, LOWER($2), $3, $4, $5)', [
      id,
      email,
      hash,
      name,
      role,
    ]);
    const after = { email, name, role };
    await audit(sql, { at: clock.now(), actor, action: 'create', resource: 'user', id, before: null, after });
  });
  return id;
}
