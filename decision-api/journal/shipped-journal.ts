import type { Logger } from 'pino';
import type { Clock } from '../../engines/clock.ts';
import type { Config } from '../../engines/config.ts';
import { EngineError } from '../../engines/errors.ts';
import type { EventLog, OutRecord } from '../../engines/event-log/event-log.ts';
import { Adopter } from '../../engines/journal/adopter.ts';
import { journalsFolder } from '../../engines/journal/folders.ts';
import { MARKED_TOPIC } from '../../engines/journal/marks.ts';
import { OwnedJournal } from '../../engines/journal/owned-journal.ts';
import type { Random } from '../../engines/random.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { Journal } from './journal.ts';
import { ShippingWaits } from './shipping-waits.ts';
import { type Stint, Stints } from './stints.ts';

export interface ShippedJournalParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Records go to a journal on this machine's disk and from there to the log. Whoever waits for a decision never waits for
 * the log; a beacon waits for it at most 250 ms. A journal that was taken away from us, because we slept, is left to its
 * adopter and another one is opened. Journals that others left behind are adopted.
 */
export class ShippedJournal implements Journal {
  readonly #parts: ShippedJournalParts;
  readonly #journals: string;
  readonly #waits: ShippingWaits;
  readonly #stints: Stints;
  readonly #beat: Disposable;
  #owned: OwnedJournal | null = null;
  #opening: Promise<OwnedJournal> | null = null;
  #adopter: Adopter | null = null;
  #away = false;
  #skewMs = 0;
  /** In journals that are not ours; what former processes left there, too. */
  #deadElsewhere = 0;
  #closing: Promise<void> | null = null;

