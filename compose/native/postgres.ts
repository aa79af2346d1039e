import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { postgresCluster, serverCommand, serverVersion } from '../../engines/catalog/server-command.ts';
import { EngineError } from '../../engines/errors.ts';
import type { NativeServer, NativeServerOptions } from './native-server.ts';
import { endServer, livingPid, loopbackPort, real, startServer } from './server-process.ts';

const START_MS_MAX = 60_000;
const ATTEMPTS = 4;

/**
 * A single PostgreSQL on 127.0.0.1 from the binaries that npm brought, with a password of its own. A server that already
 * runs in the folder is shared. It outlives this process. EngineError `misconfigured` where it cannot run, with what to do.
 */
export async function startPostgres(options: NativeServerOptions): Promise<NativeServer> {
  const path = resolve(options.path);
  const say = options.onProgress ?? (() => undefined);
  const cluster = await postgresCluster(path, undefined, say);
  let port = Number(await readFile(join(path, 'port'), 'utf8').catch(() => '0'));

  const startOnce = async (): Promise<void> => {
    await cluster.ensure(say);
    port = await loopbackPort(options.port, port);
    if (options.port && port !== options.port) {
      throw new EngineError('misconfigured', `port ${options.port} is in use: PostgreSQL cannot listen on it`);
    }
    await writeFile(join(path, 'port'), String(port));
    await startServer({
      name: 'postgresql',
      path,
      ...serverCommand(cluster, path, port),
      startMsMax: START_MS_MAX,
      ready: (logged) => logged.includes('ready to accept connections'),
    });
  };
  const start = async (): Promise<void> => {
    for (let attempt = 1; livingPid(path) === null; attempt++) {
      try {
        await startOnce();
      } catch (error) {
        // Backends of a server that was killed hold its memory for a moment longer.
        if (!(error instanceof EngineError && error.retryable) || attempt === ATTEMPTS) throw error;
        await real.sleep(250 * attempt);
      }
    }
  };

  await start();
  return {
    name: 'postgresql',
    version: serverVersion(cluster),
    get url() {
      return cluster.urlOf(port);
    },
    get pid() {
      return livingPid(path);
    },
    stop: () => endServer(path, 'SIGINT'),
    kill: () => endServer(path, 'SIGKILL'),
    async restart() {
      await endServer(path, 'SIGINT');
      await start();
    },
  };
}
