import type { Consumer, Lease, LogRecord } from './event-log.ts';

/** A consumer that keeps its position with its effects, as workers do, and forgets nothing of what it saw. */
export class Recorder implements Consumer {
  readonly seen: LogRecord[] = [];
  readonly batches: number[] = [];
  readonly resumed: string[] = [];
  readonly leases: Lease[] = [];
  readonly positions: Map<string, number>;
  /** Runs before the records count as applied. */
  before: (records: readonly LogRecord[], lease: Lease) => Promise<void> = async () => undefined;

  constructor(positions: Map<string, number> = new Map()) {
    this.positions = positions;
  }

  async resume(lease: Lease): Promise<number> {
    this.leases.push(lease);
    this.resumed.push(placeOf(lease));
    return this.positions.get(placeOf(lease)) ?? 0;
  }

  async apply(batch: readonly LogRecord[], lease: Lease): Promise<void> {
    await this.before(batch, lease);
    this.batches.push(batch.length);
    this.seen.push(...batch);
    const last = batch.at(-1);
    if (last) this.positions.set(placeOf(lease), last.offset + 1);
  }

  texts(partition: number, topic?: string): string[] {
    const here = this.seen.filter((one) => one.partition === partition && (!topic || one.topic === topic));
    return here.map(({ value }) => value.toString());
  }
}

export function placeOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}
