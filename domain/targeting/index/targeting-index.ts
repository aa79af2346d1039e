import type { Campaign } from '../../campaign.ts';
import type { Context } from '../../request.ts';
import { parseRule, type ReadRule } from '../read-rule.ts';
import { Bitmap, eachBit, wordBits } from './bits.ts';
import { type Column, createColumns, isDead } from './columns.ts';
import type { Found } from './rows.ts';

/** What the index reads of a campaign. */
export type Targeted = Pick<Campaign, 'id' | 'targeting' | 'timeZone'>;

export interface TargetingIndex<C extends Targeted> {
  /** Campaigns held. */
  readonly size: number;
  /** Takes a campaign in, in place of the one with its id. */
  put(campaign: C): void;
  /** False: there is none with this id. */
  remove(id: string): boolean;
  /** What `match` answers is in the order of ids. It stays so for campaigns that are put in that order, and replaced in place. */
  readonly inOrder: boolean;
  /** The campaigns that may be shown at this moment, each once; in the order in which they were put, as far as nothing was replaced. */
  match(context: Context): C[];
}

/** An index of no campaigns. Every answer is the plain matcher's (matchCampaign), which is what explains the others. */
export function createTargetingIndex<C extends Targeted = Campaign>(): TargetingIndex<C> {
  return new BitmapIndex<C>();
}

interface Entry<C> {
  readonly campaign: C;
  /** One clause for each rule that can hold; a campaign without rules has one that asks for nothing. */
  readonly bits: readonly number[];
}

/** Of a clause: nobody's, its campaign's only one, one of several. */
const free = 0;
const single = 1;
const several = 2;

const noRule: ReadRule = { include: new Map(), exclude: new Map(), broken: new Set() };
export const wordsAtFirst = 32;
/** Numbers given back that lie side by side. */
const gapMax = 64;

/**
 * Each rule of each campaign is a clause with a number of its own. For each dimension there is, for each value, the set of clauses
 * that this value lets through; a moment's clauses are the intersection of one set per dimension, in words of 32 clauses.
 */
class BitmapIndex<C extends Targeted> implements TargetingIndex<C> {
  readonly #entries = new Map<string, Entry<C>>();
  /** By clause. Whoever matches is read from here alone: what lies elsewhere in memory takes longer than the rest of its match. */
  readonly #owners: (C | null)[] = [];
  #kinds = new Uint8Array(wordsAtFirst * wordBits);
  /** Clause numbers given back, to be used again: the last one first. */
  readonly #free: number[] = [];
  readonly #living = new Bitmap(wordsAtFirst);
  readonly #columns: readonly Column[] = createColumns(wordsAtFirst);
  #inOrder = true;
  #hits = new Uint32Array(wordsAtFirst);
  #places = new Uint32Array(wordsAtFirst);

  get size(): number {
    return this.#entries.size;
  }

  get inOrder(): boolean {
    return this.#inOrder;
  }

