import type { Marks } from '../domain/frequency/frequency.ts';
import { decodeTokenLife, encodeTokenLife, keys, MONEY_KEPT_MS } from '../engines/state-store/keys.ts';
import type { Entry } from '../engines/state-store/state-store.ts';
import { decodeBare } from '../schemas/codec.ts';
import type { StoreGate } from './store-gate.ts';

/** The groups whose effects a decision counts on, and what they read. */
const groups = ['frequency', 'pacing'] as const;

/**
 * How far `frequency` has applied each beacon partition, which minutes are closed, and with which stores both groups have
 * caught up, as last read. Old values hold places and money longer and can break nothing; a missing head is 0 and trusts
 * no store for the same reason.
 */
export class Watermarks implements Marks {
  readonly #gate: StoreGate;
  readonly #beacons: number;
  readonly #keys: readonly string[];
  readonly #tokenLifeMs: number;
  #marks: readonly number[];
  #lowest = 0;
  #closedUpTo = 0;
  #trusted: ReadonlySet<string> = new Set();
  #caughtUp = true;
  #known = false;
  #lifeNoted = false;

  constructor(
    gate: StoreGate,
    partitions: { readonly beacons: number; readonly requests: number },
    tokenLifeMs: number,
  ) {
    this.#gate = gate;
    this.#tokenLifeMs = tokenLifeMs;
    this.#beacons = partitions.beacons;
    const heads = (group: string, topic: string, count: number) =>
      Array.from({ length: count }, (_, partition) => keys.head(group, topic, partition));
    // The beacon heads of `frequency` come first: their watermarks are asked for by partition.
    const wanted = groups.flatMap((group) => [
      ...heads(group, 'ad-beacons', partitions.beacons),
      ...heads(group, 'ad-requests', partitions.requests),
    ]);
    this.#keys = [...wanted, keys.closed];
    this.#marks = Array.from({ length: partitions.beacons }, () => 0);
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

  /** Every head says that what this store holds is complete. */
  trusts(store: string): boolean {
    return this.#trusted.has(store);
  }

  /** At least one store may be trusted. */
  get trustsAny(): boolean {
    return this.#trusted.size > 0;
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
    const [life, ...entries] = await this.#gate.probe([keys.tokenLife, ...this.#keys]);
    const heads = entries.slice(0, -1).map(readHead);
    this.#marks = heads.slice(0, this.#beacons).map((head) => head.watermark);
    this.#lowest = this.#marks.reduce((lowest, mark) => Math.min(lowest, mark), Number.MAX_SAFE_INTEGER);
    const [first, ...others] = heads;
    const ids = (first?.caughtUp ?? []).filter((id) => others.every(({ caughtUp }) => caughtUp.includes(id)));
    this.#trusted = new Set(ids);
    this.#caughtUp = entries.every(({ store }) => this.trusts(store));
    const closed = entries.at(-1)?.bytes;
    this.#closedUpTo = closed && closed.length >= 8 ? Number(closed.readBigInt64BE(0)) : 0;
    this.#known = true;
    this.#lifeNoted = decodeTokenLife(life?.bytes) >= this.#tokenLifeMs;
    if (life && !this.#lifeNoted) this.#lifeNoted = await this.#noteLife(life);
  }

  /** Workers must not close a minute before its tokens have run out, whatever life they themselves are set to. */
  async #noteLife(entry: Entry): Promise<boolean> {
    const swapped = await this.#gate.swap(keys.tokenLife, entry, encodeTokenLife(this.#tokenLifeMs), MONEY_KEPT_MS);
    return swapped.ok;
  }
}

function readHead(entry: Entry): { readonly watermark: number; readonly caughtUp: readonly string[] } {
  if (!entry.bytes) return { watermark: 0, caughtUp: [] };
  const head = decodeBare('head-record', entry.bytes);
  return { watermark: head.watermark, caughtUp: head.caught_up };
}
