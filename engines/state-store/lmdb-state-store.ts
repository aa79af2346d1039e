import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { LmdbEnvironment } from '../lmdb/environment.ts';
import { ClaimStore } from './claim-store.ts';
import { RecordStore } from './record-store.ts';
import type { StateStore } from './state-store.ts';
import { storeId } from './store-id.ts';
import { whole } from './whole.ts';

export interface LmdbStateStoreOptions {
  /** A folder; made if absent. Any number of processes of one machine may open it. */
  readonly path: string;
  readonly clock: Clock;
  /** As in EnvironmentOptions. Default true. */
  readonly flush?: boolean;
  /** As in EnvironmentOptions. Default false. */
  readonly inline?: boolean;
  /** Hears of failures in the background. Default: a process warning. */
  readonly onError?: (error: unknown) => void;
}

const BROOM_BEAT_MS = 10_000;
const BROOM_LOOK = 2_000;
const DROP_CHUNK = 1_000;

/**
 * The embedded state store: one LMDB folder shared by processes of one machine. Layout: record-store.ts, claim-store.ts.
 *
 * Writes resolve once committed and flushed (about 1 ms alone; concurrent ones share a commit) and survive the death of
 * this process. What a disk does to flushed writes in a crash is not ours to know: the store's id changes with every boot.
 */
export function openLmdbStateStore(options: LmdbStateStoreOptions): StateStore {
  const { path, clock, flush = true, inline = false } = options;
  const onError = options.onError ?? ((error: unknown) => process.emitWarning(error as Error));
  const environment = new LmdbEnvironment({ path, clock, flush, inline, onError });
  const id = storeId(environment);
  const records = new RecordStore(environment, id);
  const claims = new ClaimStore(environment);
  const broom = startBroom(environment, records, claims, { clock, onError });
  let closing: Promise<void> | null = null;

  return {
    async read(keys) {
      environment.refresh();
      const now = clock.now();
      return keys.map((key) => records.read(key, now));
    },
    async swap(key, seen, bytes, life) {
      const expiresInMs = whole('a life', Math.round(life));
      return environment.write(() => records.swapInTransaction(key, seen, { bytes, expiresInMs }, clock.now()));
    },
    async claim(bucket, ids, offsets, life, stores = [id]) {
      if (!stores.includes(id))
        throw new EngineError('store_lost_writes', `claims were meant for another store than ${id}`);
      const expiresInMs = whole('a life', Math.round(life));
      const wanted = ids.map((id, at) => ({ id, offset: whole('an offset', offsets[at]) }));
      return environment.write(() => claims.claimInTransaction(bucket, wanted, { nowMs: clock.now(), expiresInMs }));
    },
    async drop(bucket) {
      while (!(await environment.write(() => claims.dropSomeInTransaction(bucket, DROP_CHUNK))));
    },
    async stores() {
      environment.refresh();
      return [id];
    },
    close() {
      closing ??= broom.stop().then(() => environment.close());
      return closing;
    },
  };
}

/** Removes what has expired, a little at each beat, so that nobody waits for it. */
function startBroom(
  environment: LmdbEnvironment,
  records: RecordStore,
  claims: ClaimStore,
  { clock, onError }: { readonly clock: Clock; readonly onError: (error: unknown) => void },
): { stop(): Promise<void> } {
  let from = '';
  const sweep = async () => {
    environment.refresh();
    const now = clock.now();
    const { keys, next } = records.expired(from, BROOM_LOOK, now);
    from = next ?? '';
    if (keys.length > 0) await environment.write(() => records.removeExpiredInTransaction(keys, now));
    for (const bucket of claims.expired(now)) {
      const dropSome = () => claims.dropSomeIfExpiredInTransaction(bucket, DROP_CHUNK, now);
      while (!(await environment.write(dropSome)));
    }
  };
  let sweeping: Promise<void> = Promise.resolve();
  const beat = clock.every(BROOM_BEAT_MS, () => (sweeping = sweep()), onError);
  return {
    async stop() {
      beat[Symbol.dispose]();
      await Promise.allSettled([sweeping]);
    },
  };
}
