import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { type AsRoot, chooseRunAs, giveTo, type RunAs } from './postgres-runas.ts';

const USER = 'breakwater';

/** A cluster in a folder, and how its server is started. */
export interface PostgresCluster {
  readonly runAs: RunAs;
  /** The server's own folder. */
  readonly data: string;
  readonly urlOf: (port: number) => string;
  /** Makes the cluster if there is none yet. EngineError `misconfigured` when initdb fails. */
  readonly ensure: (say: (text: string) => void) => Promise<void>;
}

/** Finds the programs, a way to run them, and the password (0600); all of `path`. EngineError `misconfigured` where it cannot run, with the remedy. */
export async function postgresCluster(
  path: string,
  asRoot: AsRoot | undefined,
  say: (text: string) => void,
): Promise<PostgresCluster> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const runAs = await chooseRunAs(path, findPostgresBinaries(), asRoot, say);
  const password = await keptPassword(path);
  const data = join(runAs.home, 'pgdata');
  return {
    runAs,
    data,
    urlOf: (port) => `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
    async ensure(tell) {
      if (runAs.filesTo) await giveTo(data, runAs.filesTo);
      if (existsSync(data)) return;
      tell('creating the catalog cluster');
      await createCluster(runAs, data, password);
    },
  };
}

/** Program, arguments and surroundings of the server. `log_directory` is not used, but names the folder in the list of processes. */
export function serverCommand({ runAs, data }: PostgresCluster, path: string, port: number): ServerCommand {
  return commandOf(runAs, 'postgres', ['-D', data, ...settings(port), '-c', `log_directory=${resolve(path)}`]);
}

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** As whom; null: as ourselves. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What the server's program says of itself, such as "18.4". */
export function serverVersion({ runAs }: PostgresCluster): string {
  const program = join(runAs.binaries.root, 'bin', 'postgres');
  const { stdout } = spawnSync(program, ['--version'], { env: runAs.environment, encoding: 'utf8' });
  return /(\d+(?:\.\d+)+)/.exec(stdout ?? '')?.[1] ?? 'unknown';
}

async function keptPassword(path: string): Promise<string> {
  const file = join(path, 'password');
  if (!existsSync(file)) await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  await chmod(file, 0o600);
  return (await readFile(file, 'utf8')).trim();
}

/** Made beside its place and then renamed: a half-made cluster is never started. */
async function createCluster(runAs: RunAs, data: string, password: string): Promise<void> {
  const unfinished = `${data}.new`;
  const passwordFile = join(runAs.home, `.password-${process.pid}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    for (const made of [unfinished, passwordFile]) if (runAs.filesTo) await giveTo(made, runAs.filesTo);
    const words = ['-D', unfinished, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    words.push('--encoding=UTF8', '--locale=C', '--no-instructions');
    const initdb = launch(commandOf(runAs, 'initdb', words), 'pipe');
    let output = '';
    initdb.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    initdb.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = await endOf(initdb);
    if (ended !== 'code 0') {
      throw new EngineError('misconfigured', `initdb failed (${ended}): ${output.trim().slice(-1500)}`);
    }
    await rename(unfinished, data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Small, because the machine is shared with everything else; durable, because the catalog is the only original. */
function settings(port: number): readonly string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=40',
    'shared_buffers=32MB',
    'max_wal_size=128MB',
    'wal_level=minimal',
    'max_wal_senders=0',
    'max_parallel_workers_per_gather=0',
    'io_method=sync',
    'jit=off',
    'fsync=on',
    'timezone=UTC',
    'log_timezone=UTC',
  ].flatMap((setting) => ['-c', setting]);
}

/** A session of its own: Ctrl-C in the terminal must reach us first, so that the catalog is the last to stop. */
export function launch(command: ServerCommand, output: number | 'pipe'): ChildProcess {
  return spawn(command.program, command.args, {
    ...(command.user ?? {}),
    cwd: command.cwd,
    env: command.environment,
    stdio: ['ignore', output, output],
    detached: true,
  });
}

function commandOf(runAs: RunAs, name: string, words: readonly string[]): ServerCommand {
  const [program = '', ...args] = [...runAs.prefix, join(runAs.binaries.root, 'bin', name), ...words];
  return { program, args, user: runAs.user, cwd: runAs.home, environment: runAs.environment };
}

/** How it ended; a program that could not be started at all has ended too. */
export function endOf(child: ChildProcess): Promise<string> {
  return new Promise((answer) => {
    child.once('error', (error) => answer(error.message));
    child.once('close', (code, signal) => answer(signal ?? `code ${code}`));
  });
}