  constructor(parts: ShippedJournalParts) {
    const { clock, logger, config } = parts;
    this.#parts = parts;
    this.#journals = journalsFolder(config.dataDir);
    this.#waits = new ShippingWaits(clock);
    this.#stints = new Stints(clock, (err) => logger.warn({ err }, 'the journal could not say that it is there'));
    this.#beat = clock.every(
      limits.journalBeatMs,
      () => this.#look(),
      (err) => logger.warn({ err }, 'the journal could not be looked at'),
    );
  }

  /** Opens a journal, if the disk has room for one, and begins to adopt. */
  async start(): Promise<this> {
    await this.#open().catch((err) => this.#parts.logger.error({ err }, 'no journal could be opened'));
    this.#adopter = this.#adopt();
    return this;
  }

  get away(): boolean {
    return this.#away;
  }

  get skewMs(): number {
    return this.#skewMs;
  }

  get full(): boolean {
    return this.#owned === null || this.#owned.store.used >= limits.journalFull;
  }

  degraded(): readonly string[] {
    const told: string[] = [];
    if (this.#away) told.push('event log: away, records wait in the journal and changes arrive by polling');
    if (this.#owned === null) told.push('journal: none could be opened, pods are empty and beacons are refused');
    else if (this.full) told.push('journal: full, beacons are refused and campaigns with budgets wait');
    const dead = this.#deadLetters();
    if (dead > 0)
      told.push(`journal: the log refused ${dead} records for good, they are kept: breakwater journal list`);
    return told;
  }

  #deadLetters(): number {
    return this.#deadElsewhere + (this.#owned?.store.counts().deadLetters ?? 0);
  }

  worthTrying(): boolean {
    return this.#owned !== null && this.#owned.store.used < 1;
  }

  enter(): Stint {
    return this.#stints.enter(this.#owned);
  }

  leave(stint: Stint): void {
    this.#stints.leave(stint);
  }

  isKnown(partitions: number): boolean {
    return this.#stints.isKnown(this.#owned, partitions);
  }

  saw(stores: readonly string[], partitions: number): void {
    if (this.#owned !== null) this.#stints.saw(stores, partitions, this.#owned);
  }

  async append(
    topic: string,
    records: readonly OutRecord[],
    kind: 'requests' | 'beacons',
    stint?: Stint,
  ): Promise<void> {
    const { metrics } = this.#parts;
    try {
      if (kind === 'beacons' && this.full) throw new EngineError('full', 'the journal');
      const { journal, number } = await (stint ? this.#putFrom(stint, topic, records) : this.#put(topic, records));
      if (kind === 'beacons' && !this.#away) await this.#waits.until(journal, topic, number);
    } catch (error) {
      const code = error instanceof EngineError ? error.code : 'fault';
      metrics.engineFailures.inc({ engine: 'journal', code });
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#beat[Symbol.dispose]();
    const owned = this.#owned ?? (await this.#opening?.catch(() => null));
    await Promise.all([this.#adopter?.close(), owned?.close(limits.journalDrainMs)]);
  }

  /** A refused owner was taken for dead: what it wrote before is in its adopter's hands, what was refused goes to a new journal. */
  async #put(topic: string, records: readonly OutRecord[]): Promise<{ journal: OwnedJournal; number: number }> {
    const journal = this.#owned ?? (await this.#open());
    try {
      return { journal, number: await journal.put(topic, records) };
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'lease_lost') throw error;
      this.#leave(journal);
      const next = this.#owned ?? (await this.#open());
      return { journal: next, number: await next.put(topic, records) };
    }
  }

  /** A decision goes into the journal that it began with: its readers are waited for, the next journal's may not know of it yet. */
  async #putFrom({ journal: id }: Stint, topic: string, records: readonly OutRecord[]) {
    const journal = this.#owned;
    if (journal === null || journal.id !== id)
      throw new EngineError('lease_lost', `the journal ${id} is not ours any more`);
    try {
      return { journal, number: await journal.put(topic, records) };
    } catch (error) {
      if (error instanceof EngineError && error.code === 'lease_lost') this.#leave(journal);
      throw error;
    }
  }

  #leave(journal: OwnedJournal): void {
    if (this.#owned !== journal) return;
    this.#owned = null;
    // The next one finds out by itself.
    if (this.#away) this.#breaker(null);
    this.#parts.logger.warn({ journal: journal.id }, 'the journal was adopted by somebody else; a new one is opened');
    this.#waits.release();
    journal.abandon().catch((err) => this.#parts.logger.warn({ err }, 'the former journal did not close'));
    if (!this.#closing) this.#open().catch((err) => this.#parts.logger.error({ err }, 'no journal could be opened'));
  }

  #open(): Promise<OwnedJournal> {
    this.#opening ??= this.#openNew().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openNew(): Promise<OwnedJournal> {
    const { config, clock, random, log, logger, metrics } = this.#parts;
    let opened: OwnedJournal | null = null;
    opened = await OwnedJournal.open({
      journals: this.#journals,
      bytesMax: config.journalBytes,
      diskFreeBytesMin: config.journalDiskFreeBytes,
      clock,
      random,
      log,
      onShipped: (topic, records, skewMs) => {
        metrics.journalShipped.inc({ topic }, records.length);
        const number = records.at(-1)?.number ?? 0;
        if (opened) this.#waits.done(opened, topic, number);
        if (opened && topic === MARKED_TOPIC) this.#stints.shipped(opened, number);
        if (skewMs !== null) this.#skewMs = skewMs;
      },
      onDead: ({ topic, bytes }, err) => logger.error({ err, topic, bytes }, 'the log refuses a record for good'),
      onLost: () => opened && this.#leave(opened),
      // One that was left may still hear of its last try.
      onBreaker: (why) => (opened === null || opened === this.#owned) && this.#breaker(why),
      onError: (err) => logger.warn({ err, journal: opened?.id }, 'the journal'),
    });
    this.#owned = opened;
    return opened;
  }

  #breaker(why: unknown): void {
    const { metrics, logger } = this.#parts;
    this.#away = why !== null;
    metrics.breakerOpen.set({ engine: 'event_log' }, this.#away ? 1 : 0);
    if (!this.#away) {
      logger.info('the event log answers again');
      return;
    }
    const code = why instanceof EngineError ? why.code : 'fault';
    metrics.engineFailures.inc({ engine: 'event_log', code });
    logger.warn({ err: why }, 'the event log does not answer; records wait in the journal');
    this.#waits.release();
  }

  /** A journal that could not be opened is tried again; its figures are told. */
  async #look(): Promise<void> {
    const { metrics, clock } = this.#parts;
    metrics.journalDeadLetters.set(this.#deadLetters());
    if (this.#owned === null && !this.#closing) await this.#open();
    if (this.#owned === null) return;
    const { records, bytes, oldestPutAt } = this.#owned.store.counts();
    metrics.journalRecords.set(records);
    metrics.journalBytes.set(bytes);
    metrics.journalOldest.set(oldestPutAt === null ? 0 : Math.max(0, clock.now() - oldestPutAt) / 1000);
    metrics.journalFull.set(this.full ? 1 : 0);
  }

  #adopt(): Adopter {
    const { config, log, clock, random, logger, metrics } = this.#parts;
    return new Adopter({
      journals: this.#journals,
      config,
      log,
      clock,
      random,
      isOwn: (path) => path === this.#owned?.path,
      onAdopting: (path, why) => logger.info({ path, why }, 'adopting a journal'),
      onShipped: (topic, records) => metrics.journalAdopted.inc({ topic }, records),
      onAdopted: (path) => {
        metrics.journalsAdopted.inc();
        logger.info({ path }, 'adopted a journal: all of it is in the log');
      },
      onDead: ({ topic, bytes }, err) => logger.error({ err, topic, bytes }, 'the log refuses a record for good'),
      onCounted: (deadLetters) => {
        this.#deadElsewhere = deadLetters;
        metrics.journalDeadLetters.set(this.#deadLetters());
      },
      onError: (err) => logger.warn({ err }, 'a journal could not be adopted or counted yet'),
    });
  }
}
