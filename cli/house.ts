import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../engines/clock.ts';
import { type Config, environmentWith } from '../engines/config.ts';
import { type Endpoints, keepEndpoints } from '../engines/endpoints.ts';
import { holdFolder } from '../engines/folder-lock.ts';
import { type Embedded, migrate, startEmbedded } from '../engines/open.ts';
import { secretSettings, withSecrets } from '../engines/secrets.ts';
import { type ChildSpec, Supervised } from './supervised.ts';

const READY_MS_MAX = 120_000;
const POLL_MS = 50;
/** Together below the 10 s that a shutdown may take. */
const GRACE_MS = { api: 2_500, workers: 2_500, warehouse: 2_500, virtual: 9_500 };

const FREE_PORTS = { PORT: '0', WORKER_PORT: '0' };

const streaming = ['frequency', 'pacing', 'scoring'];
/** Alone where it may be: it stops last, when the others have said all they had to say. */
const storing = ['warehouse'];

export interface HouseOptions {
  readonly config: Config;
  /** Settings that the children get over our own environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** How many decision processes, 1 where absent. */
  readonly apis?: number;
  /** How many worker processes, 2 where absent: every other one is for the warehouse; a single one does everything. */
  readonly workers?: number;
  /** One process on a virtual clock instead of four on the system's. */
  readonly virtual?: boolean;
  readonly report: (line: string) => void;
  /** Ends the start at once: it rejects with the signal's reason when nothing of it runs any more. */
  readonly signal?: AbortSignal;
  /** Runs once the catalog has its tables and before anything serves. */
  readonly prepare: (urls: { readonly catalogUrl: string; readonly warehouseUrl: string }) => Promise<void>;
}

export interface House {
  /** One URL for each decision process, the first one first. */
  readonly decisionApis: readonly string[];
  /** The management API; null in virtual mode. */
  readonly management: string | null;
  readonly workers: Readonly<Record<string, string>>;
  /** Virtual mode only: where the clock is moved. */
  readonly control: string | null;
  readonly catalogUrl: string;
  readonly warehouseUrl: string;
  readonly children: readonly Supervised[];
  /** The API first, then what writes to the log drains; the warehouse worker goes on. Idempotent. */
  stopWriters(): Promise<void>;
  /** `stopWriters`, then the warehouse worker; the servers stay. Idempotent. */
  stopProcesses(): Promise<void>;
  /** `stopProcesses`, then the servers. Idempotent. */
  stop(): Promise<void>;
}

/** A house that did not come up, and why, in a line. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/**
 * Starts everything on one machine: servers, tables, API, management, workers. Resolves when all of them are ready. NotStarted
 * where a process ends by itself before it listens, or is not ready in time; then nothing is left running.
 */
