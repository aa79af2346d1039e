import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { type Child, processContract } from './contract-processes.ts';
import type { EventLog } from './event-log.ts';
import { openLmdbEventLog } from './lmdb-event-log.ts';

const clock = systemClock();
let folder: string;
let log: EventLog;
let children: Child[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-log-'));
  log = openLmdbEventLog({ path: folder, clock });
  children = [];
});

afterEach(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await Promise.all(children.map((child) => child.gone));
  await log.close();
  await rm(folder, { recursive: true });
});

describe('several processes on LMDB', () => {
  it.each(processContract)('$name', ({ check }) =>
    check({ log, place: folder, leaseMs: 2_000, graceMs: 1_000, clock, children }),
  );
});
