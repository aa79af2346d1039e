import type { Run } from './facts.ts';
import { readLog } from './read-log.ts';
import { readState } from './read-state.ts';
import { readSeed, readSettings, readToken, readViewers } from './read-viewers.ts';
import { readWarehouse } from './read-warehouse.ts';

/** Reads a finished run: its folder and its warehouse. */
export async function readRun(dir: string, warehouseUrl: string): Promise<Run> {
  const warehouse = await readWarehouse(warehouseUrl);
  return {
    settings: readSettings(dir),
    seed: readSeed(dir),
    calls: readViewers(dir),
    log: await readLog(dir),
    state: await readState(dir),
    warehouse,
    token: readToken,
  };
}
