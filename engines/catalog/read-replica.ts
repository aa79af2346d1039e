import type pg from 'pg';
import { systemClock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { asEngineErrors } from './postgres-client.ts';

/** A replica that failed is left alone for this long. */
const REST_MS = 2_000;
/** What the primary held this long ago the replica must hold, or it is no use. */
const BEHIND_MS_MAX = 5_000;
/** It must say how far it is in this time. */
const SAY_MS_MAX = 1_000;
/** How many organisations' last writes are remembered. */
const WRITERS_MAX = 10_000;
/** Servers are waited for in real time, whatever clock the rest of the process has. */
const real = systemClock();

/** A place in the primary's log, as PostgreSQL writes it. */
type LogPlace = string;

/**
 * Decides which reads a replica may answer: those of an organisation whose last write, made through this process, it has replayed,
 * while it answers and is not more than some seconds behind. All others go to the primary.
 */
export class ReadReplica {
  readonly #primary: pg.Pool;
  readonly #replica: pg.Pool;
  readonly #written = new Map<string, LogPlace>();
  #restUntil = 0;
  #why: string | null = null;
  /** Where the primary was at a time; the replica is held against it later. */
  #mark: { readonly place: LogPlace; readonly at: number } = { place: '0/0', at: 0 };
  #marking: Promise<void> | null = null;

  constructor(primary: pg.Pool, replica: pg.Pool) {
    this.#primary = primary;
    this.#replica = replica;
  }

  /** Why it is not asked; null: it is. */
  get why(): string | null {
    return this.#why;
  }

  /** `work` on the replica, else on the primary. A read that the replica began and could not end begins again. */
  async read<T>(organisation: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
    if (!(await this.#mayAnswer(organisation))) return await work(this.#primary);
    const rested = this.#restUntil;
    try {
      const result = await work(this.#replica);
      // It says nothing of a replica that others have left since this read began.
      if (this.#restUntil === rested) this.#why = null;
      return result;
    } catch (error) {
      if (!isTheServers(error)) throw error;
      this.#leave(`does not answer (${error.code})`);
      return await work(this.#primary);
    }
  }

  /** Notes what a write of the organisation has brought; call it after the commit. Never fails. */
  async wrote(organisation: string): Promise<void> {
    try {
      const place = await this.#placeOfPrimary();
      if (this.#written.size >= WRITERS_MAX) {
        // All of them are waited for at once.
        this.#written.clear();
        this.#mark = { place, at: 0 };
      }
      this.#written.set(organisation, place);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#leave('nobody can tell what it lacks: the primary does not say how far it is');
    }
  }

  async #mayAnswer(organisation: string): Promise<boolean> {
    if (real.now() < this.#restUntil) return false;
    try {
      if (real.now() - this.#mark.at >= BEHIND_MS_MAX) {
        this.#marking ??= this.#markAgain().finally(() => {
          this.#marking = null;
        });
        await this.#marking;
      }
      return real.now() >= this.#restUntil && (await this.#hasWritesOf(organisation));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#leave(`does not say how far it is (${error.code})`);
      return false;
    }
  }

  async #hasWritesOf(organisation: string): Promise<boolean> {
    const place = this.#written.get(organisation);
    if (place === undefined) return true;
    // Asked before the read begins: a view that is opened later holds at least as much.
    if (!(await this.#replayed(place))) return false;
    if (this.#written.get(organisation) === place) this.#written.delete(organisation);
    return true;
  }

  async #markAgain(): Promise<void> {
    if (await this.#replayed(this.#mark.place)) this.#mark = { place: await this.#placeOfPrimary(), at: real.now() };
    else this.#leave(`is more than ${BEHIND_MS_MAX / 1_000} s behind, or no replica`);
  }

  /** Until it has rested, and said again how far it is. */
  #leave(why: string): void {
    this.#why = why;
    this.#restUntil = real.now() + REST_MS;
    this.#mark = { ...this.#mark, at: 0 };
  }

  async #placeOfPrimary(): Promise<LogPlace> {
    const { rows } = await asEngineErrors(() =>
      this.#primary.query<{ place: LogPlace }>('SELECT pg_current_wal_flush_lsn()::text AS place'),
    );
    return rows[0]?.place ?? '';
  }

  /** A server that was promoted replays nothing any more, and is nobody's replica. */
  async #replayed(place: LogPlace): Promise<boolean> {
    const asked = {
      text: 'SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::pg_lsn AS has',
      values: [place],
      query_timeout: SAY_MS_MAX,
    };
    const { rows } = await asEngineErrors(() => this.#replica.query<{ has: boolean | null }>(asked));
    return rows[0]?.has === true;
  }
}

/** What another server may do better: this one is away, slow, wrongly set up, or has ended the read for its replay. */
function isTheServers(error: unknown): error is EngineError {
  return error instanceof EngineError && (error.retryable || error.code === 'misconfigured');
}
