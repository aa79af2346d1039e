import type { Run } from './facts.ts';
import { readKafka } from './read-kafka.ts';
import { readLogFile, sortLog, writeLogFile } from './read-log.ts';
import { readRedis } from './read-redis.ts';
import { readStateFile, sortState, writeStateFile } from './read-state.ts';
import { readToken } from './read-token.ts';
import { readSeed, readSettings, readViewers } from './read-viewers.ts';
import { readWarehouse } from './read-warehouse.ts';

/** Where the parts of a run are that may be on servers. */
export interface Places {
  readonly warehouse: string;
  /** kafka://…; absent: DIR/log. */
  readonly log?: string | undefined;
  /** redis://…; absent: DIR/state. */
  readonly state?: string | undefined;
  /** Leaves what is on servers in DIR/log and DIR/state, in the form of the embedded engines. */
  readonly dump?: boolean;
}

/** Reads a finished run: its folder, its warehouse, and its servers where it had some. */
export async function readRun(dir: string, places: Places): Promise<Run> {
  const warehouse = await readWarehouse(places.warehouse);
  const log = places.log === undefined ? await readLogFile(dir) : await readKafka(places.log);
  const state = places.state === undefined ? await readStateFile(dir) : await readRedis(places.state);
  if (places.dump === true && places.log !== undefined) await writeLogFile(dir, log);
  if (places.dump === true && places.state !== undefined) await writeStateFile(dir, state);
  return {
    settings: readSettings(dir),
    seed: readSeed(dir),
    calls: readViewers(dir),
    log: sortLog(log),
    state: sortState(state),
    warehouse,
    token: readToken,
  };
}
