import { type ChildProcess, fork } from 'node:child_process';
import { seeded } from '../../bench/catalog.ts';
import { type Orders, type Progress, tokenLifeMs } from './plan.ts';

export interface CrewOptions {
  readonly decisions: number;
  /** Over all processes. */
  readonly concurrency: number;
  readonly processes: number;
  readonly redisUrl: string;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** Less than this shows nothing of processes that are killed and workers that stop, however soon enough has been decided. */
export const leastKills = 3;
export const leastStops = 1;
const KILL_EVERY_MS = 4_000;
const STOP_WORKERS_EVERY_MS = 25_000;
/** Nothing decided for so long: it will not come any more. */
const STALLED_MS = 60_000;

interface Member {
  readonly child: ChildProcess;
  /** Made when it starts: an exit that has been is not told again. */
  readonly exited: Promise<void>;
  progress: Progress | null;
  /** Its end is ours. */
  leaving: boolean;
}

/** The processes of one run. One that ends of itself ends the run: all that waits for the crew rejects. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #folder: string;
  readonly #childFile: string;
  readonly #draw: (n: number) => number;
  readonly #gone: Progress[] = [];
  #members: Member[] = [];
  #started = 0;
  #lost: Error | null = null;

  constructor(options: CrewOptions, folder: string, childFile: string) {
    this.#options = options;
    this.#folder = folder;
    this.#childFile = childFile;
    this.#draw = seeded(options.seed);
  }

  /** Until enough has been decided, killed and stopped. A killed process counts with what it last said: less than it did. */
  async work(clock: { now(): number; sleep(ms: number): Promise<void> }): Promise<{ kills: number; stops: number }> {
    const { processes, decisions, say } = this.#options;
    for (let n = 0; n < processes; n++) this.#members.push(this.#start());
    let [kills, stops] = [0, 0];
    let nextKill = clock.now() + KILL_EVERY_MS;
    let nextStop = clock.now() + STOP_WORKERS_EVERY_MS / 3;
    let nextWord = clock.now() + 15_000;
    let moved = { decisions: 0, at: clock.now() };
    while (moved.decisions < decisions || kills < leastKills || stops < leastStops) {
      await clock.sleep(100);
      this.check();
      if (clock.now() > nextKill) {
        await this.#replace(this.#draw(processes));
        kills++;
        nextKill = clock.now() + KILL_EVERY_MS / 2 + this.#draw(KILL_EVERY_MS);
      }
      if (clock.now() > nextStop) {
        this.#tell('stop-worker');
        await clock.sleep(3 * tokenLifeMs);
        this.check();
        this.#tell('start-worker');
        stops++;
        nextStop = clock.now() + STOP_WORKERS_EVERY_MS;
      }
      if (clock.now() > nextWord) {
        say(`      ${JSON.stringify(this.total())}`);
        nextWord = clock.now() + 15_000;
      }
      const now = this.total().decisions;
      if (now > moved.decisions) moved = { decisions: now, at: clock.now() };
      if (clock.now() > moved.at + STALLED_MS) throw new Error(`nothing was decided for ${STALLED_MS / 1000} s`);
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

  /** Throws if a process has ended that was not to. */
  check(): void {
    if (this.#lost !== null) throw this.#lost;
  }

  async drain(): Promise<void> {
    this.check();
    const drained = this.#members.map(({ child, exited }) => {
      const said = new Promise<void>((resolve) => {
        child.on('message', (message: { drained?: boolean }) => message.drained && resolve());
      });
      return Promise.race([said, exited]);
    });
    this.#tell('start-worker');
    this.#tell('stop-deciding');
    await Promise.all(drained);
    this.check();
  }

  async end(): Promise<void> {
    this.check();
    for (const member of this.#members) member.leaving = true;
    this.#tell('end');
    await Promise.all(this.#members.map(({ exited }) => exited));
  }

  kill(): void {
    for (const member of this.#members) {
      member.leaving = true;
      member.child.kill('SIGKILL');
    }
  }

  #tell(order: string): void {
    for (const { child } of this.#members) child.send(order);
  }

  async #replace(at: number): Promise<void> {
    const member = this.#members[at];
    if (!member) return;
    member.leaving = true;
    member.child.kill('SIGKILL');
    await member.exited;
    if (member.progress) this.#gone.push(member.progress);
    this.#members = this.#members.with(at, this.#start());
  }

  #start(): Member {
    const { concurrency, processes, redisUrl, seed } = this.#options;
    const number = this.#started++;
    const orders: Orders = {
      folder: this.#folder,
      redisUrl,
      seed: seed * 1_000 + number,
      concurrency: Math.ceil(concurrency / processes),
    };
    const child = fork(this.#childFile, [JSON.stringify(orders)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    const member: Member = { child, exited, progress: null, leaving: false };
    const lose = (how: string) => {
      if (!member.leaving) this.#lost ??= new Error(`process ${number} ${how}, and nobody had asked it to`);
      resolve();
    };
    child.on('exit', (code, signal) => lose(`ended with ${signal ?? code}`));
    child.on('error', (error) => lose(`could not be told: ${error.message}`));
    child.on('message', (message: { progress?: Progress }) => {
      if (message.progress) member.progress = message.progress;
    });
    return member;
  }
}
