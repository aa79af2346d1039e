import type { Marks } from '../../domain/frequency/frequency.ts';
import { decodeTokenLife, encodeTokenLife, keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import type { Entry } from '../../engines/state-store/state-store.ts';
import { decodeBare } from '../../schemas/codec.ts';
import type { StoreGate } from './store-gate.ts';

/** The groups whose effects a decision counts on, and what they read. */
const groups = ['frequency', 'pacing'] as const;

/** How many partitions a viewer's requests and beacons are spread over; asked whenever the heads are read. */
export type CountPartitions = () => Promise<number>;

/**
 * How far `frequency` has applied each beacon partition, which minutes are closed, and with which stores both groups have
 * caught up, as last read. Old values hold places and money longer and can break nothing; a missing head is 0 and trusts
 * no store for the same reason.
 *
 * Partitions that are added are used once both groups have heads for all of them. Until then a store goes on being trusted
 * only if it was before they were there: one that has forgotten since must be caught up in the new ones too, because other
 * instances may have used them.
 */
export class Watermarks implements Marks {
  readonly #gate: StoreGate;
  readonly #tokenLifeMs: number;
  readonly #count: CountPartitions;
  /** All that the topics have, and how many of them are used. */
  #all: number;
  #used: number;
  /** The log has told how many there are; before that it is what was configured. */
  #counted = false;
  #keys: readonly string[] = [];
  #marks: readonly number[] = [];
  #lowest = 0;
  #closedUpTo = 0;
  #trusted: ReadonlySet<string> = new Set();
  /** The stores as they were at the last look. */
  #stores: readonly string[] = [];
  /** A single server that was followed by another: whoever still reaches it is alone with it. */
  readonly #retired = new Set<string>();
  /** Trusted when all partitions were last used. */
  #settled: ReadonlySet<string> = new Set();
  #caughtUp = true;
  #known = false;
  #lifeNoted = false;

  readonly #isKnown: (partitions: number) => boolean;

  /** `isKnown`: see Journal. */
  constructor(
    gate: StoreGate,
    partitions: number,
    count: CountPartitions,
    tokenLifeMs: number,
    isKnown: (partitions: number) => boolean = () => true,
  ) {
    this.#isKnown = isKnown;
    this.#gate = gate;
    this.#tokenLifeMs = tokenLifeMs;
    this.#count = count;
    this.#all = partitions;
    this.#used = partitions;
    this.#keys = headKeys(partitions);
  }

  /** Over how many partitions viewers are spread now. Never falls. */
  get partitions(): number {
    return this.#used;
  }

  /** Partitions that the log has and that are not used yet: some worker has not taken them. */
  get waiting(): number {
    return this.#all - this.#used;
  }

  /** Epoch ms. */
  of(partition: number): number {
    return this.#marks[partition] ?? 0;
  }

  get lowest(): number {
    return this.#lowest;
  }

  /** The epoch minute up to which money is closed for every campaign. */
  get closedUpTo(): number {
    return this.#closedUpTo;
  }

  /** Every partition of the log, used or not. */
  get all(): number {
    return this.#all;
  }

  /** The ids of all shards, as last read. */
  get stores(): readonly string[] {
    return this.#stores;
  }

  /** Every head says that what this store holds is complete, and our journal says that we use it. */
  trusts(store: string): boolean {
    return this.#trusted.has(store) && this.#isKnown(this.#used);
  }

  /** At least one store may be trusted. */
  get trustsAny(): boolean {
    return this.#trusted.size > 0 && this.#isKnown(this.#used);
  }

  /** False while a store that forgot is being brought up again, no worker has said anything yet, or nobody knows our tokens' life. */
  get caughtUp(): boolean {
    return this.#caughtUp && this.#lifeNoted;
  }

  /** They were read at least once. */
  get known(): boolean {
    return this.#known;
  }

  /** Rejects with EngineError when the store is away; then the last values stand. */
  async refresh(): Promise<void> {
    await this.#recount();
    const [stores, [life, ...entries]] = await Promise.all([
      this.#gate.stores(),
      this.#gate.probe([keys.tokenLife, ...this.#keys]),
    ]);
    this.#meet(stores);
    const heads = entries.slice(0, -1).map(readHead);
    this.#marks = heads.slice(0, this.#all).map((head) => head.watermark);
    this.#lowest = this.#marks.reduce((lowest, mark) => Math.min(lowest, mark), Number.MAX_SAFE_INTEGER);
    this.#trust(heads, entries);
    const closed = entries.at(-1)?.bytes;
    this.#closedUpTo = closed && closed.length >= 8 ? Number(closed.readBigInt64BE(0)) : 0;
    this.#known = true;
    this.#lifeNoted = decodeTokenLife(life?.bytes) >= this.#tokenLifeMs;
    if (life && !this.#lifeNoted) this.#lifeNoted = await this.#noteLife(life);
  }

  #meet(stores: readonly string[]): void {
    const [before, now] = [this.#stores, stores];
    if (before.length === 1 && now.length === 1 && before[0] !== now[0]) this.#retired.add(before[0] ?? '');
    this.#stores = stores;
  }

  /** The log away: as many as were known. */
  async #recount(): Promise<void> {
    const count = await this.#count().catch(() => 0);
    if (count > 0) this.#counted = true;
    if (count <= this.#all) return;
    this.#all = count;
    this.#keys = headKeys(count);
  }

  #trust(heads: readonly Head[], entries: readonly Entry[]): void {
    const everywhere = namedByAll(heads);
    const isCaughtUp = entries.every(({ store }) => everywhere.has(store));
    if (isCaughtUp) this.#used = this.#all;
    if (this.#used === this.#all) {
      this.#trusted = everywhere;
      if (this.#counted) this.#settled = everywhere;
    } else {
      // The order of headKeys: per group and topic, by partition.
      const used = namedByAll(heads.filter((_, at) => at % this.#all < this.#used));
      this.#trusted = everywhere.union(used.intersection(this.#settled));
    }
    this.#trusted = new Set([...this.#trusted].filter((id) => this.#stores.includes(id) && !this.#retired.has(id)));
    this.#caughtUp = entries.every(({ store }) => this.#trusted.has(store));
  }

  /** Workers must not close a minute before its tokens have run out, whatever life they themselves are set to. */
  async #noteLife(entry: Entry): Promise<boolean> {
    const swapped = await this.#gate.swap(keys.tokenLife, entry, encodeTokenLife(this.#tokenLifeMs), MONEY_KEPT_MS);
    return swapped.ok;
  }
}

interface Head {
  readonly watermark: number;
  readonly caughtUp: readonly string[];
}

/** The beacon heads of `frequency` come first: their watermarks are asked for by partition. The closed minute is last. */
function headKeys(partitions: number): readonly string[] {
  const heads = (group: string, topic: string) =>
    Array.from({ length: partitions }, (_, partition) => keys.head(group, topic, partition));
  return [...groups.flatMap((group) => [...heads(group, 'ad-beacons'), ...heads(group, 'ad-requests')]), keys.closed];
}

function namedByAll([first, ...others]: readonly Head[]): ReadonlySet<string> {
  const ids = first?.caughtUp ?? [];
  return new Set(ids.filter((id) => others.every(({ caughtUp }) => caughtUp.includes(id))));
}

function readHead(entry: Entry): Head {
  if (!entry.bytes) return { watermark: 0, caughtUp: [] };
  const head = decodeBare('head-record', entry.bytes);
  return { watermark: head.watermark, caughtUp: head.caught_up };
}
