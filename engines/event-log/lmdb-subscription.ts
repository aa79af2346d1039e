import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Consumer, Subscription, TopicPartition } from './event-log.ts';
import { Hold } from './hold.ts';
import type { LeaseBook, Member, Renewal } from './leases.ts';
import { BEAT_MS } from './leases.ts';
import type { LogStore } from './log-store.ts';

export interface MembershipOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly consumer: Consumer;
  readonly maxBatch: number;
  readonly pollMs: number;
  readonly lockStep: boolean;
  readonly clock: Clock;
  readonly store: LogStore;
  readonly book: LeaseBook;
  readonly onError: (error: unknown) => void;
}

/** One member of a group: a beat renews and shares the leases, a poll delivers what is new. */
export class LmdbSubscription implements Subscription {
  readonly #options: MembershipOptions;
  readonly #member: Member;
  /** In the order of topics, then partitions. */
  #holds: readonly Hold[] = [];
  /** The last hold of each partition, ended ones too: its `apply` may still run when the partition comes back. */
  readonly #latest = new Map<string, Hold>();
  #timers: readonly Disposable[] = [];
  #beating: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { group, topics, clock } = options;
    this.#member = { id: randomUUID(), group, topics, joinedAt: clock.now() };
  }

  /** Joins: a lone member holds all partitions once this resolves. */
  async start(): Promise<this> {
    const { clock, pollMs, onError } = this.#options;
    await this.#beat();
    this.#timers = [
      clock.every(pollMs, () => this.#poll(), onError),
      clock.every(BEAT_MS, () => this.#beat(), onError),
    ];
    return this;
  }

  assigned(): readonly TopicPartition[] {
    return this.#holds.map(({ topic, partition }) => ({ topic, partition }));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#leave();
    return this.#stopping;
  }

  async #leave(): Promise<void> {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    for (const hold of this.#holds) hold.leaving = true;
    // The leases are renewed to the end, so that nobody takes a partition under a running `apply`.
    const renewing = this.#options.clock.every(BEAT_MS, () => this.#beat(), this.#options.onError);
    try {
      await Promise.all([...this.#latest.values()].map((hold) => hold.settled()));
    } finally {
      renewing[Symbol.dispose]();
    }
    await this.#beating?.catch(() => undefined);
    for (const hold of this.#holds) hold.end();
    this.#holds = [];
    await this.#options.book.leave(this.#member);
  }

  #beat(): Promise<void> {
    const beat = this.#renew().finally(() => {
      if (this.#beating === beat) this.#beating = null;
    });
    this.#beating = beat;
    return beat;
  }

  async #renew(): Promise<void> {
    const { book, clock } = this.#options;
    const draining = () => this.#stopping !== null;
    const renewal = await book.renew(
      this.#member,
      () => this.#holds,
      () => clock.now(),
      draining,
    );
    for (const hold of renewal.kept) (hold as Hold).expiresAt = renewal.expiresAt;
    for (const hold of renewal.ended) (hold as Hold).end();
    this.#holds = this.#ordered(renewal);
  }

  #ordered({ ended, taken, expiresAt }: Renewal): readonly Hold[] {
    const { topics } = this.#member;
    const kept = this.#holds.filter((hold) => !ended.includes(hold));
    const fresh = taken.map((place) => this.#hold(place, expiresAt));
    return [...kept, ...fresh].sort(
      (a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic) || a.partition - b.partition,
    );
  }

  #hold(place: TopicPartition, expiresAt: number): Hold {
    const name = `${place.topic}/${place.partition}`;
    const hold = new Hold({ ...this.#options, ...place, expiresAt, after: this.#latest.get(name)?.settled() });
    this.#latest.set(name, hold);
    return hold;
  }

  async #poll(): Promise<void> {
    const { clock, store, lockStep } = this.#options;
    store.refresh();
    const now = clock.now();
    for (const hold of this.#holds) if (hold.expiresAt <= now) hold.end();
    this.#holds = this.#holds.filter((hold) => hold.expiresAt > now);
    for (const hold of this.#holds) {
      const delivery = hold.deliver();
      if (lockStep) await delivery;
    }
  }
}
