import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
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
import { seeded } from '../../bench/catalog.ts';
import { type Orders, type Progress, partitions, tokenLifeMs } from './plan.ts';
import { type Recount, recount } from './recount.ts';

export interface RunOptions {
  readonly decisions: number;
  /** Over all processes. */
  readonly concurrency: number;
  readonly processes: number;
  readonly redisUrl: string;
  readonly seed: number;
  readonly say: (line: string) => void;
}

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

const KILL_EVERY_MS = 4_000;
const STOP_WORKERS_EVERY_MS = 25_000;
const childFile = fileURLToPath(new URL('child.ts', import.meta.url));

interface Member {
  readonly child: ChildProcess;
  progress: Progress | null;
}

/**
 * Processes that decide, watch and confirm over one Redis and one log, killed and started again, their workers stopped all at once
 * for three token lives; then the recount. The Redis has to be empty.
 */
export async function runProcesses(options: RunOptions): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-caps-'));
  const clock = systemClock();
  const log = openLmdbEventLog({ path: join(folder, 'log'), clock });
  const store = await openRedisStateStore({ url: options.redisUrl, random: systemRandom(clock) });
  const crew = new Crew(options, folder);
  try {
    await log.ensureTopics(topics.map(({ name }) => ({ name, partitions, retentionMs: 86_400_000 })));
    await seedHeads(store, { beacons: partitions, requests: partitions });
    const began = clock.now();
    const { kills, stops } = await crew.work(clock);
    await crew.drain();
    await applied(async () => {
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

class Crew {
  readonly #options: RunOptions;
  readonly #folder: string;
  readonly #draw: (n: number) => number;
  readonly #gone: Progress[] = [];
  #members: Member[] = [];
  #started = 0;

  constructor(options: RunOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#draw = seeded(options.seed);
  }

  /** Until enough has been decided. A killed process counts with what it last said: less than it did. */
  async work(clock: { now(): number; sleep(ms: number): Promise<void> }): Promise<{ kills: number; stops: number }> {
    const { processes, decisions, say } = this.#options;
    for (let n = 0; n < processes; n++) this.#members.push(this.#start());
    let kills = 0;
    let stops = 0;
    let nextKill = clock.now() + KILL_EVERY_MS;
    let nextStop = clock.now() + STOP_WORKERS_EVERY_MS / 3;
    let nextWord = clock.now() + 15_000;
    while (this.total().decisions < decisions) {
      await clock.sleep(100);
      if (clock.now() > nextKill) {
        await this.#replace(this.#draw(processes));
        kills++;
        nextKill = clock.now() + KILL_EVERY_MS / 2 + this.#draw(KILL_EVERY_MS);
      }
      if (clock.now() > nextStop) {
        for (const { child } of this.#members) child.send('stop-worker');
        await clock.sleep(3 * tokenLifeMs);
        for (const { child } of this.#members) child.send('start-worker');
        stops++;
        nextStop = clock.now() + STOP_WORKERS_EVERY_MS;
      }
      if (clock.now() > nextWord) {
        say(`      ${JSON.stringify(this.total())}`);
        nextWord = clock.now() + 15_000;
      }
    }
    return { kills, stops };
  }

  total(): Progress {
    const sum = { decisions: 0, served: 0, refusedAtSight: 0, refusedAtSwap: 0, contended: 0, unanswered: 0 };
    for (const progress of [...this.#gone, ...this.#members.map((member) => member.progress)]) {
      if (progress === null) continue;
      for (const name of Object.keys(sum) as (keyof Progress)[]) sum[name] += progress[name];
    }
    return sum;
  }

  async drain(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ child }) => {
        const drained = new Promise<void>((resolve) => {
          child.on('message', (message: { drained?: boolean }) => message.drained && resolve());
        });
        child.send('start-worker');
        child.send('stop-deciding');
        await drained;
      }),
    );
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ child }) => {
        const ended = once(child, 'exit');
        child.send('end');
        await ended;
      }),
    );
  }

  kill(): void {
    for (const { child } of this.#members) child.kill('SIGKILL');
  }

  async #replace(at: number): Promise<void> {
    const member = this.#members[at];
    if (!member) return;
    const ended = once(member.child, 'exit');
    member.child.kill('SIGKILL');
    await ended;
    if (member.progress) this.#gone.push(member.progress);
    this.#members = this.#members.with(at, this.#start());
  }

  #start(): Member {
    const { concurrency, processes, redisUrl, seed } = this.#options;
    const orders: Orders = {
      folder: this.#folder,
      redisUrl,
      seed: seed * 1_000 + this.#started++,
      concurrency: Math.ceil(concurrency / processes),
    };
    const child = fork(childFile, [JSON.stringify(orders)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const member: Member = { child, progress: null };
    child.on('message', (message: { progress?: Progress }) => {
      if (message.progress) member.progress = message.progress;
    });
    return member;
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
