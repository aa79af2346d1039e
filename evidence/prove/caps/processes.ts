import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seedHeads } from '../../../decision-api/test-heads.ts';
import { systemClock } from '../../../engines/clock.ts';
import { openLmdbEventLog } from '../../../engines/event-log/lmdb-event-log.ts';
import { systemRandom } from '../../../engines/random.ts';
import { keys } from '../../../engines/state-store/keys.ts';
import { openRedisStateStore } from '../../../engines/state-store/redis-state-store.ts';
import { decodeBare } from '../../../schemas/codec.ts';
import { topics } from '../../../schemas/events.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { partitions } from './plan.ts';
import { type Recount, recount } from './recount.ts';

export interface RunResult extends Recount {
  readonly decisions: number;
  readonly served: number;
  readonly caps_refused: number;
  readonly refused_by_swap: number;
  readonly contended: number;
  readonly unanswered: number;
  readonly kills: number;
  readonly worker_stops: number;
  readonly seconds: number;
}

const childFile = fileURLToPath(new URL('child.ts', import.meta.url));

/**
 * Processes that decide, watch and confirm over one Redis and one log, killed and started again, their workers stopped all at once
 * for three token lives; then the recount. The Redis has to be empty.
 */
export async function runProcesses(options: CrewOptions): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-caps-'));
  const clock = systemClock();
  const log = openLmdbEventLog({ path: join(folder, 'log'), clock });
  const store = await openRedisStateStore({ url: options.redisUrl, random: systemRandom(clock) });
  const crew = new Crew(options, folder, childFile);
  try {
    await log.ensureTopics(topics.map(({ name }) => ({ name, partitions, retentionMs: 86_400_000 })));
    await seedHeads(store, { beacons: partitions, requests: partitions });
    const began = clock.now();
    const { kills, stops } = await crew.work(clock);
    await crew.drain();
    await applied(async () => {
      crew.check();
      const ends = await log.ends('ad-beacons');
      const heads = await store.read(ends.map((_, partition) => keys.head('frequency', 'ad-beacons', partition)));
      return heads.every(({ bytes }, partition) => {
        const position = bytes ? decodeBare('head-record', bytes).position : 0;
        return position >= (ends[partition] ?? 0) - 1;
      });
    });
    const seconds = (clock.now() - began) / 1000;
    await crew.end();
    const counts = crew.total();
    await log.close();
    return {
      decisions: counts.decisions,
      served: counts.served,
      caps_refused: counts.refusedAtSight + counts.refusedAtSwap,
      refused_by_swap: counts.refusedAtSwap,
      contended: counts.contended,
      unanswered: counts.unanswered,
      kills,
      worker_stops: stops,
      seconds: Math.round(seconds),
      ...(await recount(folder, options.redisUrl)),
    };
  } finally {
    crew.kill();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const APPLIED_TRIES = 600;

async function applied(met: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < APPLIED_TRIES; tries++) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the workers did not come to the end of the log in a minute');
}
