import type { Clock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import type { Entry, StateStore, Swapped } from '../../engines/state-store/state-store.ts';
import { within } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';

/** Why a record could not be changed, where it was not its own content. */
export type StoreRefusal = 'contended' | 'store_catching_up' | 'store_unavailable';

export function storeRefusal(error: EngineError): StoreRefusal {
  if (error.code === 'conflict') return 'contended';
  return error.code === 'store_lost_writes' ? 'store_catching_up' : 'store_unavailable';
}

/**
 * The state store with a deadline on every call and a breaker: after one failure nothing is asked until a probe is
 * answered, so that a store that is away costs no decision its deadline.
 */
export class StoreGate {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  #away = false;

  constructor(store: StateStore, clock: Clock, metrics: Metrics) {
    this.#store = store;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  get away(): boolean {
    return this.#away;
  }

  /** In the order of the keys. Rejects with EngineError. */
  read(keys: readonly string[]): Promise<readonly Entry[]> {
    return this.#ask('a read', () => this.#store.read(keys));
  }

  /** Rejects with EngineError; after `timeout` it may have happened. */
  swap(key: string, seen: Entry, bytes: Buffer, expiresInMs: number): Promise<Swapped> {
    return this.#ask('a swap', () => this.#store.swap(key, seen, bytes, expiresInMs));
  }

  /** A read that is tried also while the breaker is open; its success closes it. */
  async probe(keys: readonly string[]): Promise<readonly Entry[]> {
    const entries = await this.#call('a probe', () => this.#store.read(keys));
    this.#open(false);
    return entries;
  }

  /** The ids of all shards now. Rejects with EngineError. */
  stores(): Promise<readonly string[]> {
    return this.#call('a question for the stores', () => this.#store.stores());
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#away) throw new EngineError('unavailable', 'the state store failed a moment ago');
    return await this.#call(what, call);
  }

  #open(away: boolean): void {
    this.#away = away;
    this.#metrics.breakerOpen.set({ engine: 'state_store' }, away ? 1 : 0);
  }

  async #call<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await within(this.#clock, limits.engineMs, what, call());
    } catch (error) {
      this.#open(true);
      this.#metrics.engineFailures.inc({
        engine: 'state_store',
        code: error instanceof EngineError ? error.code : 'fault',
      });
      throw error;
    }
  }
}
