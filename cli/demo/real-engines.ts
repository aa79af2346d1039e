import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dockerEngine, type ServerName, startDockerServers } from '../../compose/docker/docker-servers.ts';
import { serversDown, serversUp } from '../../compose/native/servers.ts';
import { type Config, cacheFolder } from '../../engines/config.ts';
import { EngineError } from '../../engines/errors.ts';
import { removeCatalog } from '../../engines/open.ts';
import { serverFacts } from '../../engines/server-facts.ts';
import { guardServers } from './guard.ts';

/** An engine that a run used, as its JSON names it. */
export interface EngineUsed {
  readonly name: string;
  /** Null: it does not say. */
  readonly version: string | null;
  readonly where: string;
}

export interface RealEngines {
  /** EVENT_LOG, STATE_STORE, WAREHOUSE, CATALOG. */
  readonly settings: Readonly<Record<Setting, string>>;
  readonly used: readonly EngineUsed[];
  /** The names of those that were started natively in the run's folder. */
  readonly native: readonly ServerName[];
  /** Ends what was started here; servers that were given by URL stay, with what the run wrote to them. Idempotent. */
  stop(): Promise<void>;
}

type Setting = 'EVENT_LOG' | 'STATE_STORE' | 'WAREHOUSE' | 'CATALOG';

const settingOf: Readonly<Record<ServerName, Setting>> = {
  kafka: 'EVENT_LOG',
  redis: 'STATE_STORE',
  clickhouse: 'WAREHOUSE',
  postgresql: 'CATALOG',
};
const names = Object.keys(settingOf) as ServerName[];

interface Started {
  readonly name: ServerName;
  readonly url: string;
  readonly version: string | null;
  readonly where: string;
}

export interface RealEnginesOptions {
  /** Of the environment: URLs in it are used. */
  readonly config: Config;
  /** The run's folder; native servers live in `servers` of it. */
  readonly folder: string;
  /** Of this run alone: put before the names of topics on a broker that others use too. */
  readonly run: string;
  readonly report: (line: string) => void;
}

/**
 * Finds or starts real engines for one run: those given by URL, else containers where Docker answers, else native
 * servers. EngineError `misconfigured` where a given one holds anything of ours already.
 */
export async function realEngines(options: RealEnginesOptions): Promise<RealEngines> {
  const { folder, report } = options;
  const given = await givenEngines(options);
  const wanted = names.filter((name) => !given.some((one) => one.name === name));
  const docker = wanted.length > 0 ? await dockerEngine() : null;
  const path = join(folder, 'servers');
  const started =
    docker === null ? await startNative(wanted, path, report) : await startContainers(wanted, docker, report);
  const all = [...given, ...started.servers];
  for (const { name, version, where } of all) report(`${name} ${version ?? ''}: ${where}`);
  return {
    settings: Object.fromEntries(all.map(({ name, url }) => [settingOf[name], url])) as Record<Setting, string>,
    used: all.map(({ name, version, where }) => ({ name, version, where })),
    native: docker === null ? wanted : [],
    stop: once(async () => {
      await started.stop();
      if (given.length > 0) report(`what the run wrote to ${given.map(({ name }) => name).join(', ')} is left there`);
    }),
  };
}

/**
 * Leaves what a native run stored as files of its folder, as an embedded run would: the warehouse in `warehouse`; log and
 * state are there already, written by the audit. What only the servers could read goes. Call it when they have stopped.
 */
export function keepWarehouse(folder: string, { native }: RealEngines): void {
  const stored = join(folder, 'servers', 'clickhouse', 'data');
  if (native.includes('clickhouse')) renameSync(stored, join(folder, 'warehouse'));
  removeCatalog(join(folder, 'servers', 'postgresql'));
  rmSync(join(folder, 'servers'), { recursive: true, force: true });
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}

async function givenEngines({ config, run }: RealEnginesOptions): Promise<readonly Started[]> {
  const urls: Readonly<Record<ServerName, string | null>> = {
    kafka: config.eventLogUrl === null ? null : withPrefix(config.eventLogUrl, run),
    redis: config.stateStoreUrl,
    clickhouse: config.warehouseUrl,
    postgresql: config.catalogUrl,
  };
  const found: Started[] = [];
  const trouble: string[] = [];
  for (const name of names) {
    const url = urls[name];
    if (url === null) continue;
    const { version, holds } = await serverFacts(settingOf[name], url);
    found.push({ name, url, version, where: `given by ${settingOf[name]}` });
    if (holds.length > 0) {
      trouble.push(`${settingOf[name]} holds ${holds.slice(0, 3).join(', ')}${holds.length > 3 ? ' and more' : ''}`);
    }
  }
  if (trouble.length > 0) {
    throw new EngineError(
      'misconfigured',
      `the demo writes to servers that hold nothing yet, and deletes nothing: ${trouble.join('; ')}. ` +
        'Name an empty one (another Redis database, another PostgreSQL database, another ?prefix=), or unset it',
    );
  }
  return found;
}

/** A run's topics are its own, so that it disturbs no other user of the broker. */
function withPrefix(url: string, run: string): string {
  if (/[?&]prefix=/.test(url)) return url;
  return `${url}${url.includes('?') ? '&' : '?'}prefix=${run}.`;
}

interface StartedHere {
  readonly servers: readonly Started[];
  stop(): Promise<void>;
}

async function startContainers(
  wanted: readonly ServerName[],
  docker: string,
  report: (line: string) => void,
): Promise<StartedHere> {
  const running = await startDockerServers(wanted, report);
  const where = (image: string) => `container ${image}, Docker ${docker}`;
  return {
    servers: running.map(({ name, url, version, image }) => ({ name, url, version, where: where(image) })),
    stop: async () => void (await Promise.all(running.map((server) => server.stop()))),
  };
}

async function startNative(
  wanted: readonly ServerName[],
  path: string,
  report: (line: string) => void,
): Promise<StartedHere> {
  if (wanted.length === 0) return { servers: [], stop: async () => undefined };
  report(`starting ${wanted.join(', ')} in ${path}`);
  const guard = guardServers(path);
  const stop = async () => {
    await serversDown(path);
    guard.dismiss();
  };
  try {
    const running = await serversUp({ path, cacheDir: cacheFolder(), only: wanted, onProgress: report });
    const started = running.map(({ name, url, version }) => ({
      name: name as ServerName,
      url,
      version,
      where: name === 'clickhouse' ? 'native (chDB)' : 'native',
    }));
    return { servers: started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
