import type { Campaign } from '../../domain/campaign.ts';
import { limits } from '../limits.ts';

/** A decision as it was written down, and the catalog that it saw. */
export interface RecentDecision {
  readonly record: Buffer;
  readonly catalog: readonly Campaign[];
  /** Whose the request was. */
  readonly organisation: string;
}

/** The newest decisions of this process, for explaining them; older ones are in the log. A few KB each, lists of campaigns are shared. */
export class RecentDecisions {
  readonly #decisions = new Map<string, RecentDecision>();

  keep(requestId: string, decision: RecentDecision): void {
    this.#decisions.set(requestId, decision);
    if (this.#decisions.size <= limits.decisionsRemembered) return;
    const [oldest] = this.#decisions.keys();
    if (oldest !== undefined) this.#decisions.delete(oldest);
  }

  of(requestId: string): RecentDecision | null {
    return this.#decisions.get(requestId) ?? null;
  }
}
