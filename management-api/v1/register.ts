import { Problem } from '../../engines/http/problem.ts';
import { hashPassword } from '../access/passwords.ts';
import { login, type Session } from '../access/sessions.ts';
import { isTakenAddress } from '../access/taken-address.ts';
import { audit } from '../audit.ts';
import type { ManagementParts } from '../parts.ts';

interface Registrant {
  readonly email: string;
  readonly password: string;
  readonly name: string | null;
}

/**
 * Makes a user who asks for it, in an organisation of their own: nobody joins others unasked. A manager, as the MVP's users became;
 * more is for the machine's own administrators to give. Throws Problem 403 or 409.
 */
export async function register(registrant: Registrant, parts: ManagementParts): Promise<Session> {
  const { desk, random, clock } = parts;
  if (parts.registration === 'closed') {
    throw new Problem(403, 'Registration is closed', 'ask an administrator for a user, or for REGISTRATION=open');
  }
  const hash = await hashPassword(registrant.password);
  const [organisation, id] = [random.uuid(), random.uuid()];
  const { email, name } = registrant;
  const taken = await desk.system(async (sql) => {
    if (await isTakenAddress(sql, email)) return true;
    await sql.query('INSERT INTO organisations (id, name) VALUES ($1, $2)', [
      organisation,
      `${email.toLowerCase()} (${organisation})`,
    ]);
    await sql.query(
      `INSERT INTO users (id, organisation_id, email, password_hash, name, role)
       VALUES ($1, $2, LOWER($3), $4, $5, 'manager')`,
      [id, organisation, email, hash, name],
    );
    return false;
  });
  if (taken) {
    throw new Problem(409, 'There already', 'this address has a user', [{ pointer: '/email', detail: 'is taken' }]);
  }
  const after = { email: email.toLowerCase(), name, role: 'manager' };
  await desk.write(organisation, (sql) =>
    audit(sql, { at: clock.now(), actor: `user:${id}`, action: 'create', resource: 'user', id, before: null, after }),
  );
  const session = await login(email, registrant.password, parts);
  if (session) return session;
  throw new Problem(409, 'Changed meanwhile', 'the new user is gone again');
}
