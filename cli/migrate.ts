import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { holdFolder } from '../engines/folder-lock.ts';
import { migrate as migrateEngines, startEmbedded } from '../engines/open.ts';

/**
 * `breakwater migrate`: brings the catalog and the warehouse to this release. Embedded servers are started for it and
 * stopped after; with `breakwater up` running on the same data folder they are in use, and `up` has migrated already.
 */
export async function migrate(): Promise<void> {
  const config = readConfig();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const embedded = config.catalogUrl === null || config.warehouseUrl === null;
  const held = embedded ? await holdFolder(config.dataDir, 'breakwater migrate') : null;
  const servers = await startEmbedded(config, say);
  try {
    await migrateEngines(config, systemClock(), servers, say);
  } finally {
    await servers.stop();
    await held?.release();
  }
}
