import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../engines/endpoints.ts';
import { nodeFlags } from './node-flags.ts';

const BACKOFF_MS = { first: 100, most: 5_000, forgottenAfter: 30_000 };

/** What a child process is started with. */
export interface ChildSpec {
  /** Unique; also the name of its log file. */
  readonly name: string;
  readonly role: 'decision-api' | 'management' | 'workers';
  /** Arguments of the `breakwater` command. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** It tells where it answers once it listens. */
  readonly listens: boolean;
  /** It reads what the others write to the end. */
  readonly stopsLast: boolean;
  /** Its output is appended here. */
  readonly logFile: string;
}

/** What a process says to its parent. */
interface Said {
  readonly endpoints?: Endpoints;
  /** Why it cannot start. */
  readonly problem?: string;
}

/** A child process that is started again when it dies. It ends by itself when we die: its IPC channel closes. */
export class Supervised {
  readonly spec: ChildSpec;
  /** What the process says of where it answers, once it listens for the first time. */
  readonly announced: Promise<Endpoints>;
  /** Why it ended by itself, before it ever listened: its own last words where it had some. */
  readonly failed: Promise<string>;
  #announce: (found: Endpoints) => void = () => undefined;
  #fail: (why: string) => void = () => undefined;
  readonly #report: (line: string) => void;
  #child: ChildProcess | undefined;
  #retry: NodeJS.Timeout | undefined;
  #hasListened = false;
  #stopping = false;
  #backoffMs = BACKOFF_MS.first;

  constructor(spec: ChildSpec, report: (line: string) => void) {
    this.spec = spec;
    this.#report = report;
    this.announced = new Promise((resolve) => {
      this.#announce = resolve;
    });
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const out = openSync(this.spec.logFile, 'a');
    const startedAt = process.uptime();
    const child = spawn(
      process.execPath,
      [...nodeFlags, fileURLToPath(new URL('main.ts', import.meta.url)), ...this.spec.args],
      // A process group of its own: a terminal's Ctrl-C reaches only us, and we stop the children in order.
      { env: this.spec.environment, stdio: ['ignore', out, out, 'ipc'], detached: true },
    );
    closeSync(out);
    this.#child = child;
    let problem: string | undefined;
    child.on('message', ({ endpoints, problem: told }: Said) => {
      problem = told;
      if (endpoints === undefined) return;
      this.#hasListened = true;
      this.#announce(endpoints);
    });
    child.once('error', (error) => this.#report(`${this.spec.name} does not start: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (this.#stopping) return;
      // What it said last may come after its end, and before its channel closes.
      if (code !== null && !this.#hasListened) child.once('close', () => this.#fail(problem ?? `exit ${code}`));
      if ((process.uptime() - startedAt) * 1000 > BACKOFF_MS.forgottenAfter) this.#backoffMs = BACKOFF_MS.first;
      this.#report(`${this.spec.name} ended (${signal ?? `exit ${code}`}); starting it again in ${this.#backoffMs} ms`);
      this.#retry = setTimeout(() => this.start(), this.#backoffMs);
      this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS.most);
    });
  }

  /** SIGKILL, as a power cut would; supervision starts it again. Answers the pid, or null when it was not running. */
  kill(): number | null {
    const pid = this.#child?.pid ?? null;
    this.#child?.kill('SIGKILL');
    return pid;
  }

  /** SIGTERM, and SIGKILL after `graceMs`. Answers whether it ended by itself with exit code 0. */
  async stop(graceMs: number): Promise<boolean> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    const child = this.#child;
    if (child === undefined) return true;
    const ended = new Promise<boolean>((resolve) => child.once('exit', (code) => resolve(code === 0)));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const clean = await ended;
    clearTimeout(timer);
    if (!clean) this.#report(`${this.spec.name} did not end cleanly`);
    return clean;
  }
}
