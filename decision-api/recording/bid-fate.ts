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
 * both may want to at the same moment, on two instances. Answers whether it is as asked; false also where the store cannot say.
 */
export async function settleBid(bidRequest: NamedRequest, fate: BidFate, gate: StoreGate): Promise<boolean> {
  const key = keys.bidFate(nameOf([bidRequest.requestId], bidRequest.organisation));
  const wanted = Buffer.from(fate);
  try {
    const [seen] = await gate.read([key]);
    if (!seen) return false;
    if (seen.bytes !== null) return seen.bytes.equals(wanted);
    const { ok, entry } = await gate.swap(key, seen, wanted, limits.answerKeptMs);
    return ok || (entry.bytes?.equals(wanted) ?? false);
  } catch (error) {
    if (!isAway(error)) throw error;
    return false;
  }
}
