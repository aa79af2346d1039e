import type { ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import type { TopicPartition } from '../engines/event-log/event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { type Erasures, PlaceChanges, recordKey } from './frequency-changes.ts';
import type { Context } from './worker.ts';

const SWAPS_AT_ONCE = 500;

/** Who asked to be forgotten, by the key of the record. Rejects with EngineError. */
export async function readErasures(suppressions: Pick<ViewerSuppressions, 'all'>): Promise<Erasures> {
  return new Map((await suppressions.all()).map((one) => [recordKey(one), one.erasedAt]));
}

/**
 * A store that forgot may have forgotten when viewers were erased: the catalog tells it again. Asked once for each catch-up: an
 * erasure that comes later writes into the record itself.
 */
export class Erased {
  readonly #suppressions: Pick<ViewerSuppressions, 'all'>;
  #read: { readonly at: number; readonly erasures: Promise<Erasures> } | null = null;

  constructor(suppressions: Pick<ViewerSuppressions, 'all'>) {
    this.#suppressions = suppressions;
  }

  /** Null: no store is being caught up. Rejects with EngineError while the catalog is away; then nothing is put back. */
  async known({ catchingUpSince: since, clock }: Pick<Context, 'catchingUpSince' | 'clock'>): Promise<Erasures | null> {
    if (since === null) return null;
    if (this.#read === null || this.#read.at < since) {
      this.#read = { at: clock.now(), erasures: readErasures(this.#suppressions) };
    }
    const { erasures } = this.#read;
    try {
      return await erasures;
    } catch (error) {
      if (this.#read?.erasures === erasures) this.#read = null;
      throw error;
    }
  }

  /** Writes the erasures of this partition's share into their records, also of viewers that the log does not name any more. */
  async tellAgain({ topic, partition }: TopicPartition, context: Context): Promise<void> {
    if (topic !== 'ad-requests') return;
    const erasures = await this.known(context);
    if (erasures === null || erasures.size === 0) return;
    const partitions = await context.log.partitions(topic);
    const identities = (await this.#suppressions.all()).filter(
      (one) => partitionOf(one.hash, partitions) === partition,
    );
    for (let from = 0; from < identities.length; from += SWAPS_AT_ONCE) {
      const changes = new PlaceChanges();
      for (const identity of identities.slice(from, from + SWAPS_AT_ONCE)) changes.touch(identity);
      await changes.apply(context.store, context.stores, erasures);
    }
  }
}
