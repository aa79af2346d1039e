import type { FrequencyEntry, StreamEntry } from '../../schemas/records.ts';
import type { Erasures } from '../frequency-changes.ts';

/** What the log says of one record, by reservation: of an identity or of a stream. */
export interface OfRecord {
  readonly frequency: ReadonlyMap<string, FrequencyEntry>;
  readonly stream: ReadonlyMap<string, StreamEntry>;
}

/** An entry with the kind of its record. */
export type Told = { readonly frequency: FrequencyEntry } | { readonly stream: StreamEntry };

type Outcome = Pick<FrequencyEntry, 'state' | 'at'> & Partial<Pick<FrequencyEntry, 'expires_at'>>;

interface Growing {
  readonly frequency: Map<string, FrequencyEntry>;
  readonly stream: Map<string, StreamEntry>;
}

/**
 * What the log says of places, by record. Of a viewer who was erased nothing is noted that came before: as in the record
 * itself, only the outcome of a place that was served after.
 */
export class Account {
  #records = new Map<string, Growing>();
  #entries = 0;
  readonly #erasures: Erasures;

  constructor(erasures: Erasures) {
    this.#erasures = erasures;
  }

  /** How many there are. */
  get entries(): number {
    return this.#entries;
  }

  /** Whether something is noted of the reservation in this record. */
  knows(key: string, reservation: string): boolean {
    const of = this.#records.get(key);
    return of !== undefined && (of.frequency.has(reservation) || of.stream.has(reservation));
  }

  /** A place that a request took which came at `cameAt` (epoch ms). Repeating it changes nothing. */
  served(key: string, told: Told, cameAt: number): void {
    if (cameAt <= (this.#erasures.get(key) ?? 0)) return;
    this.#change(key, told, (known) => known);
  }

  /** What became of a place; `told`: what is known of it where its request was not met. */
  decided(key: string, told: Told, outcome: Outcome, cameAt: number): void {
    const { reservation } = 'stream' in told ? told.stream : told.frequency;
    if (cameAt <= (this.#erasures.get(key) ?? 0) && !this.knows(key, reservation)) return;
    this.#change(key, told, (known) => ({ ...known, ...outcome }));
  }

  /** The record is to be looked at, even if the log says nothing of it. */
  touch(key: string): void {
    this.#of(key);
  }

  /** All there is; what comes after begins a new account. */
  take(): ReadonlyMap<string, OfRecord> {
    const records = this.#records;
    this.#records = new Map();
    this.#entries = 0;
    return records;
  }

  #change(key: string, told: Told, change: <E extends FrequencyEntry | StreamEntry>(known: E) => E): void {
    if ('stream' in told) this.#put(this.#of(key).stream, told.stream, change);
    else this.#put(this.#of(key).frequency, told.frequency, change);
  }

  #put<E extends FrequencyEntry | StreamEntry>(into: Map<string, E>, told: E, change: (known: E) => E): void {
    const known = into.get(told.reservation);
    if (known === undefined) this.#entries++;
    into.set(told.reservation, change(known ?? told));
  }

  #of(key: string): Growing {
    const known = this.#records.get(key);
    if (known) return known;
    const made: Growing = { frequency: new Map(), stream: new Map() };
    this.#records.set(key, made);
    return made;
  }
}
