import type { RangeOptions } from 'lmdb';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import type { OutRecord } from '../event-log/event-log.ts';
import { checkKey, freeBytes, LmdbEnvironment, type StoredTable } from '../lmdb/environment.ts';

/** A record that waits to be shipped. Numbers grow by one in the order of the commits, over all topics. */
export interface JournalRecord extends OutRecord {
  readonly topic: string;
  readonly number: number;
  /** When it was put, epoch ms. */
  readonly putAt: number;
  /** Of key and value. */
  readonly bytes: number;
}

export interface JournalCounts {
  readonly records: number;
  /** Of keys and values. */
  readonly bytes: number;
  readonly deadLetters: number;
  /** Epoch ms; null: none waits. */
  readonly oldestPutAt: number | null;
}

export interface JournalStoreOptions {
  /** A folder that exists; the environment is the journal's alone. */
  readonly path: string;
  readonly clock: Clock;
  /** No record is taken that would make it hold more. */
  readonly bytesMax: number;
  /** No record is taken while the disk has less than this left: removing what was shipped needs room too. */
  readonly diskFreeBytesMin: number;
  readonly onError: (error: unknown) => void;
}

/** Larger records are refused. */
export const RECORD_BYTES_MAX = 256 * 1024;
const BATCH_RECORDS_MAX = 500;
/** With the largest record on top it stays below what a broker takes by default (1 MiB). */
const BATCH_BYTES_MAX = 512 * 1024;
const HEADER_BYTES = 14;
const CHECK_MS = 1_000;

/**
 * A queue of records on disk that belongs to one owner at a time. Opening raises the epoch, so that the owner before is
 * refused from then on: every write compares the epoch in its own transaction.
 *
 * `records`: [topic, number] -> 8 bytes put at (epoch ms) | 4 bytes partition | 2 bytes key length | key | value.
 * `dead`: the same. `owner`: 'epoch' -> 8 bytes. Numbers are big endian.
 */
export class JournalStore {
  readonly epoch: number;
  readonly #options: JournalStoreOptions;
  readonly #environment: LmdbEnvironment;
  readonly #records: StoredTable;
  readonly #dead: StoredTable;
  readonly #owner: StoredTable;
  readonly #checking: Disposable;
  #next: number;
  #waiting = { records: 0, bytes: 0 };
  #deadLetters: number;
  #diskFull = false;
  #doubtful = false;

