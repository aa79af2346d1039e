import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';

/** A server of one folder, known by the folder's pid file: any process may find it again, stop it or start it. */
export interface ServerPlan {
  /** As it is called in messages. */
  readonly name: string;
  /** Its folder; holds `pid` and `<name>.log`. */
  readonly path: string;
  readonly program: string;
  /** One of them must name the folder: that is how a living process is known to be this server. */
  readonly args: readonly string[];
  /** Instead of our own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** As whom it runs; absent: as ourselves. */
  readonly user?: { readonly uid: number; readonly gid: number } | null;
  /** Where it runs; absent: in its folder. */
  readonly cwd?: string;
  readonly startMsMax: number;
  /** Whether it answers; `logged` is what it wrote since this start. */
  ready(logged: string): boolean | Promise<boolean>;
}

const STOP_MS_MAX = 20_000;
const POLL_MS = 50;
const PORT_TRIES = 40;
const LOG_BYTES_SHOWN = 1_500;
const LOG_BYTES_MAX = 8 * 1024 * 1024;
/** Servers are waited for in real time. */
export const real = systemClock();

/** The pid of the folder's server if it lives. */
export function livingPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(join(path, 'pid'), 'utf8'));
    // A number may have gone to another process since; Linux tells the command line.
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return words.includes(path) ? pid : null;
  } catch {
    return null;
  }
}

/** Starts the server apart from this process (it outlives it) and waits until it answers. EngineError `unavailable` with the end of its log. */
export async function startServer(plan: ServerPlan): Promise<number> {
  const file = join(plan.path, `${plan.name}.log`);
  const log = openSync(file, sizeOf(file) > LOG_BYTES_MAX ? 'w' : 'a');
  const before = sizeOf(file);
  const child = spawn(plan.program, plan.args, {
    ...(plan.user ?? {}),
    ...(plan.environment ? { env: plan.environment } : {}),
    cwd: plan.cwd ?? plan.path,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `ended with ${signal ?? code}`));
  child.unref();
  if (child.pid !== undefined) writeFileSync(join(plan.path, 'pid'), String(child.pid));
  const since = real.now();
  while (ended === null && real.now() - since < plan.startMsMax) {
    if (child.pid !== undefined && (await plan.ready(loggedSince(file, before)))) return child.pid;
    await real.sleep(POLL_MS);
  }
  const why = ended ?? `did not answer within ${plan.startMsMax} ms`;
  await endServer(plan.path, 'SIGKILL');
  const tail = loggedSince(file, before).slice(-LOG_BYTES_SHOWN).trim();
  throw new EngineError('unavailable', `${plan.name} ${why}; the end of ${file}:\n${tail}\n`);
}

/** Ends the folder's server and waits until it is gone; an orderly end turns to SIGKILL after 20 s. Fine when there is none. */
export async function endServer(path: string, signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<void> {
  const pid = livingPid(path);
  if (pid !== null) {
    process.kill(pid, signal);
    // A stopped process (SIGSTOP) takes SIGTERM only once it goes on.
    if (signal !== 'SIGKILL') process.kill(pid, 'SIGCONT');
    const since = real.now();
    let forced = signal === 'SIGKILL';
    while (!isGone(pid)) {
      if (!forced && real.now() - since > STOP_MS_MAX) {
        process.kill(pid, 'SIGKILL');
        forced = true;
      }
      await real.sleep(POLL_MS);
    }
  }
  rmSync(join(path, 'pid'), { force: true });
}

/** Ended to the last: its sockets are closed. The command line vanishes before that, and a zombie stays until it is reaped. */
function isGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}

/**
 * The first of `wanted` that is free on 127.0.0.1, else one that the system chooses. A taken one is tried for two seconds: the
 * socket of a server that was killed can outlive it for a moment.
 */
export async function loopbackPort(...wanted: readonly (number | undefined)[]): Promise<number> {
  for (const port of wanted) {
    const free = port ? await listenSoon(port) : null;
    if (free !== null) return free;
  }
  const free = await listenOnce(0);
  if (free !== null) return free;
  throw new EngineError('unavailable', 'no free port on 127.0.0.1');
}

async function listenSoon(port: number): Promise<number | null> {
  for (let tries = 1; tries < PORT_TRIES; tries++) {
    const free = await listenOnce(port);
    if (free !== null) return free;
    await real.sleep(POLL_MS);
  }
  return listenOnce(port);
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function loggedSince(file: string, before: number): string {
  return readFileSync(file).subarray(before).toString();
}
