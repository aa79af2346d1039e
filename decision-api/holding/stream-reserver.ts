import type { Marks } from '../../domain/frequency/frequency.ts';
import {
  emptyStream,
  releaseInStream,
  remembered,
  reserveInStream,
  type StreamRefusal,
  type WantedInStream,
} from '../../domain/separation-stream.ts';
import type { Clock } from '../../engines/clock.ts';
import type { Random } from '../../engines/random.ts';
import { BROOM_MS, keys } from '../../engines/state-store/keys.ts';
import type { Entry } from '../../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { StreamRecord } from '../../schemas/records.ts';
import { isAway } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { HotKeys, readable, type Seen } from './hot-keys.ts';
import { type StoreGate, type StoreRefusal, storeRefusal } from './store-gate.ts';
import type { Watermarks } from './watermarks.ts';

/** A stream's record as read at the beginning of a request. */
export interface SeenStream extends Seen<StreamRecord> {
  /** Pseudonym of the session. */
  readonly hash: string;
}

export type StreamPlaceRefusal = StreamRefusal['reason'] | StoreRefusal;

/** Places of whole pods in streams: breaks that are decided at the same time, by whichever instance, see each other here. */
export class StreamReserver {
  readonly #records: HotKeys<StreamRecord>;
  readonly #metrics: Metrics;
  readonly #marks: Marks;

  constructor(gate: StoreGate, clock: Clock, random: Random, metrics: Metrics, watermarks: Watermarks) {
    this.#metrics = metrics;
    this.#marks = watermarks;
    this.#records = new HotKeys<StreamRecord>(gate, clock, random, metrics, {
      what: 'stream',
      decode: decodeStream,
      encode: (record) => encodeBare('stream-record', record),
      expiresInMs: () => BROOM_MS,
      tries: limits.swapTries,
      trusts: (store) => watermarks.trusts(store),
    });
  }

  /** What an entry says of a stream that is still remembered. Throws EngineError `refused` where it cannot be read. */
  see(hash: string, entry: Entry): SeenStream {
    return { hash, entry, record: remembered(decodeStream(entry.bytes), this.#marks) };
  }

  /**
   * Takes the places of a pod's ads in one swap. `mine`: whatever this decision took in the stream before, which these replace.
   * By reservation, what was refused.
   */
  async reserve(
    stream: SeenStream,
    wanted: readonly WantedInStream[],
    mine: ReadonlySet<string>,
    marks: Marks,
  ): Promise<ReadonlyMap<string, StreamPlaceRefusal>> {
    if (wanted.length === 0 && mine.size === 0) return new Map();
    const wasMine = new Set(mine);
    try {
      const refused = await this.#records.change(keys.stream(stream.hash), stream, (record) => {
        const result = reserveInStream(record, wanted, wasMine, marks);
        const changes = result.refused.length < wanted.length || wasMine.size > 0;
        return { record: changes ? result.record : record, answer: result.refused };
      });
      return new Map(refused.map(({ reservation, reason }) => [reservation, reason]));
    } catch (error) {
      if (!isAway(error)) throw error;
      const reason = storeRefusal(error);
      return new Map(wanted.map(({ ad }) => [ad.place.reservation, reason]));
    }
  }

  /** Gives places up; reservations that the stream does not hold are passed over. What cannot be released now counts on for a day. */
  async release(stream: SeenStream, reservations: readonly string[]): Promise<void> {
    if (reservations.length === 0) return;
    try {
      await this.#records.change(keys.stream(stream.hash), null, (record) => ({
        record: releaseAll(record, reservations),
        answer: null,
      }));
    } catch (error) {
      if (!isAway(error)) throw error;
      this.#metrics.engineFailures.inc({ engine: 'release', code: error.code });
    }
  }
}

function releaseAll(record: StreamRecord, reservations: readonly string[]): StreamRecord {
  const held = record.entries.some((each) => each.state === 'OUTSTANDING' && reservations.includes(each.reservation));
  return held ? reservations.reduce(releaseInStream, record) : record;
}

function decodeStream(bytes: Buffer | null): StreamRecord {
  return bytes ? readable('stream', () => decodeBare('stream-record', bytes)) : emptyStream();
}
