/** What a key holds now. */
export interface Entry {
  /** 0 when absent. Never the same twice for one key, also after it expired and came back. */
  readonly version: number;
  readonly bytes: Buffer | null;
  /** The id of the store (shard) that answered; changes when the store may have forgotten acknowledged writes. */
  readonly store: string;
}

/** `ok`: the entry is the new one. Not `ok`: nothing was written, the entry is what is there. */
export interface Swapped {
  readonly ok: boolean;
  readonly entry: Entry;
}

/**
 * Versioned records, and claims. What a record means is `domain/`'s business.
 *
 * Every method rejects with EngineError `unavailable`, `timeout` or `full` when the store cannot answer; a `swap` that
 * timed out may have happened, so its caller reads again.
 */
export interface StateStore {
  /** In the order of the keys. An expired key is absent. */
  read(keys: readonly string[]): Promise<readonly Entry[]>;
  /** `bytes` are the store's from then on: nobody changes them. Writes if the key still has `seen.version` in the store `seen.store`. `expiresInMs` counts from now and is only a broom. */
  swap(key: string, seen: Entry, bytes: Buffer, expiresInMs: number): Promise<Swapped>;
  /**
   * Set-if-absent in a bucket: ids[i] gets offsets[i] unless it has one. Answers the offsets that hold, in order: equal to
   * the own one means first (also when repeated). A bucket expires `expiresInMs` after its last claim. Where `stores` are
   * named, a store with none of their ids claims nothing: EngineError `store_lost_writes`.
   */
  claim(
    bucket: string,
    ids: readonly string[],
    offsets: readonly number[],
    expiresInMs: number,
    stores?: readonly string[],
  ): Promise<readonly number[]>;
  /** Forgets a bucket; absent is fine. Does not block others while a large one goes. */
  drop(bucket: string): Promise<void>;
  /** The ids of all shards now, one of a store without shards. */
  stores(): Promise<readonly string[]>;
  /** Idempotent. */
  close(): Promise<void>;
}
