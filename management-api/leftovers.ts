import type { Logger } from 'pino';
import type { CatalogDesk } from '../engines/catalog/desk.ts';
import type { Clock } from '../engines/clock.ts';
import { startBeats } from './beats.ts';

const EVERY_MS = 10_000;
/** So many rows at once: nobody waits for a sweep. */
const ROWS = 1_000;

/**
 * Removes changes that were relayed a day ago and logins that expired a day ago; answers how many rows. Deciders read campaigns, not
 * the outbox, and a token that has expired opens nothing and ends nothing. Several processes may do it at once.
 */
export async function removeLeftovers(desk: CatalogDesk): Promise<number> {
  return await desk.system(async (sql) => {
    const changes = await sql.query(
      `DELETE FROM outbox WHERE sequence IN (
         SELECT sequence FROM outbox WHERE relayed_at < NOW() - INTERVAL '1 day'
         ORDER BY relayed_at LIMIT ${ROWS} FOR UPDATE SKIP LOCKED)`,
    );
    const logins = await sql.query(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at < NOW() - INTERVAL '1 day'
         ORDER BY expires_at LIMIT ${ROWS} FOR UPDATE SKIP LOCKED)`,
    );
    return changes.count + logins.count;
  });
}

/** For as long as the process runs. `close` lets what is under way end. */
export function sweepLeftovers(parts: { readonly desk: CatalogDesk; readonly clock: Clock; readonly logger: Logger }): {
  close(): Promise<void>;
} {
  const run = () => removeLeftovers(parts.desk);
  return startBeats([{ everyMs: EVERY_MS, what: 'sweeping the outbox and logins', run }], parts);
}