export async function startHouse(options: HouseOptions): Promise<House> {
  const clock = systemClock();
  const held = await holdFolder(options.config.dataDir, 'a house of Breakwater');
  try {
    const house = await startHeld(options, clock);
    return { ...house, stop: () => house.stop().finally(() => held.release()) };
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function startHeld(options: HouseOptions, clock: Clock): Promise<House> {
  const { report } = options;
  const config = withSecrets(options.config);
  mkdirSync(join(config.dataDir, 'logs'), { recursive: true });
  const starting = [config.catalogUrl ?? 'PostgreSQL', config.warehouseUrl ?? 'the warehouse'];
  const here = starting.filter((name) => !name.includes('://'));
  if (here.length > 0) report(`starting ${here.join(' and ')}`);
  const servers = await startEmbedded(config, report);
  try {
    options.signal?.throwIfAborted();
    await unlessEnded(options, migrate(config, clock, servers, report));
    await unlessEnded(options, options.prepare(servers));
    return await startProcesses(options, config, clock, servers);
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

async function startProcesses(options: HouseOptions, config: Config, clock: Clock, servers: Embedded): Promise<House> {
  const { report } = options;
  const specs = plan(options, config, servers);
  const children = specs.map((spec) => new Supervised(spec, report));
  const ofApi = children.filter(({ spec }) => spec.role === 'decision-api');
  const readers = children.filter(({ spec }) => spec.stopsLast);
  const others = children.filter((child) => !ofApi.includes(child) && !readers.includes(child));
  const stopWriters = once(async () => {
    report('stopping: the API first');
    await Promise.all(ofApi.map((child) => child.stop(options.virtual === true ? GRACE_MS.virtual : GRACE_MS.api)));
    report('stopping: workers drain');
    await Promise.all(others.map((child) => child.stop(GRACE_MS.workers)));
  });
  const stopProcesses = once(async () => {
    await stopWriters();
    await Promise.all(readers.map((child) => child.stop(GRACE_MS.warehouse)));
  });
  const stop = once(async () => {
    await stopProcesses();
    report('stopping: the servers');
    await servers.stop();
  });
  report(`starting ${specs.map(({ name }) => name).join(', ')}`);
  for (const child of children) child.start();
  let found: Endpoints;
  try {
    found = await unlessEnded(options, whereTheyAnswer(children, clock));
    keepEndpoints(config.dataDir, found);
    const { management } = found;
    const urls = [...decisionApisOf(found), ...(management ? [management] : []), ...Object.values(found.workers ?? {})];
    await unlessEnded(options, Promise.all(urls.map((url) => untilReady(url, clock))));
  } catch (error) {
    await stop();
    throw error;
  }
  const { workers = {}, control = null } = found;
  return {
    decisionApis: decisionApisOf(found),
    management: found.management ?? null,
    workers,
    control,
    ...servers,
    children,
    stopWriters,
    stopProcesses,
    stop,
  };
}

/** Rejects with the signal's reason as soon as it is given. What had begun is then waited for no more. */
async function unlessEnded<T>({ signal }: HouseOptions, begun: Promise<T>): Promise<T> {
  if (signal === undefined) return begun;
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(signal.reason);
  signal.addEventListener('abort', end);
  try {
    if (signal.aborted) end();
    return await Promise.race([ended.promise, begun]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function decisionApisOf({ decisionApi, moreDecisionApis }: Endpoints): readonly string[] {
  return [decisionApi, ...Object.values(moreDecisionApis ?? {})].filter((url) => url !== undefined);
}

/**
 * Says which processes there are. They choose their ports themselves: those of the last time where they are free. A port that was
 * set is for one process, the first of its role.
 */
function plan(options: HouseOptions, config: Config, servers: Embedded): readonly ChildSpec[] {
  const environment = environmentWith({
    MANAGEMENT_URL: config.managementUrl ?? 'local',
    ...options.settings,
    DATA_DIR: config.dataDir,
    CATALOG: servers.catalogUrl,
    WAREHOUSE: servers.warehouseUrl,
    ...secretSettings(config),
  });
  const child = (name: string, role: ChildSpec['role'], args: string[], n = 1, instance = n): ChildSpec => ({
    name: instance === 1 ? name : `${name}-${instance}`,
    role,
    args,
    environment: { ...environment, ...(n === 1 ? {} : FREE_PORTS), INSTANCE: String(instance) },
    listens: true,
    stopsLast: args.includes('warehouse'),
    logFile: join(config.dataDir, 'logs', `${name}${instance === 1 ? '' : `-${instance}`}.log`),
  });
  if (options.virtual === true) return [child('virtual-host', 'decision-api', ['virtual-host'])];
  const workers = options.workers ?? 2;
  return [
    ...numbered(options.apis ?? 1, (n) => child('decision-api', 'decision-api', ['serve', 'decision'], n)),
    child('management', 'management', ['serve', 'management']),
    ...numbered(workers, (n) => {
      const names = workers === 1 ? [...streaming, ...storing] : n % 2 === 1 ? streaming : storing;
      return child(`worker-${names.join('-')}`, 'workers', ['worker', ...names], n, Math.ceil(n / 2));
    }),
  ];
}

function numbered<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}

/** What the processes say of themselves: a port that somebody answers on might be another house's. */
async function whereTheyAnswer(children: readonly Supervised[], clock: Clock): Promise<Endpoints> {
  const listening = children.filter(({ spec }) => spec.listens);
  const late = clock.sleep(READY_MS_MAX).then(() => null);
  const failed = Promise.race(
    children.map(async ({ spec, failed }) => {
      throw new NotStarted(`${spec.name} cannot start: ${await failed}; its log is ${spec.logFile}`);
    }),
  );
  let found: Endpoints = {};
  for (const { spec, announced } of listening) {
    const one = await Promise.race([announced, failed, late]);
    if (one === null)
      throw new NotStarted(`${spec.name} does not listen after ${READY_MS_MAX / 1000} s; see ${spec.logFile}`);
    found = {
      ...found,
      ...one,
      moreDecisionApis: { ...found.moreDecisionApis, ...one.moreDecisionApis },
      workers: { ...found.workers, ...one.workers },
    };
  }
  return found;
}

/** Polls /health/ready. Throws NotStarted with the reasons that the process gave when it is not ready within a minute. */
export async function untilReady(url: string, clock: Clock): Promise<void> {
  const deadline = clock.now() + READY_MS_MAX;
  let why = 'it does not answer';
  while (clock.now() < deadline) {
    try {
      const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) });
      why = await response.text();
      if (response.ok) return;
    } catch (error) {
      why = `it does not answer (${(error as Error).message})`;
    }
    await clock.sleep(POLL_MS);
  }
  throw new NotStarted(`${url} is not ready after ${READY_MS_MAX / 1000} s: ${why}`);
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}
