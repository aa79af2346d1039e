import { existsSync } from 'node:fs';
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';

/** A server that runs on a data folder. */
export interface LivingServer {
  readonly pid: number;
  /** Changes when the process that started it dies. */
  readonly parent: number;
  readonly port: number;
  readonly ready: boolean;
}

/**
 * Reads the folder's postmaster.pid (pid, folder, start, port, socket folder, address, memory key, status: one a line)
 * and looks whether that process is a server on this folder: a pid may have been given to somebody else since, and
 * PostgreSQL would then refuse to start. The lock file of a dead server is removed.
 */
export async function livingServer(data: string): Promise<LivingServer | null> {
  const lockFile = join(data, 'postmaster.pid');
  const lines = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  // Without /proc PostgreSQL's own check has to do.
  if (!(pid > 0) || !existsSync('/proc/self/stat')) return null;
  const [command, status] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null),
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
  ]);
  // A living process that we may not look at: PostgreSQL itself must judge.
  if (command === null && isAlive(pid)) return null;
  if (!(await serves(command ?? '', data))) {
    await rm(lockFile, { force: true });
    return null;
  }
  // The program's name stands in parentheses and may hold spaces; then come the state and the parent.
  const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
  return { pid, parent, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/**
 * Whether the command line is `postgres -D data …`. Its working folder would be proof too, but root in a container may
 * not read that of another user's process; command lines are open to all.
 */
async function serves(command: string, data: string): Promise<boolean> {
  const words = command.split('\0');
  const folder = words[words.indexOf('-D') + 1];
  if (!words.includes('-D') || !folder) return false;
  const [running, ours] = await Promise.all([realpath(folder).catch(() => folder), realpath(data)]);
  return running === ours;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Fast shutdown, then an immediate one. EngineError `unavailable` if it outlives both. */
export async function endServer(data: string, pid: number, ms: number, clock: Clock): Promise<void> {
  for (const [signal, limit] of [
    ['SIGINT', ms],
    ['SIGQUIT', 3_000],
  ] as const) {
    process.kill(pid, signal);
    const deadline = clock.now() + limit;
    while (clock.now() < deadline) {
      if ((await livingServer(data))?.pid !== pid) return;
      await clock.sleep(20);
    }
  }
  throw new EngineError('unavailable', `the PostgreSQL with pid ${pid} on ${data} does not stop`);
}
