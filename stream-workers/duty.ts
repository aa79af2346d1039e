import { partitionOf } from '../engines/event-log/partition.ts';
import type { BeatContext } from './worker.ts';

/** Campaigns without news that one beat looks at: tens of milliseconds of work, between which a worker answers. */
const QUIET_MOST = 2_000;

/** What a beat is to look at. */
export interface Turn {
  readonly now: readonly string[];
  /** All on duty here, where a round begins: what is kept of others can go. Null: within a round. */
  readonly all: readonly string[] | null;
}

/**
 * Which campaigns a worker publishes signals of: those whose home is a partition that it holds. A beat is for all of them; where they
 * are many, for the next so many of a round and for those that there is news of.
 */
export class Duty {
  readonly #homes = new Map<string, number>();
  #partitions = 0;
  #held = '';
  #round: readonly string[] = [];
  #at = 0;

  /** Campaigns on duty here. */
  get size(): number {
    return this.#round.length;
  }

  /** `news`: campaigns that are to be looked at now. In a fixed order. */
  async next(context: BeatContext, campaignIds: Iterable<string>, news: Iterable<string>): Promise<Turn> {
    const partitions = await context.log.partitions('ad-beacons');
    const held = new Set(context.assigned().flatMap((one) => (one.topic === 'ad-beacons' ? [one.partition] : [])));
    const holds = [...held].sort((a, b) => a - b).join();
    if (partitions !== this.#partitions) this.#homes.clear();
    this.#partitions = partitions;
    const isHere = (id: string) => held.has(this.#homeOf(id));
    const begins = holds !== this.#held || this.#at >= this.#round.length;
    if (begins) {
      this.#held = holds;
      this.#round = [...campaignIds].filter(isHere).sort();
      this.#at = 0;
    }
    const quiet = this.#round.slice(this.#at, this.#at + QUIET_MOST);
    this.#at += QUIET_MOST;
    const all = begins ? this.#round : null;
    if (quiet.length === this.#round.length) return { now: quiet, all };
    const now = new Set(quiet);
    for (const id of news) if (isHere(id)) now.add(id);
    return { now: [...now].sort(), all };
  }

  #homeOf(id: string): number {
    const known = this.#homes.get(id);
    if (known !== undefined) return known;
    const home = partitionOf(id, this.#partitions);
    this.#homes.set(id, home);
    return home;
  }
}

/** Forgets what is kept of campaigns that are not on duty here any more. */
export function keepOnly(kept: Map<string, unknown>, duty: readonly string[]): void {
  const stays = new Set(duty);
  for (const id of kept.keys()) if (!stays.has(id)) kept.delete(id);
}
