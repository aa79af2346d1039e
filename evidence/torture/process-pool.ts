import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { untilReady } from '../../cli/house.ts';
import { type ChildSpec, Supervised } from '../../cli/supervised.ts';
import { systemClock } from '../../engines/clock.ts';
import { type Lane, lanes, type Role } from './schedule.ts';

const GRACE_MS = 9_000;
const WORKERS_MOST = 4;
/** Every worker process does all of it, so that each of them is hit by everything. */
const ALL_GROUPS = ['frequency', 'pacing', 'scoring', 'warehouse'];

export interface PoolOptions {
  /** Each process has a folder of its own in it, as on a host of its own; the APIs share one, so that each may adopt the other's journal. */
  readonly path: string;
  readonly apis: readonly number[];
  readonly workers: readonly number[];
  readonly environments: Readonly<Record<Lane, Readonly<Record<string, string>>>>;
  readonly report: (line: string) => void;
}

/** One process that is to run: started again by its supervisor when it ends, on the same port and folder. */
interface Place {
  readonly spec: ChildSpec;
  readonly url: string | null;
  child: Supervised | null;
  pausedPid: number | null;
  killedPid: number | null;
}

/** The processes of the house: APIs, management and as many workers as it is scaled to. */
export class ProcessPool {
  readonly #options: PoolOptions;
  readonly #apis: readonly Place[];
  readonly #management: Place;
  readonly #workers: readonly Place[];
  /** For after the viewers: nobody else writes then. */
  readonly #last: Place;
  #wanted = 0;
  /** What starts and stops processes happens one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PoolOptions) {
    this.#options = options;
    const { apis, workers } = options;
    const lane = (index: number): Lane => lanes[1 + (index % 2)] ?? 'workers-a';
    this.#apis = apis.map((port, at) => {
      const shared = { DATA_DIR: join(options.path, 'apis'), INSTANCE: String(at + 1) };
      return this.#place(`api-${at + 1}`, 'decision-api', 'api', port, ['serve', 'decision'], shared);
    });
    this.#management = this.#place('management', 'management', 'api', null, ['serve', 'management']);
    this.#workers = workers
      .slice(0, WORKERS_MOST)
      .map((port, at) => this.#place(`worker-${at + 1}`, 'workers', lane(at), port, ['worker', ...ALL_GROUPS]));
    const [port = 0] = workers;
    this.#last = this.#place('worker-last', 'workers', 'workers-a', port, ['worker', 'warehouse']);
  }

  #place(
    name: string,
    role: Role,
    lane: Lane,
    port: number | null,
    args: readonly string[],
    settings: Readonly<Record<string, string>> = {},
  ): Place {
    const dataDir = join(this.#options.path, name);
    mkdirSync(dataDir, { recursive: true });
    const ports = port === null ? {} : { PORT: String(port), WORKER_PORT: String(port) };
    const spec: ChildSpec = {
      name,
      role,
      args: [...args],
      environment: { ...this.#options.environments[lane], ...ports, DATA_DIR: dataDir, ...settings },
      listens: port !== null,
      stopsLast: false,
      logFile: join(dataDir, 'log.jsonl'),
    };
    return {
      spec,
      url: port === null ? null : `http://127.0.0.1:${port}`,
      child: null,
      pausedPid: null,
      killedPid: null,
    };
  }

  /** APIs, management and `workers` workers, all of them ready. */
  async start(workers: number): Promise<void> {
    for (const place of [...this.#apis, this.#management]) this.#begin(place);
    await this.scale(workers);
    await this.ready();
  }

  /** Who is to run, and answers. */
  urls(): readonly string[] {
    return this.#all().flatMap(({ child, url }) => (child !== null && url !== null ? [url] : []));
  }

  /** Everybody who is to run is ready; rejects with who is not after a minute. */
  async ready(): Promise<void> {
    await Promise.all(this.urls().map((url) => untilReady(url, systemClock())));
  }

  /** Who of those that should run does not, or is not ready; a line each. */
  async unready(): Promise<string[]> {
    const running = this.#all().filter(({ child }) => child !== null);
    const answers = await Promise.all(
      running.map(async ({ spec, url, child }) => {
        if (child?.pid === undefined) return [`${spec.name} does not run`];
        if (url === null) return [];
        return untilReady(url, systemClock()).then(
          () => [],
          (error: unknown) => [`${spec.name}: ${(error as Error).message}`],
        );
      }),
    );
    return answers.flat();
  }

  /** SIGKILL. The pid that it hit, or null where nobody lives. */
  kill(role: Role, which: number): number | null {
    return this.#strike(role, which, (place) => {
      // Its end may not have been noticed yet: nobody is killed twice.
      if (place.child?.pid === place.killedPid) return null;
      place.killedPid = place.child?.kill() ?? null;
      return place.killedPid;
    });
  }

