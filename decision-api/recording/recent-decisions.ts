import type { Campaign } from '../../domain/campaign.ts';
import { limits } from '../limits.ts';
import { ByteRing } from './byte-ring.ts';

/** A decision as it was written down, and the catalog that it saw. */
export interface RecentDecision {
  readonly requestId: string;
  readonly record: Buffer;
  readonly catalog: readonly Campaign[];
  /** Whose the request was. */
  readonly organisation: string;
}

type Kept = Omit<RecentDecision, 'record'>;

/**
 * The newest decisions of this process, for explaining them; older ones are in the log. Lists of campaigns are shared
 * by the decisions between two changes of the catalog: fewer are remembered where the lists are long and change often.
 */
export class RecentDecisions {
  readonly #decisions = new Map<string, Kept>();
  readonly #records = new ByteRing(limits.recordsBytes);
  /** How many of them saw a list. */
  readonly #lists = new Map<readonly Campaign[], number>();
  #campaigns = 0;

  keep({ record, ...decision }: RecentDecision): void {
    const name = nameOf(decision.requestId, decision.organisation);
    this.#drop(name);
    this.#decisions.set(name, decision);
    this.#records.put(name, record);
    const saw = this.#lists.get(decision.catalog) ?? 0;
    if (saw === 0) this.#campaigns += decision.catalog.length;
    this.#lists.set(decision.catalog, saw + 1);
    for (const oldest of this.#decisions.keys()) {
      const fits = this.#campaigns <= limits.campaignsRemembered || this.#lists.size === 1;
      if (fits && this.#decisions.size <= limits.decisionsRemembered) return;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    const decision = this.#decisions.get(name);
    if (decision === undefined) return;
    this.#decisions.delete(name);
    this.#records.delete(name);
    const { catalog } = decision;
    const left = (this.#lists.get(catalog) ?? 1) - 1;
    if (left > 0) {
      this.#lists.set(catalog, left);
      return;
    }
    this.#lists.delete(catalog);
    this.#campaigns -= catalog.length;
  }

  /** `organisation` null: the newest of that id, whoever's it is. */
  of(requestId: string, organisation: string | null): RecentDecision | null {
    const decision =
      organisation === null
        ? [...this.#decisions.values()].findLast((each) => each.requestId === requestId)
        : this.#decisions.get(nameOf(requestId, organisation));
    return decision === undefined ? null : this.#whole(decision);
  }

  /** Those whose ids begin as this one's pods do, in their order. */
  below(requestId: string, organisation: string | null): readonly RecentDecision[] {
    return [...this.#decisions.values()]
      .filter((each) => each.requestId.startsWith(`${requestId}/`))
      .flatMap((each) =>
        organisation === null || each.organisation === organisation ? (this.#whole(each) ?? []) : [],
      );
  }

  #whole(decision: Kept): RecentDecision | null {
    const record = this.#records.get(nameOf(decision.requestId, decision.organisation));
    return record === undefined ? null : { ...decision, record };
  }
}

function nameOf(requestId: string, organisation: string): string {
  return `${organisation} ${requestId}`;
}