  /** EngineError `full` or `unavailable`. Waits for a former owner that is inside a transaction: not for one that sleeps. */
  constructor(options: JournalStoreOptions) {
    const { path, clock, onError } = options;
    this.#options = options;
    if (freeBytes(path) < options.diskFreeBytesMin) throw new EngineError('full', `the disk of ${path}`);
    this.#environment = new LmdbEnvironment({ path, clock, flush: true, inline: false, onError });
    this.#records = this.#environment.table('records');
    this.#dead = this.#environment.table('dead');
    this.#owner = this.#environment.table('owner');
    this.epoch = this.#environment.writeSync(() => {
      const epoch = this.#storedEpoch() + 1;
      this.#owner.put('epoch', encodeNumber(epoch));
      return epoch;
    });
    this.#next = this.#recount();
    this.#deadLetters = this.#dead.getCount();
    this.#checking = clock.every(CHECK_MS, () => this.#check(), onError);
  }

  /** The topics with waiting records. */
  topics(): readonly string[] {
    const topics: string[] = [];
    this.#environment.refresh();
    for (let range: RangeOptions = { limit: 1 }; ; ) {
      const [key] = this.#records.getKeys(range);
      if (!Array.isArray(key)) return topics;
      const topic = String(key[0]);
      topics.push(topic);
      range = { start: [topic, Number.MAX_SAFE_INTEGER], limit: 1 };
    }
  }

  /** 0 to 1: how much of its bound is used; 1 while the disk has no room. */
  get used(): number {
    return this.#diskFull ? 1 : this.#waiting.bytes / this.#options.bytesMax;
  }

  counts(): JournalCounts {
    return { ...this.#waiting, deadLetters: this.#deadLetters, oldestPutAt: this.#oldest() };
  }

  /**
   * Resolves to the number of the last record once all are committed and flushed to disk. Rejects with EngineError
   * `full`, `refused` (too large), `lease_lost` (somebody else owns the journal: nothing was written), `unavailable`,
   * or `timeout` (they may be there or not).
   */
  async put(topic: string, records: readonly OutRecord[]): Promise<number> {
    const bytes = sum(records, sizeOf);
    for (const { key, value } of records) {
      checkKey(key);
      if (value.length > RECORD_BYTES_MAX) throw new EngineError('refused', `a record of ${value.length} bytes`);
    }
    if (this.#diskFull) throw new EngineError('full', `the disk of ${this.#options.path}`);
    if (this.#waiting.bytes + bytes > this.#options.bytesMax) throw new EngineError('full', 'the journal');
    // Counted before it is there: what is asked for at once must not pass the bound together.
    this.#count(records.length, bytes);
    const putAt = this.#options.clock.now();
    try {
      return await this.#write(() => {
        for (const record of records) this.#records.put([topic, this.#next++], encodeRecord(record, putAt));
        return this.#next - 1;
      });
    } catch (error) {
      // After a time-out they may still come: counted again when that is over.
      if (error instanceof EngineError && error.code === 'timeout') this.#doubtful = true;
      else this.#count(-records.length, -bytes);
      throw error;
    }
  }

  /** The oldest waiting records of a topic beyond `after`, in order: at most 500 and about 512 KiB, but always one. */
  next(topic: string, after = -1): JournalRecord[] {
    this.#environment.refresh();
    const batch: JournalRecord[] = [];
    let bytes = 0;
    const range = { start: [topic, after + 1], end: [topic, Number.MAX_SAFE_INTEGER], limit: BATCH_RECORDS_MAX };
    for (const { key, value } of this.#records.getRange(range)) {
      bytes += value.length;
      if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break;
      batch.push(decodeRecord(key as [string, number], value));
    }
    return batch;
  }

  /** Forgets what was shipped. Rejects with EngineError like `put`. */
  async remove(records: readonly Pick<JournalRecord, 'topic' | 'number' | 'bytes'>[]): Promise<void> {
    await this.#write(() => {
      for (const { topic, number } of records) this.#records.remove([topic, number]);
    });
    this.#count(-records.length, -sum(records, ({ bytes }) => bytes));
  }

  /** Puts aside what the log refuses for good, so that it blocks nobody. */
  async bury(record: JournalRecord): Promise<void> {
    const { topic, number, putAt } = record;
    await this.#write(() => {
      this.#records.remove([topic, number]);
      this.#dead.put([topic, number], encodeRecord(record, putAt));
    });
    this.#count(-1, -record.bytes);
    this.#deadLetters++;
  }

  /** Dead letters wait to be shipped again, where they stood; answers how many. */
  async revive(): Promise<number> {
    const revived = await this.#write(() => {
      const dead = [...this.#dead.getRange({})].map(({ key, value }) => ({ key, value: Buffer.from(value) }));
      for (const { key, value } of dead) {
        this.#dead.remove(key);
        this.#records.put(key, value);
      }
      return dead;
    });
    this.#count(
      revived.length,
      sum(revived, ({ value }) => value.length - HEADER_BYTES),
    );
    this.#deadLetters -= revived.length;
    return revived.length;
  }

  /** Rejects with EngineError `lease_lost` if somebody else owns it by now. */
  async confirm(): Promise<void> {
    await this.#write(() => undefined);
  }

  /** Commits what is on its way. Idempotent. */
  async close(): Promise<void> {
    this.#checking[Symbol.dispose]();
    await this.#environment.close();
  }

  #write<T>(action: () => T): Promise<T> {
    return this.#environment.write(() => {
      const now = this.#storedEpoch();
      if (now !== this.epoch)
        throw new EngineError('lease_lost', `the journal at epoch ${now}, ours was ${this.epoch}`);
      return action();
    });
  }

  #storedEpoch(): number {
    return decodeNumber(this.#owner.get('epoch'));
  }

  #check(): void {
    const { path, diskFreeBytesMin } = this.#options;
    this.#diskFull = freeBytes(path) < diskFreeBytesMin;
    if (this.#doubtful) this.#recount();
    this.#doubtful = false;
  }

  #count(records: number, bytes: number): void {
    this.#waiting.records = Math.max(0, this.#waiting.records + records);
    this.#waiting.bytes = Math.max(0, this.#waiting.bytes + bytes);
  }

  /** Counts what is there; answers the number after the highest. */
  #recount(): number {
    this.#environment.refresh();
    const found = { records: 0, bytes: 0 };
    let next = 0;
    for (const { key, value } of this.#records.getRange({})) {
      found.records++;
      found.bytes += value.length - HEADER_BYTES;
      next = Math.max(next, (key as [string, number])[1] + 1);
    }
    for (const key of this.#dead.getKeys()) next = Math.max(next, (key as [string, number])[1] + 1);
    this.#waiting = found;
    return next;
  }

  #oldest(): number | null {
    if (this.#waiting.records <= 0) return null;
    const firsts = this.topics().flatMap((topic) => [...this.#records.getRange({ start: [topic, 0], limit: 1 })]);
    const times = firsts.map(({ value }) => decodeNumber(value));
    return times.length === 0 ? null : Math.min(...times);
  }
}

function sizeOf({ key, value }: OutRecord): number {
  return Buffer.byteLength(key) + value.length;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function encodeRecord({ partition, key, value }: OutRecord, putAt: number): Buffer {
  const text = Buffer.from(key);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64BE(BigInt(putAt), 0);
  header.writeUInt32BE(partition, 8);
  header.writeUInt16BE(text.length, 12);
  return Buffer.concat([header, text, value]);
}

/** `bytes` belongs to the transaction: what is handed out is a copy. */
export function decodeRecord([topic, number]: [string, number], bytes: Buffer): JournalRecord {
  const keyEnds = HEADER_BYTES + bytes.readUInt16BE(12);
  return {
    topic,
    number,
    putAt: Number(bytes.readBigUInt64BE(0)),
    bytes: bytes.length - HEADER_BYTES,
    partition: bytes.readUInt32BE(8),
    key: bytes.subarray(HEADER_BYTES, keyEnds).toString(),
    value: Buffer.from(bytes.subarray(keyEnds)),
  };
}

function encodeNumber(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}

function decodeNumber(bytes: Buffer | undefined): number {
  return bytes ? Number(bytes.readBigUInt64BE(0)) : 0;
}
