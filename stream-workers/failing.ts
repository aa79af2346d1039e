import { EngineError } from '../engines/errors.ts';
import type { Lease } from '../engines/event-log/event-log.ts';

interface Failure {
  readonly lease: Lease;
  readonly why: string;
  /** The offset that the batch began at; null: it was no batch. */
  readonly from: number | null;
}

const WHY_CHARACTERS = 300;

/**
 * What fails of one group now, by partition: from a rejected step until one succeeds there, or until the partition is
 * given up.
 */
export class Failing {
  /** The newest last. */
  readonly #failures = new Map<string, Failure>();

  failed(lease: Lease, error: unknown, from: number | null): void {
    const place = placeOf(lease);
    this.#failures.delete(place);
    this.#failures.set(place, { lease, why: whyOf(error), from });
  }

  applied(lease: Lease): void {
    this.#failures.delete(placeOf(lease));
  }

  /** Between two tries of a batch that cannot be applied stands a resume that can; one that goes on behind it says that it was applied after all. */
  resumed(lease: Lease, position: number): void {
    const failure = this.#failures.get(placeOf(lease));
    const isBetween = failure?.lease === lease && failure.from !== null && position <= failure.from;
    if (!isBetween) this.#failures.delete(placeOf(lease));
  }

  /** Null: nothing fails of what is held. */
  told(): string | null {
    const held = [...this.#failures.values()].filter(({ lease }) => !lease.lost.aborted);
    const last = held.at(-1);
    if (last === undefined) return null;
    const others = held.length > 1 ? ` and ${held.length - 1} more` : '';
    return `${placeOf(last.lease)}${others}: ${last.why}`;
  }
}

function placeOf({ topic, partition }: Lease): string {
  return `${topic}/${partition}`;
}

/** What an engine throws names it; a message of anything else may be long. */
function whyOf(error: unknown): string {
  if (error instanceof EngineError) return error.message.slice(0, WHY_CHARACTERS);
  return `fault: ${String(error)}`.slice(0, WHY_CHARACTERS);
}
