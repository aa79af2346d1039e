import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../engines/clock.ts';
import { type Config, environmentWith } from '../engines/config.ts';
import { freePort, keepEndpoints, portOf, readEndpoints } from '../engines/endpoints.ts';
import { type Embedded, migrate, startEmbedded } from '../engines/open.ts';
import { withSecrets } from '../engines/secrets.ts';
import { type ChildSpec, Supervised } from './supervised.ts';

const READY_MS_MAX = 60_000;
const POLL_MS = 50;
const DEFAULT_PORT = 8080;
/** Together below the 10 s that a shutdown may take. */
const GRACE_MS = { api: 2_500, workers: 2_500, warehouse: 2_500, virtual: 9_500 };

/** Which workers share a process. The warehouse is alone: it stops last, when the others have said all they had to say. */
const workerProcesses: readonly (readonly string[])[] = [['frequency', 'pacing', 'scoring'], ['warehouse']];

export interface HouseOptions {
  readonly config: Config;
  /** Settings that the children get over our own environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** One process on a virtual clock instead of four on the system's. */
  readonly virtual?: boolean;
  readonly report: (line: string) => void;
  /** Runs once the catalog has its tables and before anything serves. */
  readonly prepare: (urls: { readonly catalogUrl: string; readonly warehouseUrl: string }) => Promise<void>;
}

export interface House {
  readonly decisionApi: string;
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

/** Starts everything on one machine: servers, tables, API, management, workers. Resolves when all of them are ready. */
export async function startHouse(options: HouseOptions): Promise<House> {
  const { report } = options;
  const config = withSecrets(options.config);
  const clock = systemClock();
  mkdirSync(join(config.dataDir, 'logs'), { recursive: true });
  report('starting PostgreSQL and the warehouse');
  const servers = await startEmbedded(config, report);
  try {
    await migrate(config, clock, servers, report);
    await options.prepare(servers);
    return await startProcesses(options, config, clock, servers);
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

async function startProcesses(options: HouseOptions, config: Config, clock: Clock, servers: Embedded): Promise<House> {
  const { report } = options;
  const { decisionApi, workers, control, specs } = await plan(options, config, servers);
  keepEndpoints(config.dataDir, { decisionApi, workers });
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
  try {
    await Promise.all([decisionApi, ...Object.values(workers)].map((url) => untilReady(url, clock)));
    if (control !== null) await untilAnswers(`${control}/clock`, clock);
  } catch (error) {
    await stop();
    throw error;
  }
  return { decisionApi, workers, control, ...servers, children, stopWriters, stopProcesses, stop };
}

interface Plan {
  readonly decisionApi: string;
  readonly workers: Readonly<Record<string, string>>;
  readonly control: string | null;
  readonly specs: readonly ChildSpec[];
}

/** Chooses ports, those of the last time where they are free, and says which processes there are. */
async function plan(options: HouseOptions, config: Config, servers: Embedded): Promise<Plan> {
  const known = readEndpoints(config.dataDir);
  const port = config.port || (await freePort(portOf(known.decisionApi), DEFAULT_PORT));
  const url = (at: number) => `http://${config.host}:${at}`;
  const common = environmentWith({
    ...options.settings,
    DATA_DIR: config.dataDir,
    CATALOG: servers.catalogUrl,
    WAREHOUSE: servers.warehouseUrl,
  });
  const child = (name: string, role: ChildSpec['role'], args: string[], own: Record<string, string>): ChildSpec => ({
    name,
    role,
    args,
    environment: { ...common, ...own },
    stopsLast: args.includes('warehouse'),
    logFile: join(config.dataDir, 'logs', `${name}.log`),
  });
  if (options.virtual === true) {
    const workerPort = await freePort();
    const controlPort = await freePort();
    const own = { PORT: String(port), WORKER_PORT: String(workerPort) };
    const host = child('virtual-host', 'decision-api', ['virtual-host', String(controlPort)], own);
    return { decisionApi: url(port), workers: { all: url(workerPort) }, control: url(controlPort), specs: [host] };
  }
  const workers: Record<string, string> = {};
  const specs = [
    child('decision-api', 'decision-api', ['serve', 'decision'], { PORT: String(port) }),
    child('management', 'management', ['serve', 'management'], {}),
  ];
  for (const names of workerProcesses) {
    const name = names.join('+');
    const workerPort = await freePort(portOf(known.workers?.[name]));
    workers[name] = url(workerPort);
    specs.push(
      child(`worker-${names.join('-')}`, 'workers', ['worker', ...names], { WORKER_PORT: String(workerPort) }),
    );
  }
  return { decisionApi: url(port), workers, control: null, specs };
}

async function untilAnswers(url: string, clock: Clock): Promise<void> {
  const deadline = clock.now() + READY_MS_MAX;
  while (clock.now() < deadline) {
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    await clock.sleep(POLL_MS);
  }
  throw new Error(`${url} does not answer`);
}

/** Polls /health/ready. Rejects with the reasons that the process gave when it is not ready within a minute. */
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
  throw new Error(`${url} is not ready after ${READY_MS_MAX / 1000} s: ${why}`);
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}
