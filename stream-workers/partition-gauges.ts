import type { TopicPartition } from '../engines/event-log/event-log.ts';
import type { WorkerMetrics } from './metrics.ts';

interface Measured extends TopicPartition {
  readonly behind: number;
  /** Null: nobody relies on this partition's watermark. */
  readonly ageSeconds: number | null;
}

/** What one group measures of the partitions it holds. What it holds no more is not told any more: another process tells. */
export class PartitionGauges {
  readonly #group: string;
  readonly #metrics: WorkerMetrics;
  readonly #told = new Map<string, TopicPartition>();

  constructor(group: string, metrics: WorkerMetrics) {
    this.#group = group;
    this.#metrics = metrics;
  }

  tell({ topic, partition, behind, ageSeconds }: Measured): void {
    const group = this.#group;
    this.#told.set(`${topic}/${partition}`, { topic, partition });
    this.#metrics.partitionLag.set({ group, topic, partition: String(partition) }, behind);
    if (ageSeconds !== null) this.#metrics.watermarkAge.set({ group, partition: String(partition) }, ageSeconds);
  }

  /** How many partitions of a topic are held, and how many it has. */
  tellShare(topic: string, held: number, all: number): void {
    this.#metrics.assigned.set({ group: this.#group, topic }, held);
    this.#metrics.topicPartitions.set({ topic }, all);
  }

  forgetOthers(held: readonly TopicPartition[]): void {
    const names = new Set(held.map(({ topic, partition }) => `${topic}/${partition}`));
    const numbers = new Set(held.map(({ partition }) => partition));
    for (const [name, { topic, partition }] of this.#told) {
      if (names.has(name)) continue;
      const labels = { group: this.#group, partition: String(partition) };
      this.#told.delete(name);
      this.#metrics.partitionLag.remove({ ...labels, topic });
      if (!numbers.has(partition)) this.#metrics.watermarkAge.remove(labels);
    }
  }
}
