import { type BilledMinute, close, emptyMoney, giveBack, take } from '../../domain/ledger.ts';
import { dayOf } from '../../domain/zone.ts';
import type { MoneyRecord } from '../../schemas/records.ts';

const minuteMs = 60_000;
/** A refusal is remembered for so long. */
const refusedMs = 1_000;

interface Hand {
  minute: number;
  units: number;
  /** Ads spent in this minute and in the one before: the next take is sized by them. */
  spent: number;
  before: number;
  refusedUntil: number;
}

/** The money of one campaign, in the ledger that the state store keeps, and in the hands of the decision APIs. */
export class Purses {
  record: MoneyRecord = emptyMoney();
  readonly #price: number;
  readonly #budget: number;
  readonly #hands: Hand[];

  constructor(price: number, budget: number, instances: number) {
    this.#price = price;
    this.#budget = budget;
    this.#hands = Array.from({ length: instances }, () => ({
      minute: 0,
      units: 0,
      spent: 0,
      before: 0,
      refusedUntil: 0,
    }));
  }

  /** Whether the instance may ask: it was not refused a moment ago. */
  isOpen(instance: number, at: number): boolean {
    const hand = this.#hands[instance];
    return hand !== undefined && (at >= hand.refusedUntil || hand.units > 0);
  }

  /** Spends the price of one ad; false: refused. */
  spend(instance: number, at: number): boolean {
    const hand = this.#handAt(instance, Math.floor(at / minuteMs));
    if (hand.units === 0) {
      // About what the last half minute needed; of money that is short, one ad's worth.
      const wanted = Math.max(1, Math.ceil((hand.before + hand.spent) / 4));
      if (this.#take(hand, wanted)) hand.units = wanted;
      else if (wanted > 1 && this.#take(hand, 1)) hand.units = 1;
      else {
        hand.refusedUntil = at + refusedMs;
        return false;
      }
    }
    hand.units--;
    hand.spent++;
    return true;
  }

  /** Closes what no impression can come for any more; what is left in hands of past minutes goes back. */
  closeUpTo(minute: number, billed: readonly BilledMinute[], now: number): void {
    for (let instance = 0; instance < this.#hands.length; instance++)
      this.#handAt(instance, Math.floor(now / minuteMs));
    if (minute > this.record.closed_up_to) this.record = close(this.record, minute, billed);
  }

  #handAt(instance: number, minute: number): Hand {
    const hand = this.#hands[instance];
    if (hand === undefined) throw new RangeError(`there is no instance ${instance}`);
    if (hand.minute === minute) return hand;
    if (hand.units > 0) {
      const back = { minute: hand.minute, micros: hand.units * this.#price, impressions: hand.units };
      this.record = giveBack(this.record, back);
    }
    hand.before = hand.minute === minute - 1 ? hand.spent : 0;
    Object.assign(hand, { minute, units: 0, spent: 0 });
    return hand;
  }

  #take(hand: Hand, units: number): boolean {
    const day = dayOf(hand.minute * minuteMs, 'UTC');
    const want = { minute: hand.minute, day, micros: units * this.#price, impressions: units };
    const taken = take(this.record, want, { totalMicros: this.#budget, dailyMicros: null, impressions: null }, 0);
    if (taken.ok) this.record = taken.record;
    return taken.ok;
  }
}