  /** SIGTERM; the supervisor starts it again. */
  restart(role: Role, which: number): number | null {
    return this.#strike(role, which, ({ child }) => signal(child?.pid, 'SIGTERM'));
  }

  /** SIGSTOP. `goOn` lets it go on if it still lives. */
  pause(role: Role, which: number): { readonly pid: number; goOn(): void } | null {
    let paused: Place | null = null;
    const pid = this.#strike(role, which, (place) => {
      if (place.pausedPid !== null && place.pausedPid === place.child?.pid) return null;
      paused = place;
      place.pausedPid = signal(place.child?.pid, 'SIGSTOP');
      return place.pausedPid;
    });
    const place = paused as Place | null;
    if (pid === null || place === null) return null;
    return { pid, goOn: () => void this.#goOn(place, pid) };
  }

  /** As many workers as that: more are started, those too many are stopped in order. */
  scale(workers: number): Promise<void> {
    return this.#next(async () => {
      this.#wanted = workers;
      await this.#settleWorkers(workers);
    });
  }

  /** All workers stop, and come back after `forMs`. */
  workersAway(forMs: number): Promise<void> {
    return this.#next(async () => {
      await this.#settleWorkers(0);
      await systemClock().sleep(forMs);
      await this.#settleWorkers(this.#wanted);
    });
  }

  /** Nobody is paused any more. */
  goOn(): void {
    for (const place of this.#all()) if (place.pausedPid !== null) this.#goOn(place, place.pausedPid);
  }

  /** The end: APIs drain. */
  async stopApis(): Promise<void> {
    await Promise.all([...this.#apis, this.#management].map((place) => this.#end(place)));
  }

  /** Then the workers; afterwards one that only fills the warehouse. */
  async onlyWarehouse(): Promise<void> {
    await this.#next(() => this.#settleWorkers(0));
    this.#begin(this.#last);
  }

  async stop(): Promise<void> {
    this.goOn();
    await this.stopApis();
    await this.#next(() => this.#settleWorkers(0));
    await this.#end(this.#last);
  }

  #all(): readonly Place[] {
    return [...this.#apis, this.#management, ...this.#workers, this.#last];
  }

  #strike(role: Role, which: number, blow: (place: Place) => number | null): number | null {
    const living = this.#all().filter(({ spec, child }) => spec.role === role && child?.pid !== undefined);
    const target = living[Math.floor(which * living.length)];
    return target === undefined ? null : blow(target);
  }

  async #settleWorkers(count: number): Promise<void> {
    for (const place of this.#workers.slice(0, count)) this.#begin(place);
    await Promise.all(this.#workers.slice(count).map((place) => this.#end(place)));
  }

  #begin(place: Place): void {
    if (place.child !== null) return;
    place.child = new Supervised(place.spec, this.#options.report);
    place.child.start();
  }

  async #end(place: Place): Promise<void> {
    const { child } = place;
    place.child = null;
    await child?.stop(GRACE_MS);
  }

  #goOn(place: Place, pid: number): void {
    if (place.pausedPid !== pid) return;
    place.pausedPid = null;
    signal(pid, 'SIGCONT');
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work);
    this.#turn = next.catch(() => undefined);
    return next;
  }
}

function signal(pid: number | undefined, name: NodeJS.Signals): number | null {
  if (pid === undefined) return null;
  try {
    process.kill(pid, name);
    return pid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return null;
    throw error;
  }
}
