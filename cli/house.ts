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
const GRACE_MS = { api: 3_000, workers: 4_000 };

/** Which workers share a process. */
const workerProcesses: readonly (readonly string[])[] = [
  ['frequency', 'pacing'],
  ['warehouse', 'scoring'],
];

export interface HouseOptions {
  readonly config: Config;
  /** Settings that the children get over our own environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** Children write to DATA_DIR/logs/<name>.log instead of standard error. */
  readonly logFiles: boolean;
  readonly report: (line: string) => void;
  /** Runs once the catalog has its tables and before anything serves. */
  readonly prepare: (urls: { readonly catalogUrl: string; readonly warehouseUrl: string }) => Promise<void>;
}

export interface House {
  readonly decisionApi: string;
  readonly workers: Readonly<Record<string, string>>;
  readonly catalogUrl: string;
  readonly warehouseUrl: string;
  readonly children: readonly Supervised[];
  /** The API first, then the workers drain; the servers stay. Idempotent. */
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
  const servers = await startEmbedded(config);
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
  const known = readEndpoints(config.dataDir);
  const port = config.port || (await freePort(portOf(known.decisionApi), DEFAULT_PORT));
  const decisionApi = `http://${config.host}:${port}`;
  const workers: Record<string, string> = {};
  const common = environmentWith({
    ...options.settings,
    DATA_DIR: config.dataDir,
    CATALOG: servers.catalogUrl,
    WAREHOUSE: servers.warehouseUrl,
  });
  const child = (name: string, role: ChildSpec['role'], args: string[], own: Record<string, string>) =>
    new Supervised(
      {
        name,
        role,
        args,
        environment: { ...common, ...own },
        logFile: options.logFiles ? join(config.dataDir, 'logs', `${name}.log`) : null,
      },
      report,
    );
  const api = child('decision-api', 'decision-api', ['serve', 'decision'], { PORT: String(port) });
  const management = child('management', 'management', ['serve', 'management'], {});
  const others = [management];
  for (const names of workerProcesses) {
    const name = names.join('+');
    const workerPort = await freePort(portOf(known.workers?.[name]));
    workers[name] = `http://${config.host}:${workerPort}`;
    others.push(
      child(`worker-${names.join('-')}`, 'workers', ['worker', ...names], { WORKER_PORT: String(workerPort) }),
    );
  }
  keepEndpoints(config.dataDir, { decisionApi, workers });
  const children = [api, ...others];
  const stopProcesses = once(async () => {
    report('stopping: the API first');
    await api.stop(GRACE_MS.api);
    report('stopping: workers drain');
    await Promise.all(others.map((other) => other.stop(GRACE_MS.workers)));
  });
  const stop = once(async () => {
    await stopProcesses();
    report('stopping: the servers');
    await servers.stop();
  });
  report(`starting ${children.map(({ spec }) => spec.name).join(', ')}`);
  for (const one of children) one.start();
  try {
    await Promise.all([decisionApi, ...Object.values(workers)].map((url) => untilReady(url, clock)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { decisionApi, workers, ...servers, children, stopProcesses, stop };
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
