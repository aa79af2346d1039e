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

const noRule: ReadRule = { include: new Map(), exclude: new Map(), broken: new Set() };
export const wordsAtFirst = 32;

/**
 * Each rule of each campaign is a clause with a number of its own. For each dimension there is, for each value, the set of clauses
 * that this value lets through; a moment's clauses are the intersection of one set per dimension, in words of 32 clauses.
 */
class BitmapIndex<C extends Targeted> implements TargetingIndex<C> {
  readonly #entries = new Map<string, Entry<C>>();
  readonly #owners: (Entry<C> | null)[] = [];
  /** Clause numbers given back, to be used again: the last one first. */
  readonly #free: number[] = [];
  readonly #living = new Bitmap(wordsAtFirst);
  readonly #columns: readonly Column[] = createColumns(wordsAtFirst);
  #hits = new Uint32Array(wordsAtFirst);
  #places = new Uint32Array(wordsAtFirst);

  get size(): number {
    return this.#entries.size;
  }

  put(campaign: C): void {
    this.remove(campaign.id);
    const rules = campaign.targeting.length === 0 ? [noRule] : campaign.targeting.map(parseRule);
    const living = rules.filter((rule) => !isDead(rule));
    const bits = living.map(() => this.#number());
    const entry = { campaign, bits };
    this.#entries.set(campaign.id, entry);
    living.forEach((rule, index) => {
      const bit = bits[index] as number;
      this.#owners[bit] = entry;
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
    const second = inside[1]?.words ?? first;
    const third = inside[2]?.words ?? second;
    let count = 0;
    for (let index = 0; index < used; index++) {
      const word = (first[index] as number) & (second[index] as number) & (third[index] as number);
      if (word === 0) continue;
      hits[index] = word;
      places[count++] = index;
    }
    for (let next = 3; next < inside.length; next++) {
      count = keep(hits, places, count, (inside[next] as Found['inside'][number]).words, 0);
    }
    for (const words of outside) count = keep(hits, places, count, words, -1);
    return count;
  }

  #collect(places: number): C[] {
    const campaigns: C[] = [];
    const several = new Set<Entry<C>>();
    for (let at = 0; at < places; at++) {
      const index = this.#places[at] as number;
      eachBit(this.#hits[index] as number, index * wordBits, (bit) => {
        const entry = this.#owners[bit];
        if (!entry) return;
        if (entry.bits.length > 1) {
          if (several.has(entry)) return;
          several.add(entry);
        }
        campaigns.push(entry.campaign);
      });
    }
    return campaigns;
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
