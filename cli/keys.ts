import type { CatalogDesk } from '../engines/catalog/desk.ts';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { catalogUrl } from '../engines/endpoints.ts';
import { openDesk } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { administerKey } from '../management-api/access/administer.ts';
import type { Role } from '../management-api/access/roles.ts';

/** Opens the desk of the configured catalog for one command. */
export async function atDesk<T>(work: (desk: CatalogDesk) => Promise<T>): Promise<T> {
  const desk = await openDesk(catalogUrl(readConfig()), null);
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

/** `breakwater keys create`: an API key for the default or another organisation; standard output is the key alone. */
export async function createKeyCommand(options: { name: string; role: Role; organisation?: string }): Promise<void> {
  const clock = systemClock();
  const key = await atDesk((desk) => administerKey({ desk, clock, random: systemRandom(clock) }, options));
  process.stderr.write('keep it: it is not shown again\n');
  process.stdout.write(`${key}\n`);
}

/** `breakwater keys list`: every organisation's keys. */
export async function listKeysCommand(): Promise<void> {
  const { rows } = await atDesk((desk) =>
    desk.system((sql) =>
      sql.query<{ id: string; name: string; prefix: string; organisation: string; state: string }>(
        `SELECT k.id, k.name, k.prefix, o.name AS organisation,
           CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= NOW() THEN 'expired' ELSE 'good' END AS state
         FROM api_keys k JOIN organisations o ON o.id = k.organisation_id ORDER BY o.name, k.created_at`,
      ),
    ),
  );
  for (const row of rows) {
    process.stdout.write(`${row.id}  bw_${row.prefix}_…  ${row.state.padEnd(7)}  ${row.organisation}  ${row.name}\n`);
  }
}
