import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../engines/errors.ts';
import type { NativeServer, NativeServerOptions } from './native-server.ts';
import { endServer, livingPid, loopbackPort, startServer } from './server-process.ts';

const START_MS_MAX = 60_000;
const ASK_MS_MAX = 5_000;
const bridge = fileURLToPath(new URL('../../engines/warehouse/chdb-bridge.ts', import.meta.url));

/**
 * The ClickHouse engine (chDB) on 127.0.0.1 behind its HTTP bridge, data in `data` of its folder. A server that already
 * runs there is shared. It outlives this process. EngineError `unavailable` with the end of its log where it does not start.
 */
export async function startClickHouse(options: NativeServerOptions): Promise<NativeServer> {
  const path = resolve(options.path);
  await mkdir(join(path, 'data'), { recursive: true });
  let port = Number(await readFile(join(path, 'port'), 'utf8').catch(() => '0'));
  const url = () => `http://127.0.0.1:${port}`;

  const start = async (): Promise<void> => {
    if (livingPid(path) !== null) return;
    port = await loopbackPort(options.port, port);
    if (options.port && port !== options.port) {
      throw new EngineError(
        'misconfigured',
        `port ${options.port} is in use: the ClickHouse engine cannot listen on it`,
      );
    }
    await writeFile(join(path, 'port'), String(port));
    await startServer({
      name: 'clickhouse',
      path,
      // chDB computes on libuv's threads, and two statements run at once beside file access.
      program: 'env',
      args: ['UV_THREADPOOL_SIZE=8', process.execPath, bridge, join(path, 'data'), String(port)],
      startMsMax: START_MS_MAX,
      // A bridge whose port was taken meanwhile listens on another one: that is no server of ours.
      ready: (logged) => logged.includes(`{"port":${port}}`),
    });
  };

  await start();
  return {
    name: 'clickhouse',
    version: await versionAt(url()),
    get url() {
      return url();
    },
    get pid() {
      return livingPid(path);
    },
    stop: () => endServer(path, 'SIGTERM'),
    kill: () => endServer(path, 'SIGKILL'),
    async restart() {
      await endServer(path, 'SIGTERM');
      await start();
    },
  };
}

async function versionAt(url: string): Promise<string> {
  const query = encodeURIComponent('SELECT version()');
  const response = await fetch(`${url}/?query=${query}`, { method: 'POST', signal: AbortSignal.timeout(ASK_MS_MAX) });
  return (await response.text()).trim();
}
