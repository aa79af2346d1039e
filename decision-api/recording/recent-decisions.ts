import type { Campaign } from '../../domain/campaign.ts';
import { limits } from '../limits.ts';

/** A decision as it was written down, and the catalog that it saw. */
export interface RecentDecision {
  readonly requestId: string;
  readonly record: Buffer;
  readonly catalog: readonly Campaign[];
  /** Whose the request was. */
  readonly organisation: string;
}

/** The newest decisions of this process, for explaining them; older ones are in the log. A few KB each, lists of campaigns are shared. */
export class RecentDecisions {
  readonly #decisions = new Map<string, RecentDecision>();

  keep(decision: RecentDecision): void {
    const name = nameOf(decision.requestId, decision.organisation);
    this.#decisions.delete(name);
    this.#decisions.set(name, decision);
    if (this.#decisions.size <= limits.decisionsRemembered) return;
    const [oldest] = this.#decisions.keys();
    if (oldest !== undefined) this.#decisions.delete(oldest);
  }

  /** `organisation` null: the newest of that id, whoever's it is. */
  of(requestId: string, organisation: string | null): RecentDecision | null {
    if (organisation !== null) return this.#decisions.get(nameOf(requestId, organisation)) ?? null;
    return [...this.#decisions.values()].findLast((each) => each.requestId === requestId) ?? null;
  }
}

function nameOf(requestId: string, organisation: string): string {
  return `${organisation} ${requestId}`;
}
