import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { untilReady } from '../../cli/house.ts';
import { systemClock } from '../../engines/clock.ts';
import type { Endpoints } from '../../engines/endpoints.ts';
import type { Release } from './release.ts';

const GRACE_MS = 12_000;

/** A place in the house that one process fills, of one release and later of the other. */
export class Member {
  readonly name: string;
  readonly args: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  release: Release | null = null;
  /** Where it answers; null: nowhere. */
  url: string | null = null;
  /** Records applied, by release. */
  readonly applied: Record<string, number> = {};

  constructor(name: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.name = name;
    this.args = args;
    this.#environment = environment;
  }

  get listens(): boolean {
    return !this.args.includes('management');
  }

  /** Resolves once it is ready. */
  async start(release: Release, logs: string): Promise<void> {
    const out = openSync(join(logs, `${this.name}-${release.name}.log`), 'a');
    const main = join(release.folder, 'cli', 'main.ts');
    const child = spawn(process.execPath, ['--max-old-space-size=256', main, ...this.args], {
      cwd: release.folder,
      env: { ...this.#environment },
      stdio: ['ignore', out, out, 'ipc'],
    });
    closeSync(out);
    this.#child = child;
    this.release = release;
    if (!this.listens) return;
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${this.name} of ${release.version} ended while it started (${code ?? signal})`);
    });
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ endpoints: Endpoints }];
    ended.catch(() => undefined);
    const { decisionApi, workers = {} } = message.endpoints;
    this.url = decisionApi ?? Object.values(workers)[0] ?? null;
    if (this.url === null) throw new Error(`${this.name} does not say where it listens`);
    await untilReady(this.url, systemClock());
  }

  /** SIGTERM; rejects unless it ends by itself and cleanly. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    await this.count();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    const [code, signal] = await ended;
    clearTimeout(timer);
    this.#child = null;
    if (code !== 0) throw new Error(`${this.name} of ${this.release?.version} did not end cleanly (${code ?? signal})`);
  }

  /** SIGKILL, when everything else went wrong. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Adds what this process applied since it started. */
  async count(): Promise<void> {
    if (this.url === null || !this.args.includes('worker') || !this.release) return;
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('breakwater_outcomes_total{'));
    const sum = lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
    this.applied[this.release.name] = (this.applied[this.release.name] ?? 0) + sum;
  }
}
