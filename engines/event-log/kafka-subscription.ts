import type { KafkaConfig } from 'kafkajs';
import type { Clock } from '../clock.ts';
import type { Consumer, LogRecord, Subscription, TopicPartition } from './event-log.ts';
import { within } from './kafka-errors.ts';
import { type Feed, KafkaHold } from './kafka-hold.ts';
import { KafkaMember, type MemberEvents } from './kafka-member.ts';

export interface KafkaSubscriptionOptions {
  readonly connection: KafkaConfig;
  /** By the names that callers use. */
  readonly group: string;
  readonly topics: readonly string[];
  /** In front of both at the broker. */
  readonly prefix: string;
  readonly consumer: Consumer;
  readonly maxBatch: number;
  readonly sessionMs: number;
  readonly metadataMs: number;
  readonly clock: Clock;
  /** The oldest offset that is kept. */
  readonly oldest: Feed['oldest'];
  readonly onError: (error: unknown) => void;
}

const COMMIT_MS = 5_000;
const REPLACE_MS_MIN = 250;
const REPLACE_MS_MAX = 5_000;
const LEAVE_MS_MAX = 10_000;
const HEARTBEAT_MS_MAX = 1_000;
/** A rejoin waits this share of the time that the group gives; then what still runs has lost its partition. */
const DRAIN_SHARE = 0.8;

/**
 * One member of a group: holds for what it is assigned, its lease, and a new kafkajs consumer whenever one ends.
 *
 * The lease ends one session time-out after the sending of the last request that the coordinator answered: from then on
 * others may hold the partitions. It comes back with the next answer, as new holds, which resume.
 */
export class KafkaSubscription implements Subscription {
  readonly #options: KafkaSubscriptionOptions;
  readonly #joinedAt: number;
  readonly #holds = new Map<string, KafkaHold>();
  /** The last hold of each partition, ended ones too: its `apply` may still run when the partition comes back. */
  readonly #latest = new Map<string, KafkaHold>();
  #assignment: readonly TopicPartition[] = [];
  #member: KafkaMember;
  #leasedUntil = 0;
  /** Since when a rejoin waits for running work; null when none does. */
  #drainingSince: number | null = null;
  #joining = true;
  #replaceMs = REPLACE_MS_MIN;
  #timers: readonly Disposable[] = [];
  #stopping: Promise<void> | null = null;

  constructor(options: KafkaSubscriptionOptions) {
    this.#options = options;
    this.#joinedAt = options.clock.now();
    this.#member = this.#newMember();
  }