  put(campaign: C): void {
    this.remove(campaign.id);
    const rules = campaign.targeting.length === 0 ? [noRule] : campaign.targeting.map(parseRule);
    const living = rules.filter((rule) => !isDead(rule));
    const bits = living.map(() => this.#number());
    this.#entries.set(campaign.id, { campaign, bits });
    this.#inOrder &&= this.#isInOrder(campaign.id, bits);
    living.forEach((rule, index) => {
      const bit = bits[index] as number;
      this.#owners[bit] = campaign;
      this.#kinds[bit] = bits.length === 1 ? single : several;
      this.#living.add(bit);
      for (const column of this.#columns) column.add(bit, rule, campaign.timeZone);
    });
  }

  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    const { campaign, bits } = entry;
    const rules = campaign.targeting.length === 0 ? [noRule] : campaign.targeting.map(parseRule);
    const living = rules.filter((rule) => !isDead(rule));
    living.forEach((rule, index) => {
      const bit = bits[index] as number;
      for (const column of this.#columns) column.delete(bit, rule, campaign.timeZone);
      this.#living.delete(bit);
      this.#owners[bit] = null;
      this.#kinds[bit] = free;
    });
    this.#free.push(...bits.toReversed());
    this.#entries.delete(id);
    return true;
  }

  match(context: Context): C[] {
    const found: Found = { inside: [], outside: [], struck: [] };
    for (const column of this.#columns) column.ask(context, found);
    found.inside.sort((a, b) => a.count - b.count);
    const used = (this.#owners.length + wordBits - 1) >>> 5;
    const places = this.#intersect(found, used);
    for (const bit of found.struck) this.#hits[bit >>> 5] = (this.#hits[bit >>> 5] as number) & ~(1 << (bit & 31));
    return this.#collect(places);
  }

  /** Leaves the intersection in `hits`; answers how many words of it may not be zero: their places are in `places`. */
  #intersect({ inside, outside }: Found, used: number): number {
    const hits = this.#hits;
    const places = this.#places;
    const first = inside[0]?.words ?? this.#living.words;
    const [, second = first, third = first, fourth = first, fifth = first, sixth = first] = inside.map(
      ({ words }) => words,
    );
    let count = 0;
    // Six at once: each pass of its own would write down what is left and read it again.
    for (let index = 0; index < used; index++) {
      let word = (first[index] as number) & (second[index] as number) & (third[index] as number);
      if (word === 0) continue;
      word &= (fourth[index] as number) & (fifth[index] as number) & (sixth[index] as number);
      if (word === 0) continue;
      hits[index] = word;
      places[count++] = index;
    }
    for (let next = 6; next < inside.length; next++) {
      count = keep(hits, places, count, (inside[next] as Found['inside'][number]).words, 0);
    }
    for (const words of outside) count = keep(hits, places, count, words, -1);
    return count;
  }

  #collect(places: number): C[] {
    const campaigns: C[] = [];
    const found = new Set<C>();
    for (let at = 0; at < places; at++) {
      const index = this.#places[at] as number;
      eachBit(this.#hits[index] as number, index * wordBits, (bit) => {
        const kind = this.#kinds[bit];
        if (kind === free) return;
        const campaign = this.#owners[bit] as C;
        if (kind === several) {
          if (found.has(campaign)) return;
          found.add(campaign);
        }
        campaigns.push(campaign);
      });
    }
    return campaigns;
  }

  /** Clauses next to each other, those before are of lower ids and those behind of higher ones. */
  #isInOrder(id: string, bits: readonly number[]): boolean {
    const [first] = bits;
    if (first === undefined) return true;
    if (bits.some((bit, index) => bit !== first + index)) return false;
    return this.#nextId(first, -1, '') < id && id < this.#nextId(first + bits.length - 1, 1, '\uffff');
  }

  /** The next campaign's id in this direction; `beyond`: there is none. Where it is far away it is taken for one out of order. */
  #nextId(from: number, step: 1 | -1, beyond: string): string {
    for (let at = from + step, left = gapMax; left > 0; at += step, left--) {
      const owner = this.#owners[at];
      if (owner === undefined) return beyond;
      if (owner !== null) return owner.id;
    }
    return step === 1 ? '' : '\uffff';
  }

  #number(): number {
    const used = this.#free.pop();
    if (used !== undefined) return used;
    const bit = this.#owners.push(null) - 1;
    const words = this.#living.words.length;
    if (bit >= words * wordBits) this.#grow(words + (words >>> 1));
    return bit;
  }

  #grow(words: number): void {
    this.#living.grow(words);
    for (const column of this.#columns) column.grow(words);
    this.#hits = new Uint32Array(words);
    this.#places = new Uint32Array(words);
    const kinds = new Uint8Array(words * wordBits);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }
}

/** Intersects what is left with `words`, each flipped by `flip` (0 or −1); answers how many words are left. */
function keep(hits: Uint32Array, places: Uint32Array, count: number, words: Uint32Array, flip: number): number {
  let left = 0;
  for (let at = 0; at < count; at++) {
    const index = places[at] as number;
    const word = (hits[index] as number) & ((words[index] as number) ^ flip);
    if (word === 0) continue;
    hits[index] = word;
    places[left++] = index;
  }
  return left;
}
