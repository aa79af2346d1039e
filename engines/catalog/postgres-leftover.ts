import { existsSync } from 'node:fs';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
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
  const [folder, status] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => null),
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
  ]);
  if (folder === null || folder !== (await realpath(data))) {
    await rm(lockFile, { force: true });
    return null;
  }
  // The program's name stands in parentheses and may hold spaces; then come the state and the parent.
  const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
  return { pid, parent, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
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
