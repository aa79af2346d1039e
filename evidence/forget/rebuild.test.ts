import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openLmdbStateStore } from '../../engines/state-store/lmdb-state-store.ts';
import { rawOfLmdb } from './dump.ts';
import { rebuildCases } from './rebuild-cases.ts';

rebuildCases(async () => ({
  open: async (folder, clock) => openLmdbStateStore({ path: join(folder, 'state'), clock, inline: true, flush: false }),
  raw: rawOfLmdb,
  wipe: (folder) => rm(join(folder, 'state'), { recursive: true }),
  [Symbol.asyncDispose]: async () => undefined,
}));
