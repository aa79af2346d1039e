import { mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Catalog } from '../../engines/catalog/catalog.ts';
import type { Clock } from '../../engines/clock.ts';
import type { EventLog, LogRecord, Subscription } from '../../engines/event-log/event-log.ts';
import type { Random } from '../../engines/random.ts';
import { decodeOf, UndecodableError } from '../../schemas/codec.ts';
import { isAway, whileMoving } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { CatalogCache } from './catalog-cache.ts';
import { type FoundCatalog, keepCatalog, readKeptCatalog, touchCatalog } from './catalog-file.ts';
import type { Signals } from './signals.ts';

export interface FeedParts {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly cache: CatalogCache;
  readonly signals: Signals;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Told after records were taken. */
  readonly changed: () => void;
}

const topics = ['catalog-changes', 'campaign-signals'] as const;
type FeedTopic = (typeof topics)[number];

/**
 * Keeps catalog and signals in memory: notes the ends of both topics, loads the catalog (Postgres, else the last snapshot
 * on disk), then follows the topics in a group of its own from those positions.
 */
export class Feed {
  readonly #parts: FeedParts;
  readonly #positions = new Map<FeedTopic, number[]>();
  readonly #goals = new Map<FeedTopic, readonly number[]>();
  #subscription: Subscription | null = null;
  #loaded: 'no' | 'catalog' | 'disk' = 'no';
  #keptChanges = -1;
  #keeping = Promise.resolve();
  #refreshing: Promise<void> | null = null;
  /** Until these ticks no change is written: a long catalog that changes all the time would be written all the time. */
  #keepFrom = 0;
  /** When Postgres last answered, epoch ms. */
  #heardAt = 0;
  #away = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Postgres, or a snapshot of it, was read. */
  get loaded(): 'no' | 'catalog' | 'disk' {
    return this.#loaded;
  }

  /** Postgres did not answer when it was last asked. */
  get away(): boolean {
    return this.#away;
  }

  get following(): boolean {
    return this.#subscription !== null;
  }

