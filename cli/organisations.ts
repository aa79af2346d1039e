import type { TSchema } from 'typebox';
import { systemClock } from '../engines/clock.ts';
import { EngineError } from '../engines/errors.ts';
import { systemRandom } from '../engines/random.ts';
import { type AdministerParts, administerOrganisation, administerUser } from '../management-api/access/administer.ts';
import type { Role } from '../management-api/access/roles.ts';
import { checkerOf } from '../management-api/check.ts';
import { newUser } from '../management-api/routes/users.ts';
import { closed, name } from '../management-api/shapes.ts';
import { say, table } from './api-client.ts';
import { atDesk } from './keys.ts';

/** `breakwater organisations create NAME`: standard output is its id alone. */
export async function createOrganisationCommand(given: string): Promise<void> {
  check(closed({ name: name() }), { name: given });
  process.stdout.write(`${await administering((parts) => administerOrganisation(parts, given))}\n`);
}

/** `breakwater organisations list` */
export async function listOrganisationsCommand(options: { readonly json?: boolean }): Promise<void> {
  const { rows } = await atDesk((desk) =>
    desk.system((sql) =>
      sql.query<{ id: string; name: string; users: number; keys: number; campaigns: number }>(
        `SELECT o.id, o.name,
           (SELECT count(*)::int FROM users WHERE organisation_id = o.id AND disabled_at IS NULL) AS users,
           (SELECT count(*)::int FROM api_keys WHERE organisation_id = o.id AND revoked_at IS NULL) AS keys,
           (SELECT count(*)::int FROM campaigns WHERE organisation_id = o.id) AS campaigns
         FROM organisations o ORDER BY o.created_at, o.id`,
      ),
    ),
  );
  say(options, rows, () => table(rows));
}

/** `breakwater users create EMAIL --organisation ID`: at the catalog itself, so that an organisation gets its first admin. */
export async function createUserOfCommand(user: {
  readonly organisation: string;
  readonly email: string;
  readonly name: string | null;
  readonly password: string;
  readonly role: Role;
}): Promise<string> {
  const { organisation: _, ...fields } = user;
  check(newUser, fields);
  return await administering((parts) => administerUser(parts, user));
}

function administering<T>(work: (parts: AdministerParts) => Promise<T>): Promise<T> {
  const clock = systemClock();
  return atDesk((desk) => work({ desk, clock, random: systemRandom(clock) }));
}

function check(schema: TSchema, value: unknown): void {
  const checked = checkerOf(schema, false)(value);
  if ('value' in checked) return;
  const told = checked.wrong.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`);
  throw new EngineError('refused', told.join('; '));
}
