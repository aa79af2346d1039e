import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { migrate as migrateEngines, startEmbedded } from '../engines/open.ts';

/**
 * `breakwater migrate`: brings the catalog and the warehouse to this release. Embedded servers are started for it and
 * stopped after; with `breakwater up` running on the same data folder they are in use, and `up` has migrated already.
 */
export async function migrate(): Promise<void> {
  const config = readConfig();
  const servers = await startEmbedded(config);
  try {
    await migrateEngines(config, systemClock(), servers, (line) => process.stdout.write(`${line}\n`));
  } finally {
    await servers.stop();
  }
}
