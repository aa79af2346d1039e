import type { Tier } from '../campaign.ts';
import type { PodRules } from './pod.ts';
import type { Starts } from './problem.ts';
import { roomOf, SuffixTable, TableMemory } from './suffix-table.ts';
import { gcd } from './whole.ts';
import type { Worths } from './worth.ts';

/** The most that a tier can still add. */
export class TierToCome {
  readonly #table: SuffixTable | null;
  readonly #from: number;
  readonly #exact: boolean;

  constructor(table: SuffixTable | null, from: number, exact: boolean) {
    this.#table = table;
    this.#from = from;
    this.#exact = exact;
  }

  /** By its entries from an index on; where the duration is to be filled, −∞ where the later tiers cannot fill the rest. */
  at(index: number, seconds: number, slots: number): number {
    return this.#table === null ? 0 : this.#table.at(index, seconds, slots);
  }

  /** By any of its entries, whatever earlier tiers do with the seconds and slots. */
  most(seconds: number, slots: number): number {
    if (this.#table === null) return 0;
    if (!this.#exact) return this.#table.at(this.#from, seconds, slots);
    let most = 0;
    for (let free = 0; free <= slots; free++) most = Math.max(most, this.#table.mostWithin(seconds, free));
    return most;
  }
}

/** The most that is still to come, tier by tier. */
export class ToCome {
  readonly guaranteed: TierToCome;
  readonly standard: TierToCome;
  readonly house: TierToCome;
  readonly #starts: Starts;
  readonly #paidTable: () => SuffixTable;
  #paid: SuffixTable | null = null;

  constructor(
    seconds: Int32Array,
    worths: Worths,
    starts: Starts,
    rules: PodRules,
    slots: number,
    memories: Readonly<Record<Tier, TableMemory>>,
  ) {
    let divisor = 0;
    let shortest = rules.durationSeconds;
    for (const each of seconds) {
      divisor = gcd(divisor, each);
      if (each < shortest) shortest = each;
    }
    const step = divisor || 1;
    const room = roomOf({ seconds: rules.durationSeconds, slots, shortest, divisor: step }, seconds.length);
    // In coarser steps nobody can tell what fills to the second: then filling is left to the search.
    const exact = rules.exactDuration && room.step === step;
    const divides = rules.durationSeconds % step === 0;
    const goods = { seconds, values: worths.values, tired: worths.fatigue };
    const [first, second, third, end] = starts;
    this.#starts = starts;
    const tierOf = (from: number, to: number, tier: Tier, fills: Fills | null): TierToCome => {
      if (from === to && fills === null) return new TierToCome(null, from, false);
      const own = tier === 'house' ? { ...goods, tired: worths.houseFatigue } : goods;
      return new TierToCome(new SuffixTable(own, [from, to], room, memories[tier], fills), from, fills !== null);
    };
    const fillsBy = (tier: TierToCome, from: number): Fills | null =>
      exact ? (left, free) => tier.at(from, left, free) > Number.NEGATIVE_INFINITY : null;
    this.#paidTable = () => new SuffixTable(goods, [first, third], room, paidMemory, null);
    this.house = tierOf(third, end, 'house', exact ? (left) => left === 0 && divides : null);
    this.standard = tierOf(second, third, 'standard', fillsBy(this.house, third));
    this.guaranteed = tierOf(first, second, 'guaranteed', fillsBy(this.standard, second));
  }

  /** The most that guaranteed and standard entries from an index on can add together, whichever of them go first. */
  paidMost(index: number, left: number, slots: number): number {
    const [first, second, third] = this.#starts;
    if (index >= third) return 0;
    // Where they are to be filled, −∞ would say that there is nothing at all.
    if (first === second) return Math.max(0, this.standard.at(index, left, slots));
    this.#paid ??= this.#paidTable();
    return this.#paid.at(index, left, slots);
  }

  /** Whether its tier would be worth no less with this entry than without. */
  wants(index: number, worth: number, left: number, seconds: number, slots: number): boolean {
    const [, second, third] = this.#starts;
    const tier = index < second ? this.guaranteed : index < third ? this.standard : this.house;
    return worth + tier.at(index + 1, left - seconds, slots - 1) >= tier.at(index, left, slots);
  }
}

const paidMemory = new TableMemory();

type Fills = (seconds: number, slots: number) => boolean;
