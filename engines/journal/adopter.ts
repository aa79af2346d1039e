import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import { type Config, environmentWith } from '../config.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { Random } from '../random.ts';
import { adopt } from './adopt.ts';
import type { AdoptionNews } from './adopt-child.ts';
import { isSettled, listFolders } from './folders.ts';
import type { JournalRecord } from './journal-store.ts';
import { lastBeat, readOwner, stateOf } from './owner.ts';
import { countDeadLetters } from './peek.ts';

export interface AdopterOptions {
  /** The folder of folders. */
  readonly journals: string;
  /** Whose data folder and event log a child process uses. */
  readonly config: Config;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  /** An owner that is a living process, or on another machine, must have been silent this long. Default 15 s. */
  readonly silentMs?: number;
  /** Default 2 s. */
  readonly everyMs?: number;
  /** The path of a journal of this process. */
  readonly isOwn: (path: string) => boolean;
  readonly onAdopting: (path: string, why: string) => void;
  readonly onShipped: (topic: string, records: number) => void;
  readonly onAdopted: (path: string) => void;
  readonly onDead: (record: Pick<JournalRecord, 'topic' | 'bytes'>, why: Error) => void;
  /** How many dead letters there are in journals other than this process's own; at once, and then every 10 s. */
  readonly onCounted: (deadLetters: number) => void;
  readonly onError: (error: unknown) => void;
}

const SILENT_MS = 15_000;
const EVERY_MS = 2_000;
const OPEN_MS_MAX = 10_000;
const COUNT_MS = 10_000;
const CHILD = fileURLToPath(new URL('./adopt-child.ts', import.meta.url));

/** Looks for journals whose owner is gone, from the beginning and for as long as the process lives, and ships them. */
export class Adopter {
  readonly #options: AdopterOptions;
  readonly #watching: Disposable;
  readonly #giveUp = new AbortController();
  readonly #heard = new Map<string, { readonly beat: number | null; readonly at_us: number }>();
  #round: Promise<void>;
  #countedAt_us = Number.NEGATIVE_INFINITY;

  constructor(options: AdopterOptions) {
    this.#options = options;
    this.#round = this.#look().catch(options.onError);
    // The first may last for long, and two at once would open the same journal.
    const round = () => {
      this.#round = this.#round.then(() => this.#look()).catch(options.onError);
      return this.#round;
    };
    this.#watching = options.clock.every(options.everyMs ?? EVERY_MS, round, options.onError);
  }

  /** Gives up what is not shipped yet. */
  async close(): Promise<void> {
    this.#watching[Symbol.dispose]();
    this.#giveUp.abort();
    await this.#round.catch(() => undefined);
  }

  /** One after the other. While the log is away the first one waits for it. */
  async #look(): Promise<void> {
    const { journals, isOwn, onError } = this.#options;
    await this.#count();
    for (const path of await listFolders(journals)) {
      if (this.#giveUp.signal.aborted) return;
      if (isOwn(path) || isSettled(path)) continue;
      try {
        await this.#consider(path);
      } catch (error) {
        onError(error);
      }
    }
  }

  /** Between adoptions, never during one: who adopts a journal here must not find it open for reading alone. */
  async #count(): Promise<void> {
    const { journals, clock, isOwn, onCounted, onError } = this.#options;
    if (clock.ticks() - this.#countedAt_us < COUNT_MS * 1_000) return;
    this.#countedAt_us = clock.ticks();
    let deadLetters = 0;
    for (const path of await listFolders(journals)) {
      if (this.#giveUp.signal.aborted) return;
      if (isOwn(path)) continue;
      try {
        deadLetters += await countDeadLetters(path);
      } catch (error) {
        // Somebody else may have shipped and removed it meanwhile.
        if (existsSync(path)) onError(error);
      }
    }
    onCounted(deadLetters);
  }

  /** The next round counts. */
  #dead(record: Pick<JournalRecord, 'topic' | 'bytes'>, why: Error): void {
    this.#countedAt_us = Number.NEGATIVE_INFINITY;
    this.#options.onDead(record, why);
  }

  async #consider(path: string): Promise<void> {
    const state = stateOf(await readOwner(path));
    if (state === 'gone') return await this.#adoptHere(path);
    const now_us = this.#options.clock.ticks();
    const beat = await lastBeat(path);
    const heard = this.#heard.get(path);
    if (heard?.beat !== beat || heard === undefined) this.#heard.set(path, { beat, at_us: now_us });
    else if (now_us - heard.at_us > (this.#options.silentMs ?? SILENT_MS) * 1_000) {
      this.#heard.delete(path);
      await this.#adoptInChild(path);
    }
  }

  async #adoptHere(path: string): Promise<void> {
    const { log, clock, random, onAdopting, onAdopted, onShipped, onError } = this.#options;
    onAdopting(path, 'its owner is gone');
    const outcome = await adopt({
      path,
      log,
      clock,
      random,
      signal: this.#giveUp.signal,
      onOpened: () => undefined,
      onShipped: (topic, records) => onShipped(topic, records.length),
      onDead: (record, why) => this.#dead(record, why),
      onError,
    });
    if (outcome === 'shipped') onAdopted(path);
  }

  /**
   * An owner that only sleeps may hold the lock of its environment, and whoever asks for that lock then stands still until
   * the owner wakes: a process that may be killed asks.
   */
  async #adoptInChild(path: string): Promise<void> {
    const { config, clock, onAdopting, onAdopted, onShipped } = this.#options;
    onAdopting(path, 'its owner is silent');
    const settings = { DATA_DIR: config.dataDir, EVENT_LOG: config.eventLogUrl ?? '' };
    const child = fork(CHILD, [path], {
      env: environmentWith(settings),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('exit', resolve);
      // No process more may be had: the next round tries again.
      child.once('error', reject);
    });
    let opened = false;
    child.on('message', (news: AdoptionNews) => {
      if ('opened' in news) opened = true;
      else if ('dead' in news) this.#dead(news.dead, new Error(news.why));
      else onShipped(news.topic, news.shipped);
    });
    const kill = () => void child.kill('SIGKILL');
    this.#giveUp.signal.addEventListener('abort', kill, { once: true });
    const late = () => void (opened || kill());
    using _late = clock.every(OPEN_MS_MAX, late, late);
    const code = await ended.finally(() => this.#giveUp.signal.removeEventListener('abort', kill));
    if (code === 0) onAdopted(path);
  }
}
