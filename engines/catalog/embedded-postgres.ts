import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { endServer, livingServer } from './postgres-leftover.ts';
import type { AsRoot } from './postgres-runas.ts';
import { endOf, launch, type PostgresCluster, postgresCluster, serverCommand } from './server-command.ts';

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster, its password (0600), its port and its log. */
  readonly path: string;
  /** 0: the port of the last time if it is free, else any free one. */
  readonly port: number;
  readonly onProgress?: (text: string) => void;
  /** For tests: how to start as root. Default: whichever works. */
  readonly asRoot?: AsRoot;
}

export interface EmbeddedPostgres {
  /** postgres://… on 127.0.0.1, with its password. */
  readonly url: string;
  /** Resolves, with how, when the server has ended; never for one that another process started. */
  readonly ended: Promise<string>;
  /** Fast shutdown, at most 8 s; then an immediate one, from which the next start recovers. Idempotent. */
  stop(): Promise<void>;
}

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 8_000;
const ATTEMPTS = 4;
const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** Servers are waited for in real time, whatever clock the rest of the process has. */
const real = systemClock();

/**
 * Starts a real PostgreSQL on a folder of its own, made at the first start. A server left over there by a process that
 * was killed is stopped and started again; one whose process lives is shared, and then `stop` leaves it running.
 * EngineError `misconfigured` where it cannot run (with the remedy), `unavailable` where it does not come up (with the
 * end of its log).
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const path = resolve(options.path);
  const say = options.onProgress ?? (() => undefined);
  const cluster = await postgresCluster(path, options.asRoot, say);
  let failure: EngineError | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const shared = await settleWithLivingServer(path, cluster.data, say);
    if (shared) return { url: cluster.urlOf(shared), ended: new Promise(() => undefined), stop: async () => undefined };
    await cluster.ensure(say);
    const port = await choosePort(path, options.port);
    try {
      return await startServer(path, cluster, port, say);
    } catch (error) {
      if (!(error instanceof EngineError) || !error.retryable) throw error;
      // Its port was taken meanwhile, backends of a killed server still end, or another process was quicker.
      failure = error;
      await real.sleep(250 * attempt);
    }
  }
  throw failure;
}

/** The port of a server whose process lives. A left-over is stopped; the lock file of a dead one is removed. */
async function settleWithLivingServer(path: string, data: string, say: (text: string) => void): Promise<number | null> {
  const living = await livingServer(data);
  if (living === null) return null;
  const starter = Number(await readFile(join(path, 'starter'), 'utf8').catch(() => 'none'));
  if (living.parent === starter && living.ready) return living.port;
  say(`stopping a PostgreSQL left over by an earlier run (pid ${living.pid})`);
  await endServer(data, living.pid, STOP_MS_MAX, real);
  return null;
}

async function choosePort(path: string, wanted: number): Promise<number> {
  const file = join(path, 'port');
  const kept = Number(await readFile(file, 'utf8').catch(() => '0'));
  const tries = wanted > 0 ? [wanted] : kept > 0 ? [kept, 0] : [0];
  for (const port of tries) {
    const free = await listenOnce(port);
    if (free === null) continue;
    await writeFile(file, String(free));
    return free;
  }
  throw new EngineError('misconfigured', `port ${wanted} is in use: the catalog cannot listen on it`);
}

/** The port if it is free (0: a free one), else null. */
function listenOnce(port: number): Promise<number | null> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => answer(typeof address === 'object' && address ? address.port : null));
    });
  });
}

async function startServer(
  path: string,
  cluster: PostgresCluster,
  port: number,
  say: (text: string) => void,
): Promise<EmbeddedPostgres> {
  const logFile = join(path, 'postgres.log');
  const size = (await stat(logFile).catch(() => null))?.size ?? 0;
  const log = await open(logFile, size > LOG_BYTES_MAX ? 'w' : 'a', 0o600);
  await writeFile(join(path, 'starter'), String(process.pid));
  const server = launch(serverCommand(cluster, path, port), log.fd);
  const ended = endOf(server);
  await log.close();
  // A process that ends without `stop` takes its server along; only SIGKILL leaves one over.
  const takeAlong = () => server.kill('SIGINT');
  process.once('exit', takeAlong);
  let stopping = false;
  let early: string | null = null;
  void ended.then((how) => {
    early = how;
    process.off('exit', takeAlong);
    if (!stopping) say(`PostgreSQL ended by itself (${how}); see ${logFile}`);
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    server.ref();
    for (const [signal, ms] of [
      ['SIGINT', STOP_MS_MAX],
      ['SIGQUIT', 3_000],
      ['SIGKILL', 2_000],
    ] as const) {
      if (early !== null) return;
      server.kill(signal);
      // In small steps: a long timer would keep the process alive after the server has gone.
      const until = real.now() + ms;
      while (early === null && real.now() < until) await Promise.race([ended, real.sleep(50)]);
    }
  };
  const deadline = real.now() + START_MS_MAX;
  while (real.now() < deadline && early === null) {
    const living = await livingServer(cluster.data);
    if (living?.pid === server.pid && living?.ready) {
      server.unref();
      return { url: cluster.urlOf(port), ended, stop };
    }
    await real.sleep(20);
  }
  await stop();
  const tail = (await readFile(logFile, 'utf8').catch(() => '')).trim().slice(-1500);
  throw new EngineError('unavailable', `PostgreSQL did not start (${early ?? 'too slow'}): ${tail}`);
}
