import type { LmdbEnvironment, StoredTable } from '../lmdb/environment.ts';
import { checkKey } from '../lmdb/environment.ts';
import type { TopicPartition } from './event-log.ts';
import type { LogStore } from './log-store.ts';

/** A lease and a membership run out this long after the last beat. */
export const LEASE_MS = 2_000;
export const BEAT_MS = 500;

export interface Member {
  readonly id: string;
  readonly group: string;
  readonly topics: readonly string[];
  /** Epoch ms; the oldest members come first where partitions do not divide evenly. */
  readonly joinedAt: number;
}

/** A partition as its holder sees it. */
export interface Held extends TopicPartition {
  /** To be given up once idle. The book sets and clears it. */
  leaving: boolean;
  idle(): boolean;
}

/** What one beat changed. */
export interface Renewal {
  readonly expiresAt: number;
  readonly kept: readonly Held[];
  /** Given up, or taken by another member. */
  readonly ended: readonly Held[];
  readonly taken: readonly TopicPartition[];
}

interface MemberEntry {
  readonly topics: readonly string[];
  readonly joinedAt: number;
  readonly expiresAt: number;
}

interface LeaseEntry {
  readonly member: string;
  readonly expiresAt: number;
}

/**
 * Who holds which partition. `members`: [group, member] -> JSON {topics, joinedAt, expiresAt}; `leases`:
 * [group, topic, partition] -> JSON {member, expiresAt}.
 *
 * Living members share each topic evenly. A member gives up what it holds above its share once its `apply` ends, and
 * takes what is free or expired up to its share, all in one transaction a beat.
 */
export class LeaseBook {
  readonly #environment: LmdbEnvironment;
  readonly #store: LogStore;
  readonly #members: StoredTable;
  readonly #leases: StoredTable;

  constructor(environment: LmdbEnvironment, store: LogStore) {
    this.#environment = environment;
    this.#store = store;
    this.#members = environment.table('members');
    this.#leases = environment.table('leases');
  }

  renew(member: Member, held: () => readonly Held[], now: () => number, draining: () => boolean): Promise<Renewal> {
    return this.#environment.write(() => {
      const nowMs = now();
      const expiresAt = nowMs + LEASE_MS;
      const { topics, joinedAt } = member;
      const sizes = topics.map((topic) => this.#store.settings(topic).partitions);
      const entry: MemberEntry = { topics, joinedAt, expiresAt };
      this.#members.put([checkKey(member.group), member.id], json(entry));
      const living = this.#living(member.group, nowMs);
      const renewals = topics.map((topic, at) => {
        const sharing = living.filter((other) => other.topics.includes(topic)).map((other) => other.id);
        const partitions = sizes[at] ?? 0;
        const share = draining()
          ? 0
          : shareOf(partitions, sharing.length, (sharing.indexOf(member.id) + at) % sharing.length);
        const mine = held().filter((hold) => hold.topic === topic);
        return this.#renewTopic(member, { topic, partitions, share, mine, nowMs, expiresAt });
      });
      return {
        expiresAt,
        kept: renewals.flatMap(({ kept }) => kept),
        ended: renewals.flatMap(({ ended }) => ended),
        taken: renewals.flatMap(({ taken }) => taken),
      };
    });
  }

  /** Gives up the membership and every lease of the member. */
  leave(member: Member): Promise<void> {
    return this.#environment.write(() => {
      const leases = member.topics.flatMap((topic) => {
        const { partitions } = this.#store.settings(topic);
        return Array.from({ length: partitions }, (_, partition) => [member.group, topic, partition]);
      });
      this.#members.remove([member.group, member.id]);
      for (const key of leases) if (this.#lease(key)?.member === member.id) this.#leases.remove(key);
    });
  }

  #renewTopic(member: Member, about: TopicBeat): Omit<Renewal, 'expiresAt'> {
    const { topic, nowMs, expiresAt } = about;
    const mine = new Map(about.mine.map((hold) => [hold.partition, hold]));
    const ended: Held[] = [];
    const free: number[] = [];
    for (let partition = 0; partition < about.partitions; partition++) {
      const lease = this.#lease([member.group, topic, partition]);
      const hold = mine.get(partition);
      if (lease && lease.member !== member.id && lease.expiresAt > nowMs) {
        if (hold) ended.push(hold);
        mine.delete(partition);
      } else if (!hold) free.push(partition);
    }
    keepShare([...mine.values()], about.share);
    const kept: Held[] = [];
    for (const hold of mine.values()) {
      const key = [member.group, topic, hold.partition];
      if (hold.leaving && hold.idle()) {
        this.#leases.remove(key);
        ended.push(hold);
      } else {
        this.#leases.put(key, json({ member: member.id, expiresAt } satisfies LeaseEntry));
        kept.push(hold);
      }
    }
    const room = Math.max(0, about.share - kept.filter((hold) => !hold.leaving).length);
    const taken = free.slice(0, room).map((partition) => ({ topic, partition }));
    for (const { partition } of taken) {
      this.#leases.put([member.group, topic, partition], json({ member: member.id, expiresAt } satisfies LeaseEntry));
    }
    return { kept, ended, taken };
  }

  #living(group: string, nowMs: number): readonly (MemberEntry & { readonly id: string })[] {
    const living: (MemberEntry & { readonly id: string })[] = [];
    const gone: (string | number)[][] = [];
    for (const { key, value } of this.#members.getRange({ start: [group, ''], end: [group, '\u{10ffff}'] })) {
      const entry: MemberEntry = JSON.parse(value.toString());
      if (entry.expiresAt > nowMs) living.push({ ...entry, id: String((key as string[])[1]) });
      else gone.push(key as (string | number)[]);
    }
    for (const key of gone) this.#members.remove(key);
    return living.sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1));
  }

  #lease(key: (string | number)[]): LeaseEntry | undefined {
    const bytes = this.#leases.get(key);
    return bytes && JSON.parse(bytes.toString());
  }
}

interface TopicBeat {
  readonly topic: string;
  readonly partitions: number;
  readonly share: number;
  readonly mine: readonly Held[];
  readonly nowMs: number;
  readonly expiresAt: number;
}

/** How many partitions the member of this rank gets: even shares, the first ones one more. */
export function shareOf(partitions: number, members: number, rank: number): number {
  return Math.floor(partitions / members) + (rank < partitions % members ? 1 : 0);
}

/** Marks what is above the share to leave, highest partitions first, and calls back what is within it again. */
function keepShare(mine: readonly Held[], share: number): void {
  const leavingLast = mine.toSorted((a, b) => Number(a.leaving) - Number(b.leaving) || a.partition - b.partition);
  for (const [rank, hold] of leavingLast.entries()) hold.leaving = rank >= share;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
