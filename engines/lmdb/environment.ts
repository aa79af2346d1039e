import { mkdirSync, statfsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, RootDatabase } from 'lmdb';
import { ABORT, open } from 'lmdb';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { beganBehind } from './newest-commit.ts';

/** Ordered-binary: sorts by value, arrays element by element. */
export type StoredKey = string | (string | number)[];
export type StoredTable = Database<Buffer, StoredKey>;

export interface EnvironmentOptions {
  /** A folder; made if absent. */
  readonly path: string;
  readonly clock: Clock;
  /** False: a commit survives the death of every process, but not of the operating system. For runs that can be repeated. */
  readonly flush: boolean;
  /**
   * True: transactions run on this thread. The lock, which all processes share, is then held for the transaction alone and
   * not until a busy event loop comes round to it; but the loop stands while another process holds the lock. For processes
   * that nobody waits for.
   */
  readonly inline: boolean;
  /** Hears of failures in the background (sweeps, beats). */
  readonly onError: (error: unknown) => void;
}

/** The longest key that LMDB takes, less what ordered-binary adds for a topic, a bucket or a number. */
export const KEY_BYTES_MAX = 1_800;

const ADDRESS_SPACE_BYTES = 2 ** 36;
const BATCH_ACTIONS_MAX = 512;
const DEADLINE_MS = 5_000;
const DEADLINE_CHECK_MS = 1_000;
const GRACE_MS = 250;
const READER_CHECK_MS = 60_000;
/** Every one of them is one more process that opened the folder in that moment. */
const BEGUN_AGAIN_MAX = 1_000;
const MDB_MAP_FULL = -30_792;
const EIO = 5;
const EFBIG = 27;
const ENOSPC = 28;
const EDQUOT = 122;
/** A disk that took only a part of a page has less than this left. */
const SCRAPS_BYTES = 1024 * 1024;

interface Waiting {
  readonly since_us: number;
  run(): void;
  settle(): void;
  fail(error: EngineError): void;
}

/**
 * One LMDB folder, shared by any number of processes.
 *
 * `write` resolves once its transaction is committed and flushed: every process sees it, and it survives the death of
 * this one (SIGKILL included) and, as far as the disk keeps what it was told to flush, of the operating system.
 */
