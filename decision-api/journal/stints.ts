import type { Clock } from '../../engines/clock.ts';
import { MARK_AGAIN_MS, MARK_GOOD_MS, MARKED_TOPIC, marksOf } from '../../engines/journal/marks.ts';
import type { OwnedJournal } from '../../engines/journal/owned-journal.ts';

/** One decision under way: what it holds is written into this journal, or is not served. */
export interface Stint {
  readonly journal: string | null;
  readonly era: Era;
}

/** Decisions that began with the same stores. */
interface Era {
  open: number;
  /** Called when the last of them has ended. */
  over: (() => void) | null;
}

/** For journals that nobody waits for. */
export const noStint: Stint = { journal: null, era: { open: 0, over: null } };

interface Said {
  readonly journal: string;
  readonly stores: string;
  readonly partitions: number;
  readonly at: number;
  /** Of the last of the marks in the journal. */
  readonly number: number;
}

/**
 * Tells the readers of requests, through the journal itself, that it is there, and after every change of the stores that all
 * decisions from before stand in it already. Until the log has the first of these marks nothing is reserved: if the stores
 * forgot then, nobody would know whom to wait for. See docs/decisions/0010.
 */
export class Stints {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #era: Era = { open: 0, over: null };
  #said: Said | null = null;
  /** What the log has of `#said` or of what was said before. */
  #heard: Said | null = null;
  #shipped: { readonly journal: string; readonly number: number } | null = null;
  #busy = false;

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  enter(journal: OwnedJournal | null): Stint {
    this.#era.open++;
    return { journal: journal?.id ?? null, era: this.#era };
  }

  leave({ era }: Stint): void {
    era.open--;
    if (era.open === 0) era.over?.();
  }

  /** The readers of so many partitions know of the journal. */
  isKnown(journal: OwnedJournal | null, partitions: number): boolean {
    const heard = this.#heard;
    return (
      heard !== null &&
      heard.journal === journal?.id &&
      heard.partitions >= partitions &&
      heard.at > this.#clock.now() - MARK_GOOD_MS
    );
  }

  /** The stores as they are now: decisions that begin from here on use no others. */
  saw(stores: readonly string[], partitions: number, journal: OwnedJournal): void {
    const now = this.#clock.now();
    const next = { journal: journal.id, stores: stores.join(), partitions };
    const said = this.#said;
    const isSaid = said?.journal === next.journal && said.stores === next.stores && said.partitions >= partitions;
    if (this.#busy || (isSaid && said.at > now - MARK_AGAIN_MS)) return;
    this.#busy = true;
    const before = this.#era;
    this.#era = { open: 0, over: null };
    const say = async () => {
      try {
        const marks = marksOf({ journal: journal.id, stores, closed: false }, partitions);
        this.#said = { ...next, at: now, number: await journal.put(MARKED_TOPIC, marks) };
        this.#hear();
      } catch (error) {
        this.#onError(error);
      } finally {
        this.#busy = false;
      }
    };
    if (before.open === 0) void say();
    else before.over = () => void say();
  }

  /** The log has everything of the requests' topic up to this number. */
  shipped(journal: OwnedJournal, number: number): void {
    this.#shipped = { journal: journal.id, number };
    this.#hear();
  }

  /** The log may have the marks before their number is known here. */
  #hear(): void {
    const [said, shipped] = [this.#said, this.#shipped];
    if (said?.journal === shipped?.journal && said && shipped && said.number <= shipped.number) this.#heard = said;
  }
}
