import type { Marks } from '../domain/frequency/frequency.ts';
import { decodeTokenLife, encodeTokenLife, keys, MONEY_KEPT_MS } from '../engines/state-store/keys.ts';
import type { Entry } from '../engines/state-store/state-store.ts';
import { decodeBare } from '../schemas/codec.ts';
import type { StoreGate } from './store-gate.ts';

/**
 * How far `frequency` has applied each beacon partition and which minutes are closed, as last read. Old values hold
 * places and money longer and can break nothing; a missing head is 0 for the same reason.
 */
export class Watermarks implements Marks {
  readonly #gate: StoreGate;
  readonly #keys: readonly string[];
  readonly #tokenLifeMs: number;
  #marks: readonly number[];
  #lowest = 0;
  #closedUpTo = 0;
  #caughtUp = true;
  #known = false;
  #lifeNoted = false;

  constructor(gate: StoreGate, partitions: number, tokenLifeMs: number) {
    this.#gate = gate;
    this.#tokenLifeMs = tokenLifeMs;
    const heads = Array.from({ length: partitions }, (_, partition) => keys.head('frequency', 'ad-beacons', partition));
    this.#keys = [...heads, keys.closed];
    this.#marks = heads.map(() => 0);
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

  /** False while a store that forgot acknowledged writes is being brought up again, or nobody there knows our tokens' life. */
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
    this.#marks = heads.map((head) => head.watermark);
    this.#lowest = this.#marks.reduce((lowest, mark) => Math.min(lowest, mark), Number.MAX_SAFE_INTEGER);
    this.#caughtUp = heads.every((head) => head.caughtUp);
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

function readHead(entry: Entry): { readonly watermark: number; readonly caughtUp: boolean } {
  if (!entry.bytes) return { watermark: 0, caughtUp: true };
  const head = decodeBare('head-record', entry.bytes);
  return { watermark: head.watermark, caughtUp: head.caught_up.length === 0 || head.caught_up.includes(entry.store) };
}