export class LmdbEnvironment {
  readonly #path: string;
  readonly #root: RootDatabase<Buffer, StoredKey>;
  readonly #clock: Clock;
  readonly #inline: boolean;
  readonly #beats: readonly Disposable[];
  #queue: Waiting[] = [];
  #running: readonly Waiting[] = [];
  #pump: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor({ path, clock, flush, inline, onError }: EnvironmentOptions) {
    this.#path = path;
    try {
      mkdirSync(path, { recursive: true });
      this.#root = open<Buffer, StoredKey>({
        path,
        encoding: 'binary',
        mapSize: ADDRESS_SPACE_BYTES,
        maxDbs: 12,
        noSync: !flush,
        // With it, lmdb-js flushes under a mutex of its own whose recovery is wrong: a process killed while it flushes
        // leaves the next writer with MDB_PANIC, for good (mdb_mutex_failed, lmdb 3.5.6).
        overlappingSync: false,
        // `write` batches by itself; lmdb-js's own batches have a promise that nobody can catch when the disk is full.
        eventTurnBatching: false,
      });
    } catch (cause) {
      throw new EngineError(isFull(cause, path) ? 'full' : 'unavailable', `cannot open the folder ${path}`, cause);
    }
    this.#clock = clock;
    this.#inline = inline;
    this.#beats = [
      clock.every(DEADLINE_CHECK_MS, () => this.#expire(), onError),
      // A killed process leaves its reader slot behind, which would keep old pages from being used again.
      clock.every(READER_CHECK_MS, () => void this.#root.readerCheck(), onError),
    ];
  }

  table(name: string): StoredTable {
    // What makes a table is a transaction too.
    return this.writeSync(() => this.#root.openDB<Buffer, StoredKey>({ name, encoding: 'binary' }));
  }

  /** Lets the reads that follow see every commit so far; without it, reads of one event turn share a snapshot. */
  refresh(): void {
    if (this.#closing) throw closed();
    this.#root.resetReadTxn();
  }

  /**
   * Runs `action` (synchronous) inside a write transaction and resolves to its answer after the commit. What is asked
   * for while one transaction commits shares the next. An action that throws an EngineError must not have written
   * yet: it alone fails. Any other error undoes the whole transaction.
   *
   * EngineError `closed`, `timeout` (5 s; may have happened or not), `full`, `unavailable` (not written).
   */
  write<T>(action: () => T): Promise<T> {
    if (this.#closing) return Promise.reject(closed());
    const answer = new Promise<T>((resolve, reject) => {
      let outcome: { readonly value: T } | { readonly error: EngineError } | undefined;
      this.#queue.push({
        since_us: this.#clock.ticks(),
        run: () => {
          try {
            outcome = { value: action() };
          } catch (error) {
            if (!(error instanceof EngineError)) throw error;
            outcome = { error };
          }
        },
        settle: () => {
          if (outcome && 'value' in outcome) resolve(outcome.value);
          else reject(outcome?.error ?? new EngineError('unavailable', 'the transaction did not run'));
        },
        fail: reject,
      });
    });
    this.#pump ??= this.#drain();
    return answer;
  }

  /** Runs `action` in a transaction of its own and waits; for the moment of opening only. */
  writeSync<T>(action: () => T): T {
    let answer: { readonly value: T } | undefined;
    for (let again = 0; answer === undefined; again++) {
      this.#root.transactionSync(() => {
        if (this.#beganBehind(again)) return ABORT;
        answer = { value: action() };
      });
    }
    return answer.value;
  }

  /** Commits what is queued, flushes, closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    for (const beat of this.#beats) beat[Symbol.dispose]();
    await this.#pump;
    await this.#root.close();
  }

  async #drain(): Promise<void> {
    // One turn of the microtask queue, so that everything asked for together commits together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_ACTIONS_MAX);
      this.#running = batch;
      try {
        await this.#commit(batch);
        for (const waiting of batch) waiting.settle();
      } catch (error) {
        const failure = await engineError(error, this.#path);
        for (const waiting of batch) waiting.fail(failure);
      }
      this.#running = [];
    }
    this.#pump = null;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    let behind = true;
    for (let again = 0; behind; again++) {
      const runAll = () => {
        behind = this.#beganBehind(again);
        if (behind) return ABORT;
        for (const waiting of batch) waiting.run();
      };
      if (this.#inline) this.#root.transactionSync(runAll);
      else await this.#root.childTransaction(runAll);
    }
  }

  #beganBehind(again: number): boolean {
    if (!beganBehind(this.#root, this.#path)) return false;
    if (again < BEGUN_AGAIN_MAX) return true;
    throw new EngineError('unavailable', `the lock file of ${this.#path} does not say which commit is the newest`);
  }

  async #expire(): Promise<void> {
    const since = this.#clock.ticks() - DEADLINE_MS * 1000;
    const late = (waiting: Waiting) => waiting.since_us < since;
    if (![...this.#running, ...this.#queue].some(late)) return;
    // After a pause of this process the timer fires before commits that are long done, or all but done, are heard.
    await this.#clock.sleep(GRACE_MS);
    const failure = new EngineError('timeout', `no commit within ${DEADLINE_MS} ms`);
    for (const waiting of this.#running) if (late(waiting)) waiting.fail(failure);
    for (const waiting of this.#queue) if (late(waiting)) waiting.fail(failure);
    // What has not begun must not happen after its caller was told.
    this.#queue = this.#queue.filter((waiting) => !late(waiting));
  }
}

function closed(): EngineError {
  return new EngineError('closed', 'the LMDB folder');
}

async function engineError(error: unknown, path: string): Promise<EngineError> {
  // lmdb-js hands the reason of a failed commit over as a promise that rejects a moment later, if ever.
  const { commitError } = error as { commitError?: Promise<never> };
  const reason = commitError ? await Promise.race([commitError.catch((inner) => inner), nextTurn(error)]) : error;
  return new EngineError(isFull(reason, path) ? 'full' : 'unavailable', 'the transaction was not committed', reason);
}

/** LMDB calls it an input/output error when the disk took only a part of what it was to write. */
function isFull(error: unknown, path: string): boolean {
  const { code } = error as { code?: unknown };
  if (code === MDB_MAP_FULL || code === ENOSPC || code === EFBIG || code === EDQUOT || code === 'ENOSPC') return true;
  return code === EIO && freeBytes(path) < SCRAPS_BYTES;
}

/** What this process may still write to the disk of a folder. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Refuses what LMDB cannot hold as a key: EngineError `refused`. */
export function checkKey(text: string): string {
  if (text.includes('\0') || Buffer.byteLength(text) > KEY_BYTES_MAX) {
    throw new EngineError('refused', `a key must be at most ${KEY_BYTES_MAX} bytes without NUL: ${text.slice(0, 40)}`);
  }
  return text;
}
