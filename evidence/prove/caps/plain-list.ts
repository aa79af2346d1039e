import type { FrequencyCap } from '../../../domain/campaign.ts';
import type { Marks } from '../../../domain/frequency/frequency.ts';

/** One place that was asked for. `keys`: the identities under which it counts. */
export interface Asked {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly partition: number;
  readonly expiresAt: number;
  readonly keys: readonly string[];
}

/** What became of it first: a billable impression, or that there will be none. */
interface Outcome {
  readonly at: number;
  readonly seen: boolean;
}

type Where = Pick<Asked, 'campaign' | 'creative' | 'partition' | 'keys'>;

/** The plain list: every place that was given, and what became of it when. */
export class PlainList {
  readonly #caps: readonly FrequencyCap[];
  readonly #given = new Map<string, Asked>();
  readonly #outcomes = new Map<string, Outcome>();

  constructor(caps: readonly FrequencyCap[]) {
    this.#caps = caps;
  }

  /** The place was given, or nobody knows and it may have been. */
  give(asked: Asked): void {
    this.#given.set(asked.reservation, asked);
  }

  /** Only the first outcome in time counts. Answers whether this is it. */
  end(reservation: string, at: number, seen: boolean): boolean {
    const asked = this.#given.get(reservation);
    if (asked === undefined || at > asked.expiresAt || this.#outcomes.has(reservation)) return false;
    this.#outcomes.set(reservation, { at, seen });
    return true;
  }

  /** The billable impressions. */
  get seen(): readonly (Asked & { readonly at: number })[] {
    return [...this.#given.values()].flatMap((asked) => {
      const outcome = this.#outcomes.get(asked.reservation);
      return outcome?.seen ? [{ ...asked, at: outcome.at }] : [];
    });
  }

  /** Whether some cap of this identity's scope still counts a view of then. */
  stillCounts(at: number, key: string, now: number): boolean {
    return this.#caps.some((cap) => key.startsWith(`${cap.scope}:`) && at > now - windowOf(cap));
  }

  /** Windows that hold more than their cap. */
  violations(): readonly string[] {
    const wrong: string[] = [];
    const { seen } = this;
    const keys = new Set(seen.flatMap((one) => one.keys));
    const campaigns = new Set(seen.map(({ campaign }) => campaign));
    for (const cap of this.#caps) {
      const windowMs = windowOf(cap);
      for (const key of [...keys].filter((one) => one.startsWith(`${cap.scope}:`))) {
        for (const campaign of campaigns) {
          const times = seen
            .filter((one) => one.campaign === campaign && one.keys.includes(key) && counts(cap, one))
            .map(({ at }) => at);
          for (const end of times) {
            const span = times.filter((at) => at > end - windowMs && at <= end).length;
            if (span > cap.max) wrong.push(`${key} ${campaign}: ${span} in ${cap.windowSeconds} s, cap ${cap.max}`);
          }
        }
      }
    }
    return wrong;
  }

  /**
   * Whether a cap of this creative has no room. `marks`: what the decider knew. By design these hold a place longer than it is
   * taken, and nothing else does: a window is as old as the asker's watermark, not as the clock; a place whose end the watermark
   * of its partition has not passed is held up to its expiry; and so is what was asked for at the same moment and then given back
   * (`besides`), which its identities may have held in between.
   */
  isFull(where: Where, marks: Pick<Marks, 'of'>, besides: readonly Where[] = []): boolean {
    return this.#caps.some((cap) => {
      const key = where.keys.find((one) => one.startsWith(`${cap.scope}:`));
      if (key === undefined || !counts(cap, where)) return false;
      const begins = marks.of(where.partition) - windowOf(cap);
      const takes = (one: Where) => one.campaign === where.campaign && one.keys.includes(key) && counts(cap, one);
      const taken = [...this.#given.values()].filter((one) => takes(one) && this.#holds(one, begins, marks)).length;
      return taken + besides.filter(takes).length >= cap.max;
    });
  }

  #holds({ reservation, partition, expiresAt }: Asked, begins: number, marks: Pick<Marks, 'of'>): boolean {
    const outcome = this.#outcomes.get(reservation);
    const applied = marks.of(partition);
    if (outcome?.seen && outcome.at >= begins) return true;
    return applied <= (outcome?.at ?? expiresAt);
  }
}

function counts(cap: FrequencyCap, { creative }: Pick<Where, 'creative'>): boolean {
  return cap.creativeId === null || cap.creativeId === creative;
}

function windowOf({ windowSeconds }: FrequencyCap): number {
  return windowSeconds === null ? Number.POSITIVE_INFINITY : windowSeconds * 1000;
}
