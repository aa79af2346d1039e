import { keys } from '../../engines/state-store/keys.ts';
import type { NamedRequest } from '../asking/identities.ts';
import type { StoreGate } from '../holding/store-gate.ts';
import { isAway } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import { nameOf } from './answers.ts';

/** What became of a bid request's kept answer. */
export type BidFate = 'told' | 'given back';

/**
 * Settles once and for all whether a kept answer is told to a repetition, or given back because it was too late for its exchange:
 * both may want to at the same moment, on two instances. What was settled here holds though the store forgets it, since the answer is
 * remembered here too.
 */
export class BidFates {
  readonly #gate: StoreGate;
  /** The newest, by key. */
  readonly #settled = new Map<string, BidFate>();

  constructor(gate: StoreGate) {
    this.#gate = gate;
  }

  /** Answers whether it is as asked; false also where the store cannot say. */
  async settle(bidRequest: NamedRequest, fate: BidFate): Promise<boolean> {
    const key = keys.bidFate(nameOf([bidRequest.requestId], bidRequest.organisation));
    const known = this.#settled.get(key);
    if (known !== undefined) return known === fate;
    const isSo = await this.#ask(key, fate);
    if (isSo) this.#note(key, fate);
    return isSo;
  }

  async #ask(key: string, fate: BidFate): Promise<boolean> {
    const wanted = Buffer.from(fate);
    try {
      const [seen] = await this.#gate.read([key]);
      if (!seen) return false;
      if (seen.bytes !== null) return seen.bytes.equals(wanted);
      const { ok, entry } = await this.#gate.swap(key, seen, wanted, limits.answerKeptMs);
      return ok || (entry.bytes?.equals(wanted) ?? false);
    } catch (error) {
      if (!isAway(error)) throw error;
      return false;
    }
  }

  #note(key: string, fate: BidFate): void {
    this.#settled.set(key, fate);
    if (this.#settled.size <= limits.fatesRemembered) return;
    const [oldest] = this.#settled.keys();
    if (oldest !== undefined) this.#settled.delete(oldest);
  }
}
