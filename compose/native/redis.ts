import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '../../engines/errors.ts';
import type { NativeServer, NativeServerOptions } from './native-server.ts';
import { endServer, livingPid, loopbackPort, startServer } from './server-process.ts';

const run = promisify(execFile);
const START_MS_MAX = 30_000;
const PING_MS_MAX = 1_000;
const INSTALL = 'apt-get install -y redis-server';

/**
 * A single Redis on 127.0.0.1: append-only file synced every second, nothing evicted. Installs the system package where
 * it may (root on Debian). A server that already runs in the folder is shared. It outlives this process.
 * EngineError `misconfigured` where there is no redis-server, with what to do.
 */
export async function startRedis(options: NativeServerOptions): Promise<NativeServer> {
  const path = resolve(options.path);
  const version = await redisVersion(options.onProgress ?? (() => undefined));
  await mkdir(path, { recursive: true });
  let port = Number(await readFile(join(path, 'port'), 'utf8').catch(() => '0'));

  const start = async (): Promise<void> => {
    if (livingPid(path) !== null) return;
    port = await loopbackPort(options.port, port);
    if (options.port && port !== options.port) {
      throw new EngineError('misconfigured', `port ${options.port} is in use: Redis cannot listen on it`);
    }
    await writeFile(join(path, 'port'), String(port));
    const settings = join(path, 'redis.conf');
    await writeFile(settings, configuration(path, port));
    await startServer({
      name: 'redis',
      path,
      program: 'redis-server',
      args: [settings],
      startMsMax: START_MS_MAX,
      ready: () => answersPing(port),
    });
  };

  await start();
  return {
    name: 'redis',
    version,
    get url() {
      return `redis://127.0.0.1:${port}`;
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

async function redisVersion(say: (line: string) => void): Promise<string> {
  const ask = async () => {
    const { stdout } = await run('redis-server', ['--version']);
    return /v=([\d.]+)/.exec(stdout)?.[1] ?? 'unknown';
  };
  try {
    return await ask();
  } catch (cause) {
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
      throw new EngineError('misconfigured', `there is no redis-server; on Debian: ${INSTALL}`, cause);
    }
    say(`installing Redis: ${INSTALL}`);
    await run('apt-get', ['install', '-y', 'redis-server']).catch((failure: unknown) => {
      throw new EngineError(
        'misconfigured',
        `Redis could not be installed; try: apt-get update && ${INSTALL}`,
        failure,
      );
    });
    return ask();
  }
}

function configuration(path: string, port: number): string {
  return `port ${port}
bind 127.0.0.1
dir ${path}
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
set-proc-title no
`;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PING_MS_MAX });
    const answer = (pong: boolean) => {
      socket.destroy();
      resolve(pong);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    // While it loads its file it answers -LOADING.
    socket.once('data', (data) => answer(data.toString().startsWith('+PONG')));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
