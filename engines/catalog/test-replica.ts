import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, copyFile, cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { livingServer } from './postgres-leftover.ts';
import { endOf, launch, type PostgresCluster, postgresCluster, serverCommand } from './server-command.ts';

/** A PostgreSQL of its own, which can be struck. */
export interface TestServer {
  readonly url: string;
  /** Ends it without a word, or lets it sleep and wake. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Two real PostgreSQL clusters: the second follows the first by streaming replication. */
export interface TestReplication {
  readonly primary: TestServer;
  readonly replica: TestServer;
  remove(): Promise<void>;
}

/** What the embedded server leaves out because nobody follows it. */
const replicating = ['wal_level=replica', 'max_wal_senders=4', 'hot_standby=on', 'restart_after_crash=off'];

/**
 * The base backup is a copy of the stopped primary's folder, so that no program is needed beside the server's own: `prepare` is run
 * on the primary before it.
 */
export async function startTestReplication(prepare: (url: string) => Promise<unknown>): Promise<TestReplication> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-replica-'));
  const path = (name: string) => join(folder, name);
  const first = await postgresCluster(path('primary'), undefined, () => undefined);
  await first.ensure(() => undefined);
  const primary = serverOf(first, path('primary'), await freePort());
  await primary.start();
  await prepare(primary.url);
  await primary.stop();
  await mkdir(path('replica'), { mode: 0o700 });
  await copyFile(join(path('primary'), 'password'), join(path('replica'), 'password'));
  const second = await postgresCluster(path('replica'), undefined, () => undefined);
  await cp(first.data, second.data, { recursive: true });
  await writeFile(join(second.data, 'standby.signal'), '');
  const { hostname, port, username, password } = new URL(primary.url);
  const from = `host=${hostname} port=${port} user=${username} password=${password}`;
  await appendFile(join(second.data, 'postgresql.conf'), `\nprimary_conninfo = '${from}'\n`);
  await second.ensure(() => undefined);
  const replica = serverOf(second, path('replica'), await freePort());
  await primary.start();
  await replica.start();
  return {
    primary,
    replica,
    async remove() {
      for (const server of [replica, primary]) await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serverOf(cluster: PostgresCluster, path: string, port: number): TestServer {
  const url = cluster.urlOf(port);
  let child: ChildProcess | null = null;
  let ended: Promise<string> = Promise.resolve('');
  const pid = async () => (await livingServer(cluster.data))?.pid;
  return {
    url,
    async signal(signal) {
      const server = await pid();
      if (server === undefined) throw new Error('the server does not live');
      // Every one of its processes: with the postmaster alone asleep, whoever is connected is served on.
      for (const each of [server, ...childrenOf(server)]) process.kill(each, signal);
      if (signal === 'SIGKILL') await ended;
    },
    async start() {
      const log = await open(join(path, 'postgres.log'), 'a', 0o600);
      const command = serverCommand(cluster, path, port);
      const args = [...command.args, ...replicating.flatMap((setting) => ['-c', setting])];
      child = launch({ ...command, args }, log.fd);
      ended = endOf(child);
      await log.close();
      await untilAnswers(url);
    },
    async stop() {
      const server = await pid();
      if (child === null || server === undefined) return;
      for (const each of [server, ...childrenOf(server)]) signal(each, 'SIGCONT');
      signal(server, 'SIGINT');
      await ended;
    },
  };
}

/** A child of the server's may have ended since it was seen. */
function signal(pid: number, name: 'SIGCONT' | 'SIGINT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The program's name stands in parentheses and may hold spaces; then come the state and the parent.
      const status = readFileSync(`/proc/${name}/stat`, 'utf8');
      return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === parent ? [Number(name)] : [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH')
        return [];
      throw error;
    }
  });
}

async function untilAnswers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (tries >= 600) throw error;
      await sleep(50);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((answer, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => answer(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