  start(): this {
    const { clock, sessionMs, onError } = this.#options;
    this.#member.start();
    this.#timers = [
      clock.every(sessionMs / 24, () => this.#watch(), onError),
      clock.every(this.#heartbeatMs(), () => this.#beat(), onError),
      clock.every(
        COMMIT_MS,
        () => this.#commit(),
        () => undefined,
      ),
    ];
    return this;
  }

  assigned(): readonly TopicPartition[] {
    const { topics } = this.#options;
    return [...this.#holds.values()]
      .map(({ topic, partition }) => ({ topic, partition }))
      .sort((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic) || a.partition - b.partition);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#leave();
    return this.#stopping;
  }

  async #leave(): Promise<void> {
    const { clock, onError, group } = this.#options;
    for (const hold of this.#holds.values()) hold.hold();
    await Promise.all([...this.#latest.values()].map((hold) => hold.quiet()));
    await within(clock, LEAVE_MS_MAX, 'telling positions', this.#commit()).catch(() => undefined);
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#endAll();
    await within(clock, LEAVE_MS_MAX, `leaving the group ${group}`, this.#member.stop()).catch(onError);
  }

  #newMember(): KafkaMember {
    const { connection, group, topics, prefix, sessionMs, metadataMs } = this.#options;
    let own: KafkaMember | undefined;
    // What a consumer that was replaced still has to say counts no more.
    const current = () => own === this.#member;
    const events: MemberEvents = {
      mayJoin: () => !current() || this.#mayJoin(),
      held: () => this.assigned().map(({ topic, partition }) => ({ topic: prefix + topic, partition })),
      joined: (places, continued) =>
        current() &&
        this.#joined(
          places.map((place) => this.#ours(place)),
          continued,
        ),
      alive: (sentAt) => current() && this.#alive(sentAt),
      records: (place, records) => current() && this.#records(this.#ours(place), records),
      ended: (error) => current() && this.#replace(error),
    };
    own = new KafkaMember({
      connection,
      group: prefix + group,
      topics: topics.map((topic) => prefix + topic),
      joinedAt: this.#joinedAt,
      sessionMs,
      rebalanceMs: this.#rebalanceMs(),
      heartbeatMs: this.#heartbeatMs(),
      metadataMs,
      events,
    });
    return own;
  }

  /** Before a rejoin running work ends and no more begins: the next owner is to find its effects done. */
  #mayJoin(): boolean {
    const { clock } = this.#options;
    this.#drainingSince ??= clock.now();
    for (const hold of this.#holds.values()) hold.hold();
    const busy = [...this.#holds.values()].some((hold) => !hold.idle());
    if (busy && clock.now() - this.#drainingSince < this.#rebalanceMs() * DRAIN_SHARE) return false;
    if (busy) this.#endAll();
    this.#joining = true;
    return true;
  }

  #joined(places: readonly TopicPartition[], continued: boolean): void {
    this.#joining = false;
    this.#drainingSince = null;
    this.#replaceMs = REPLACE_MS_MIN;
    this.#assignment = places;
    if (!continued) this.#endAll();
    const names = new Set(places.map(nameOf));
    for (const [name, hold] of this.#holds) {
      if (!names.has(name)) this.#end(hold);
      else if (this.#stopping === null) hold.proceed();
    }
    this.#takeAssigned();
  }

  #alive(sentAt: number): void {
    this.#leasedUntil = Math.max(this.#leasedUntil, sentAt + this.#options.sessionMs);
    if (!this.#joining && this.#drainingSince === null) this.#takeAssigned();
  }

  /** Holds for what is assigned and has none: after a join, or when a lease comes back. */
  #takeAssigned(): void {
    if (this.#stopping !== null || !this.#leased()) return;
    const { prefix, oldest, consumer, maxBatch, clock, onError } = this.#options;
    const member = this.#member;
    const theirs = ({ topic, partition }: TopicPartition) => ({ topic: prefix + topic, partition });
    const feed: Feed = {
      seek: (place, offset) => member.seek(theirs(place), offset),
      pause: (place) => member.pause(theirs(place)),
      unpause: (place) => member.unpause(theirs(place)),
      oldest,
    };
    for (const place of this.#assignment) {
      const name = nameOf(place);
      if (this.#holds.has(name)) continue;
      const after = this.#latest.get(name)?.settled();
      const leased = () => this.#leased();
      const hold = new KafkaHold({ ...place, consumer, maxBatch, clock, feed, leased, onError, after });
      this.#holds.set(name, hold);
      this.#latest.set(name, hold);
    }
  }

  #records(place: TopicPartition, records: readonly LogRecord[]): void {
    const { topic } = place;
    this.#holds.get(nameOf(place))?.offer(records.map((record) => ({ ...record, topic })));
  }

  #leased(): boolean {
    return this.#options.clock.now() < this.#leasedUntil;
  }

  /** While a join is under way nothing is delivered, and the coordinator asks for no heartbeats. */
  #watch(): void {
    if (!this.#joining && !this.#leased()) this.#endAll();
  }

  async #beat(): Promise<void> {
    if (this.#drainingSince !== null && !this.#joining) await this.#member.heartbeat();
  }

  async #commit(): Promise<void> {
    if (this.#joining || this.#drainingSince !== null) return;
    const { prefix } = this.#options;
    const offsets = [...this.#holds.values()].flatMap((hold) => {
      const offset = hold.applied();
      return offset === undefined ? [] : [{ topic: prefix + hold.topic, partition: hold.partition, offset }];
    });
    await this.#member.commit(offsets);
  }

  /** The consumer has ended and left the group: another one takes its place, after a while. */
  #replace(error: unknown): void {
    const { clock, onError } = this.#options;
    this.#endAll();
    this.#assignment = [];
    this.#joining = true;
    this.#drainingSince = null;
    if (this.#stopping !== null) return;
    if (error) onError(error);
    const next = this.#newMember();
    this.#member = next;
    const pause = this.#replaceMs;
    this.#replaceMs = Math.min(pause * 2, REPLACE_MS_MAX);
    clock.sleep(pause).then(() => {
      if (this.#stopping === null) next.start();
    }, onError);
  }

  #endAll(): void {
    for (const hold of this.#holds.values()) this.#end(hold);
  }

  #end(hold: KafkaHold): void {
    hold.end();
    this.#holds.delete(nameOf(hold));
  }

  #ours({ topic, partition }: TopicPartition): TopicPartition {
    return { topic: topic.slice(this.#options.prefix.length), partition };
  }

  #rebalanceMs(): number {
    return this.#options.sessionMs * 2;
  }

  #heartbeatMs(): number {
    return Math.min(HEARTBEAT_MS_MAX, this.#options.sessionMs / 12);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
