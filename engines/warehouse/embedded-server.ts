import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../config.ts';
import { EngineError } from '../errors.ts';

export interface EmbeddedWarehouse {
  readonly url: string;
  /** The engine's process. */
  readonly pid: number;
  /** Resolves, with how, when that process has ended. */
  readonly ended: Promise<string>;
  /** Lets running statements end, then ends the engine; after 10 s without its leave. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedWarehouseOptions {
  /** The data folder; one engine at a time. Made if absent. */
  readonly path: string;
  /** 0, or taken by somebody else: a free one. */
  readonly port: number;
  readonly onProgress?: (message: string) => void;
}

/** `busy`: the folder could not be opened, as while another engine holds its lock. */
type Hello = { readonly port: number } | { readonly error: string; readonly busy?: true };

const STOP_MS = 10_000;
const BUSY_TRIES = 20;
const BUSY_WAIT_MS = 500;

/**
 * Starts chDB in a child process behind its HTTP bridge. The child ends when this process does, however that ends.
 * An engine that is still leaving the folder is waited for; EngineError `unavailable` if it stays or chDB cannot start.
 */
export async function startEmbeddedWarehouse(options: EmbeddedWarehouseOptions): Promise<EmbeddedWarehouse> {
  mkdirSync(options.path, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const child = forkBridge(options);
    const ended = new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`)),
    );
    const hello = await helloOf(child);
    if ('port' in hello) {
      return { url: `http://127.0.0.1:${hello.port}`, pid: child.pid ?? 0, ended, stop: () => stop(child) };
    }
    if (!hello.busy || attempt === BUSY_TRIES) {
      const remedy = hello.busy
        ? '. If Breakwater runs on this data folder already, stop it or choose another DATA_DIR'
        : '';
      throw new EngineError('unavailable', `the warehouse in ${options.path} did not start: ${hello.error}${remedy}`);
    }
    if (attempt === 1)
      options.onProgress?.(
        `the warehouse folder cannot be opened yet, another engine may be leaving it: ${hello.error}`,
      );
    await sleep(BUSY_WAIT_MS);
  }
}

function forkBridge({ path, port }: EmbeddedWarehouseOptions): ChildProcess {
  const bridge = fileURLToPath(new URL('chdb-bridge.ts', import.meta.url));
  return fork(bridge, [path, String(port)], {
    execArgv: [],
    // chDB computes on libuv's threads, and two statements run at once beside file access and name look-ups.
    env: environmentWith({ UV_THREADPOOL_SIZE: '8' }),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** The bridge's first message, or why it left without one. */
function helloOf(child: ChildProcess): Promise<Hello> {
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-2000);
  });
  return new Promise((resolve) => {
    child.once('message', (hello) => resolve(hello as Hello));
    child.once('error', (error) => resolve({ error: error.message }));
    child.once('exit', (code, signal) => resolve({ error: `it ended with ${signal ?? code}. ${complaint.trim()}` }));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}