  /** Past the ends that were noted at the beginning. */
  get caughtUp(): boolean {
    return topics.every((topic) => {
      const positions = this.#positions.get(topic) ?? [];
      return (this.#goals.get(topic) ?? []).every((goal, partition) => (positions[partition] ?? 0) >= goal);
    });
  }

  /** Postgres has been silent too long for money to be spent on what was last known. */
  stale(now: number): boolean {
    return now - this.#heardAt > limits.catalogStaleMs;
  }

  async start(): Promise<void> {
    mkdirSync(this.#parts.dataDir, { recursive: true });
    await this.refresh();
  }

  /** Reads the catalog again, so that changes arrive also while the log is away; and tries what did not work before. One at a time. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    if (!this.#subscription) await this.#noteEnds();
    await this.#load();
    if (!this.#subscription) await this.#follow();
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
  }

  /** Keeps what is held on disk, if it changed. A disk that takes nothing is complained of, and serving goes on. */
  keep(): Promise<void> {
    this.#keeping = this.#keeping.then(() => this.#keep());
    return this.#keeping;
  }

  async #keep(): Promise<void> {
    const { cache, clock, dataDir } = this.#parts;
    if (this.#loaded === 'no') return;
    const { changes } = cache;
    const positions = [...(this.#positions.get('catalog-changes') ?? [])];
    try {
      if (changes === this.#keptChanges && (await touchCatalog(dataDir, this.#heardAt))) return;
      if (clock.ticks() < this.#keepFrom) return;
      const { campaigns, pods, experiments, contentCategories } = cache;
      const callers = { playerKeys: [...cache.playerKeys.values()], advertisers: [...cache.advertisers.values()] };
      const kept = { campaigns, pods, experiments, contentCategories, ...callers, positions };
      await this.#timed(() => keepCatalog(dataDir, kept, this.#heardAt));
      this.#keptChanges = changes;
    } catch (error) {
      this.#complain(error, 'the catalog could not be kept on disk');
    }
  }

  /** Also of a write that failed: on a disk that is full it would fail again. */
  async #timed(write: () => Promise<void>): Promise<void> {
    const { clock } = this.#parts;
    const began = clock.ticks();
    try {
      await write();
    } finally {
      const tookMs = (clock.ticks() - began) / 1_000;
      const waitMs = tookMs < limits.keepQuickMs ? 0 : Math.min(limits.keepWaitMs, tookMs * limits.keepShare);
      this.#keepFrom = clock.ticks() + waitMs * 1_000;
    }
  }

  async #noteEnds(): Promise<void> {
    try {
      for (const topic of topics) {
        const ends = await this.#parts.log.ends(topic);
        this.#goals.set(topic, ends);
      }
    } catch (error) {
      this.#complain(error, 'the event log does not answer; what is known serves on');
    }
  }

  async #load(): Promise<void> {
    const { cache, catalog, clock } = this.#parts;
    const askedAt = clock.now();
    try {
      // As it is now: what comes through the log meanwhile is newer than the snapshot, and not gone.
      const held = cache.held();
      const read = (moved: () => void) => catalog.snapshot({ held: held.campaigns, moved });
      cache.load(await whileMoving(clock, limits.catalogMs, 'a snapshot of the catalog', read), held);
      this.#heardAt = askedAt;
      this.#heard(true);
      this.#loaded = 'catalog';
      // Whatever was in the topic before the snapshot was asked for is in the snapshot.
      const ends = this.#goals.get('catalog-changes');
      if (ends && !this.#subscription) this.#positions.set('catalog-changes', [...ends]);
    } catch (error) {
      this.#heard(false);
      this.#complain(error, 'the catalog does not answer; what is known serves on');
      if (this.#loaded === 'no') await this.#loadFromDisk();
    }
    await this.keep();
  }

  #heard(answered: boolean): void {
    this.#away = !answered;
    this.#parts.metrics.breakerOpen.set({ engine: 'catalog' }, answered ? 0 : 1);
  }

  /** Changes since the snapshot was kept are read from the log, from the offsets kept with it. */
  async #loadFromDisk(): Promise<void> {
    const found = await this.#readKept();
    if (!found) return;
    this.#parts.cache.load(found.kept);
    if (found.current) this.#keptChanges = this.#parts.cache.changes;
    this.#heardAt = found.heardAt;
    this.#loaded = 'disk';
    this.#positions.set('catalog-changes', [...found.kept.positions]);
  }

  /** One that cannot be read is as good as none. */
  async #readKept(): Promise<FoundCatalog | null> {
    try {
      return await readKeptCatalog(this.#parts.dataDir);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#complain(error, 'the kept catalog cannot be read');
      return null;
    }
  }

  async #follow(): Promise<void> {
    const ends = this.#goals.get('catalog-changes');
    if (!ends || this.#goals.size < topics.length) return;
    // Not known how far what is held goes: from the beginning, where the newest version of a document wins all the same.
    const held = this.#positions.get('catalog-changes') ?? [];
    const begins = ends.map((end, partition) => Math.min(end, held[partition] ?? 0));
    this.#positions.set('catalog-changes', begins);
    this.#positions.set('campaign-signals', this.#beginsOfSignals());
    const group = `decision-${this.#parts.random.uuid()}`;
    try {
      this.#subscription = await this.#parts.log.subscribe(group, topics, {
        resume: async (lease) => this.#position(lease.topic, lease.partition),
        apply: async (records) => this.#take(records),
      });
    } catch (error) {
      this.#complain(error, 'the event log does not answer; what is known serves on');
    }
  }

  /** Far enough back for the newest of each campaign and kind, though others changed meanwhile. */
  #beginsOfSignals(): number[] {
    const ends = this.#goals.get('campaign-signals') ?? [];
    const kept = Math.max(
      limits.signalsBacklog,
      (limits.signalsEach * this.#parts.cache.campaigns.length) / ends.length,
    );
    return ends.map((end) => Math.max(0, end - Math.ceil(kept)));
  }

  #position(topic: string, partition: number): number {
    return this.#positions.get(topic as FeedTopic)?.[partition] ?? 0;
  }

  #take(records: readonly LogRecord[]): void {
    for (const record of records) {
      const positions = this.#positions.get(record.topic as FeedTopic);
      if (!positions) continue;
      if (record.offset >= (positions[record.partition] ?? 0)) {
        this.#takeOne(record);
        positions[record.partition] = record.offset + 1;
      }
    }
    this.#parts.changed();
  }

  #takeOne(record: LogRecord): void {
    const { cache, signals, metrics, logger } = this.#parts;
    try {
      const decoded = decodeOf(record.topic, record.value);
      if (decoded.name === 'campaign-signal') signals.apply(decoded.value, this.#isFresh(record));
      else if (decoded.name === 'catalog-change' && !cache.apply(decoded.value)) {
        metrics.undecodable.inc({ topic: record.topic });
        logger.warn({ id: decoded.value.id, offset: record.offset }, 'a catalog change holds no usable document');
      }
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      metrics.undecodable.inc({ topic: record.topic });
      logger.warn({ topic: record.topic, partition: record.partition, offset: record.offset }, error.message);
    }
  }

  /** It was not there yet when this instance noted the ends. */
  #isFresh({ topic, partition, offset }: LogRecord): boolean {
    return offset >= (this.#goals.get(topic as FeedTopic)?.[partition] ?? 0);
  }

  #complain(error: unknown, message: string): void {
    this.#parts.logger.warn({ err: error }, message);
    this.#parts.metrics.engineFailures.inc({ engine: 'feed', code: isAway(error) ? error.code : 'fault' });
    if (isAway(error) && (error.code === 'misconfigured' || error.code === 'refused')) throw error;
  }
}
