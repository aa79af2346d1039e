import type { Marks } from '../domain/frequency/frequency.ts';
import { keys } from '../engines/state-store/keys.ts';
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
  #marks: readonly number[];
  #lowest = 0;
  #closedUpTo = 0;
  #caughtUp = true;
  #known = false;

  constructor(gate: StoreGate, partitions: number) {
    this.#gate = gate;
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

  /** False while a store that forgot acknowledged writes is being brought up again. */
  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** They were read at least once. */
  get known(): boolean {
    return this.#known;
  }

  /** Rejects with EngineError when the store is away; then the last values stand. */
  async refresh(): Promise<void> {
    const entries = await this.#gate.probe(this.#keys);
    const heads = entries.slice(0, -1).map(readHead);
    this.#marks = heads.map((head) => head.watermark);
    this.#lowest = this.#marks.reduce((lowest, mark) => Math.min(lowest, mark), Number.MAX_SAFE_INTEGER);
    this.#caughtUp = heads.every((head) => head.caughtUp);
    const closed = entries.at(-1)?.bytes;
    this.#closedUpTo = closed && closed.length >= 8 ? Number(closed.readBigInt64BE(0)) : 0;
    this.#known = true;
  }
}

function readHead(entry: Entry): { readonly watermark: number; readonly caughtUp: boolean } {
  if (!entry.bytes) return { watermark: 0, caughtUp: true };
  const head = decodeBare('head-record', entry.bytes);
  return { watermark: head.watermark, caughtUp: head.caught_up.length === 0 || head.caught_up.includes(entry.store) };
}
