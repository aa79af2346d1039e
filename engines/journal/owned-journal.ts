import { basename } from 'node:path';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import type { EventLog, OutRecord } from '../event-log/event-log.ts';
import type { Random } from '../random.ts';
import { BEAT_MS, settle } from './adopt.ts';
import { makeFolder, removeFolder } from './folders.ts';
import { JournalStore } from './journal-store.ts';
import { markClosed } from './marks.ts';
import { beat, ownOwner, writeOwner } from './owner.ts';
import { Shipper, type ShipperOptions } from './shipper.ts';

export interface OwnedJournalOptions extends Omit<ShipperOptions, 'store'> {
  /** The folder of folders. */
  readonly journals: string;
  readonly bytesMax: number;
  readonly diskFreeBytesMin: number;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
}

/** A new journal of this process: put into, shipped from, and kept alive in the eyes of others. */
export class OwnedJournal {
  readonly path: string;
  readonly store: JournalStore;
  readonly #shipper: Shipper;
  readonly #beat: Disposable;
  readonly #log: EventLog;
  readonly #clock: Clock;

  /** EngineError `full` or `unavailable`. */
  static async open(options: OwnedJournalOptions): Promise<OwnedJournal> {
    const { journals, random, clock, bytesMax, diskFreeBytesMin, onError } = options;
    let path: string | null = null;
    try {
      path = await makeFolder(journals, random.uuid());
      const store = new JournalStore({ path, clock, bytesMax, diskFreeBytesMin, onError });
      return new OwnedJournal(path, store, options);
    } catch (error) {
      if (path !== null) await removeFolder(path).catch(onError);
      if (error instanceof EngineError) throw error;
      const code = (error as { code?: unknown }).code === 'ENOSPC' ? 'full' : 'unavailable';
      throw new EngineError(code, `a journal in ${journals}`, error);
    }
  }

  private constructor(path: string, store: JournalStore, options: OwnedJournalOptions) {
    const { clock, onError, onLost } = options;
    this.path = path;
    this.store = store;
    this.#log = options.log;
    this.#clock = clock;
    this.#shipper = new Shipper({ ...options, store });
    this.#beat = clock.every(
      BEAT_MS,
      () => this.#confirm(clock),
      (error) => {
        if (error instanceof EngineError && error.code === 'lease_lost') onLost();
        else onError(error);
      },
    );
  }

  /** The heartbeat in the file is its owner's: who slept asks first whether that is still us. */
  async #confirm(clock: Clock): Promise<void> {
    await this.store.confirm();
    await beat(this.path, new Date(clock.now()));
    // What was put too slowly for its caller came after the caller was told, and nobody else says that it is there.
    for (const topic of this.store.topics()) this.#shipper.wake(topic);
  }

  get id(): string {
    return basename(this.path);
  }

  /** As JournalStore.put; what was put is shipped as soon as the log takes it. */
  async put(topic: string, records: readonly OutRecord[]): Promise<number> {
    const number = await this.store.put(topic, records);
    this.#shipper.wake(topic);
    return number;
  }

  /** Ships what can be shipped within `ms`; the rest stays, for whoever adopts it. An empty journal is removed. */
  async close(ms: number): Promise<void> {
    const since = this.#clock.now();
    const empty = (await this.#shipper.drain(ms)) && (await this.#saidClosed(ms - (this.#clock.now() - since)));
    this.#shipper.stop();
    this.#beat[Symbol.dispose]();
    try {
      await this.store.confirm();
      if (empty) await settle(this.store, this.path);
      else await writeOwner(this.path, ownOwner(true));
    } catch (error) {
      // It is its adopter's.
      if (!(error instanceof EngineError) || error.code !== 'lease_lost') throw error;
    } finally {
      await this.store.close();
    }
  }

  /** Before anybody can take it for gone: an adopter would say the same. */
  async #saidClosed(ms: number): Promise<boolean> {
    const said = markClosed(this.#log, this.id).then(
      () => true,
      () => false,
    );
    return await Promise.race([said, this.#clock.sleep(Math.max(0, ms)).then(() => false)]);
  }

  /** It is somebody else's: leaves it as it is. */
  async abandon(): Promise<void> {
    this.#shipper.stop();
    this.#beat[Symbol.dispose]();
    await this.store.close();
  }
}
