import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { testServer } from '../config.ts';

/** A real redis-server on the loopback with a folder of its own, for tests. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly version: string;
  pid(): number;
  /** Lets it write its files and end. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port and files. */
  restart(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Makes a replica a master. */
  promote(): Promise<void>;
  /** Sends one command, words as in redis-cli. */
  ask(...words: readonly string[]): Promise<unknown>;
  /** Ends it and removes its folder. */
  [Symbol.asyncDispose](): Promise<void>;
}

const run = promisify(execFile);

async function freePort(): Promise<number> {
  // A cluster node listens on its port and on the one 10,000 above, so the upper half is no use.
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    if (address !== null && typeof address === 'object') return 10_000 + (address.port % 40_000);
  }
}

/** Starts a server; `settings` are words of its command line, such as `['--appendonly', 'yes']`. */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-redis-'));
  const port = await freePort();
  const base = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
  const words = [...base, '--loglevel', 'warning', '--maxmemory-policy', 'noeviction', ...settings];
  let child = await spawnServer(words, port);
  const ask = (...[name = '', ...rest]: readonly string[]) => askPort(port, name, rest);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await ended;
  };
  const { stdout } = await run('redis-server', ['--version']);
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    version: /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown',
    pid: () => child.pid ?? 0,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      child = await spawnServer(words, port);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    promote: async () => void (await ask('REPLICAOF', 'NO', 'ONE')),
    ask,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The server of TEST_REDIS_URL, which must hold nothing and is emptied after; else one of our own. */
export async function startAnyRedis(): Promise<Pick<RedisServer, 'url' | 'ask' | typeof Symbol.asyncDispose>> {
  const url = testServer('TEST_REDIS_URL');
  if (url === null) return startRedisServer();
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  const ask = (...[name = '', ...rest]: readonly string[]) => client.call(name, ...rest);
  const keys = Number(await ask('DBSIZE'));
  if (keys > 0) {
    client.disconnect();
    throw new Error(`TEST_REDIS_URL holds ${keys} keys: the tests empty what they are given, so it must be empty`);
  }
  return {
    url,
    ask,
    async [Symbol.asyncDispose]() {
      await ask('FLUSHDB');
      client.disconnect();
    },
  };
}

async function spawnServer(words: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn('redis-server', [...words], { stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    const answer = await askPort(port, 'PING', []).catch(() => null);
    if (answer === 'PONG') return child;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill('SIGKILL');
  throw new Error('redis-server did not answer in 5 s');
}

async function askPort(port: number, name: string, rest: readonly string[]): Promise<unknown> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 500,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}

/** Masters that make one cluster, and one replica of the first of them. */
export interface RedisClusterServers {
  readonly url: string;
  readonly masters: readonly RedisServer[];
  readonly replica: RedisServer;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts three masters and one replica and joins them with redis-cli. */
export async function startRedisCluster(): Promise<RedisClusterServers> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--repl-diskless-sync-delay', '0'];
  const replicas = ['--cluster-replica-validity-factor', '0', '--cluster-require-full-coverage', 'no'];
  const [first, second, third, replica] = await Promise.all(
    [0, 1, 2, 3].map(() => startRedisServer([...settings, ...replicas])),
  );
  if (!first || !second || !third || !replica) throw new Error('four servers were asked for');
  const masters = [first, second, third];
  const at = ({ port }: RedisServer) => `127.0.0.1:${port}`;
  const cli = (...words: string[]) => run('redis-cli', ['--cluster', ...words, '--cluster-yes']);
  await cli('create', ...masters.map(at));
  const all = () => Promise.all(masters.map((one) => one.ask('CLUSTER', 'INFO')));
  await until(async () => (await all()).every((info) => `${info}`.includes('cluster_state:ok')));
  const id = `${await first.ask('CLUSTER', 'MYID')}`;
  await cli('add-node', at(replica), at(first), '--cluster-slave', '--cluster-master-id', id);
  await until(async () => `${await replica.ask('INFO', 'replication')}`.includes('master_link_status:up'));
  return {
    url: `redis+cluster://${masters.map(at).join(',')}`,
    masters,
    replica,
    async [Symbol.asyncDispose]() {
      for (const server of [...masters, replica]) await server[Symbol.asyncDispose]();
    },
  };
}

/** Asks every 50 ms, for at most 20 s. */
export async function until(met: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come true in 20 s');
}
