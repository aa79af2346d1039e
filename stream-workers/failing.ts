import { EngineError } from '../engines/errors.ts';
import type { Lease } from '../engines/event-log/event-log.ts';

/** What a worker does with a partition: it asks where to go on, then applies batches. */
export type Step = 'resume' | 'batch';

interface Failure {
  readonly step: Step;
  readonly lease: Lease;
  readonly why: string;
}

const WHY_CHARACTERS = 300;

/**
 * What fails of one group now, by partition: from a rejected step until one succeeds there, or until the partition is
 * given up.
 */
export class Failing {
  /** The newest last. */
  readonly #failures = new Map<string, Failure>();

  failed(step: Step, lease: Lease, error: unknown): void {
    const place = placeOf(lease);
    this.#failures.delete(place);
    this.#failures.set(place, { step, lease, why: whyOf(error) });
  }

  succeeded(step: Step, lease: Lease): void {
    const failure = this.#failures.get(placeOf(lease));
    // Between two tries of a batch that cannot be applied stands a resume that can.
    const isBetween = step === 'resume' && failure?.step === 'batch' && failure.lease === lease;
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
