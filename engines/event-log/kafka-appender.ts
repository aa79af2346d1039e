import type { Producer, RecordMetadata } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { APPEND_BYTES_MAX, bytesOf } from './append-bytes.ts';
import type { Appended, OutRecord } from './event-log.ts';
import { asEngineError } from './kafka-errors.ts';

const RECORDS_MAX = 2_000;

export interface KafkaAppenderOptions {
  /** As the broker knows it. */
  readonly topic: string;
  readonly clock: Clock;
  /** How long a caller waits, queueing included. */
  readonly timeoutMs: number;
  /** Connected; another one after its partitions became known to have grown. */
  readonly producer: () => Promise<Producer>;
  /** The producer knew no leader of a partition, and would not look again soon: the next one is to be another. */
  readonly onStale: () => void;
}

interface Call {
  readonly records: readonly OutRecord[];
  readonly bytes: ReadonlyMap<number, number>;
  readonly deadline: number;
  readonly answer: PromiseWithResolvers<readonly Appended[]>;
}

/**
 * Appends to one topic: one request in flight, in which all calls that came meanwhile travel together. Order per
 * partition is therefore the order of the calls.
 */
export class KafkaAppender {
  readonly #options: KafkaAppenderOptions;
  #waiting: Call[] = [];
  #pumping: Promise<void> | null = null;

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
  }

  async append(records: readonly OutRecord[]): Promise<readonly Appended[]> {
    const { clock, timeoutMs, topic } = this.#options;
    const bytes = bytesByPartition(records);
    const most = Math.max(...bytes.values());
    if (most > APPEND_BYTES_MAX) {
      throw new EngineError('refused', `${most} bytes for a partition of ${topic}, more than ${APPEND_BYTES_MAX}`);
    }
    const call: Call = { records, bytes, deadline: clock.now() + timeoutMs, answer: Promise.withResolvers() };
    this.#waiting.push(call);
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
    });
    const late = () => call.answer.reject(new EngineError('timeout', `appending to ${topic} within ${timeoutMs} ms`));
    using _limit = clock.every(timeoutMs, late, late);
    return await call.answer.promise;
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async settled(): Promise<void> {
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    // Calls made in this turn of the event loop travel together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      // Who has been told that it took too long is not sent after all.
      const now = this.#options.clock.now();
      this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now);
      const calls = this.#take();
      if (calls.length > 0) await this.#deliver(calls);
    }
  }

  /** The next calls that fit into one request. */
  #take(): Call[] {
    const bytes = new Map<number, number>();
    let count = 0;
    let taken = 0;
    for (const call of this.#waiting) {
      count += call.records.length;
      const fits = [...call.bytes].every(([at, more]) => (bytes.get(at) ?? 0) + more <= APPEND_BYTES_MAX);
      if (taken > 0 && (!fits || count > RECORDS_MAX)) break;
      for (const [at, more] of call.bytes) bytes.set(at, (bytes.get(at) ?? 0) + more);
      taken++;
    }
    return this.#waiting.splice(0, taken);
  }

  async #deliver(calls: readonly Call[]): Promise<void> {
    try {
      const answers = await this.#send(calls);
      for (const [at, call] of calls.entries()) call.answer.resolve(answers[at] ?? []);
    } catch (error) {
      const failure = asEngineError(error, `appending to ${this.#options.topic}`);
      if (failure.code === 'refused' && calls.length > 1) {
        // One of them is not wanted: each goes alone, so that it takes no other with it.
        for (const call of calls) await this.#deliver([call]);
        return;
      }
      for (const { answer } of calls) answer.reject(failure);
    }
  }

  async #send(calls: readonly Call[]): Promise<Appended[][]> {
    const { topic, producer, onStale } = this.#options;
    const messages = calls.flatMap(({ records }) =>
      records.map(({ partition, key, value }) => ({ partition, key, value })),
    );
    const answers = await (await producer()).send({ topic, acks: -1, messages });
    const next = new Map(answers.map((answer) => [answer.partition, placeOf(answer, topic)]));
    // It drops what has no leader without a word.
    if (messages.some(({ partition }) => !next.has(partition))) onStale();
    return calls.map(({ records }) =>
      records.map(({ partition }) => {
        const place = next.get(partition);
        if (!place) throw new EngineError('unavailable', `no answer for partition ${partition} of ${topic}`);
        next.set(partition, { ...place, offset: place.offset + 1 });
        return place;
      }),
    );
  }
}

function placeOf({ baseOffset, logAppendTime }: RecordMetadata, topic: string): Appended {
  const appendedAt = Number(logAppendTime);
  if (!(appendedAt > 0)) {
    throw new EngineError('misconfigured', `${topic} does not have message.timestamp.type=LogAppendTime`);
  }
  return { offset: Number(baseOffset), appendedAt };
}

function bytesByPartition(records: readonly OutRecord[]): Map<number, number> {
  const bytes = new Map<number, number>();
  for (const record of records) {
    bytes.set(record.partition, (bytes.get(record.partition) ?? 0) + bytesOf(record));
  }
  return bytes;
}
