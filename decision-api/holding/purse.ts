import type { Campaign } from '../../domain/campaign.ts';
import { emptyMoney, giveBack, type TakeRefusal, take, totalLeft } from '../../domain/ledger.ts';
import type { Clock } from '../../engines/clock.ts';
import type { Random } from '../../engines/random.ts';
import { keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { MoneyRecord } from '../../schemas/records.ts';
import { isAway } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { HotKeys, readable } from './hot-keys.ts';
import { type StoreGate, type StoreRefusal, storeRefusal } from './store-gate.ts';
import type { Watermarks } from './watermarks.ts';

export type MoneyRefusal = TakeRefusal | StoreRefusal;

/** One ad's worth for one minute: `day` is the minute's day in the campaign's zone. */
export interface Spending {
  readonly campaign: Campaign;
  readonly minute: number;
  readonly day: string;
}

/** Ads' worth in hand for one minute of one campaign at one price, and who waits for more. */
interface Hand {
  readonly campaignId: string;
  readonly minute: number;
  readonly priceMicros: number;
  units: number;
  /** The store that knows of the units; one that forgot does not, so they are neither spent nor given back. */
  store: string | null;
  waiting: ((refusal: MoneyRefusal | null) => void)[];
  refused: { readonly reason: MoneyRefusal; readonly untilMs: number } | null;
}

/** Campaigns without budget and goal spend freely. */
export function needsMoney(campaign: Campaign): boolean {
  return (
    campaign.totalBudgetMicros !== null || campaign.dailyBudgetMicros !== null || campaign.goalImpressions !== null
  );
}

/**
 * Money in hand. It is taken from the store before it is spent, spent only in its own minute, and what is left goes back
 * when the minute is over; only a crash waits for the minute to close. cpc and cpv hold the full price of each served ad
 * until its token closes, flat holds nothing but counts impressions.
 */
export class Purse {
  readonly #gate: StoreGate;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #watermarks: Watermarks;
  readonly #records: HotKeys<MoneyRecord>;
  readonly #hands = new Map<string, Hand>();
  /** Campaigns that were refused not long ago. */
  readonly #refused = new Set<string>();
  /** The store whose money was spent. */
  readonly #spentOf = new WeakMap<Spending, string | null>();
  /** Campaign -> when it spent in the last 30 s, oldest first. */
  readonly #spent = new Map<string, number[]>();

  constructor(gate: StoreGate, clock: Clock, random: Random, metrics: Metrics, watermarks: Watermarks) {
    this.#gate = gate;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#watermarks = watermarks;
    this.#records = new HotKeys<MoneyRecord>(gate, clock, random, metrics, {
      what: 'money',
      decode: (bytes) => (bytes ? readable('money', () => decodeBare('money-record', bytes)) : emptyMoney()),
      encode: (record) => encodeBare('money-record', record),
      expiresInMs: () => MONEY_KEPT_MS,
      tries: limits.takeTries,
      trusts: (store) => watermarks.trusts(store),
    });
  }

  /** Why the campaign was refused in this minute less than a second ago; null: it may be asked for. */
  refusal(asked: { readonly id: string; readonly campaign: Campaign }, minute: number): MoneyRefusal | null {
    // Few are refused: of all others the document is not even read.
    if (!this.#refused.has(asked.id)) return null;
    const hand = this.#hands.get(handKey(asked.campaign, minute));
    if (!hand || hand.units > 0 || !hand.refused || this.#clock.now() >= hand.refused.untilMs) return null;
    return hand.refused.reason;
  }

  /** Spends one ad's worth. Null: spent; else why not. */
  async spend(spending: Spending): Promise<MoneyRefusal | null> {
    if (!needsMoney(spending.campaign)) return null;
    const hand = this.#hand(spending);
    if (hand.store !== null && !this.#watermarks.trusts(hand.store)) hand.units = 0;
    const refusal = hand.units > 0 && hand.waiting.length === 0 ? takeUnit(hand) : await this.#wait(hand, spending);
    if (refusal === null) {
      this.#note(spending.campaign.id);
      this.#spentOf.set(spending, hand.store);
    }
    return refusal;
  }

  /** One ad's worth was spent on an ad that is not served after all. */
  unspend(spending: Spending): void {
    if (!needsMoney(spending.campaign)) return;
    const hand = this.#hand(spending);
    const store = this.#spentOf.get(spending) ?? null;
    if (hand.units === 0 && hand.waiting.length === 0) hand.store = store;
    if (hand.store === store) hand.units++;
  }

  /** Gives back to the store what is left of minutes that are over. */
  async settle(): Promise<void> {
    const minute = Math.floor(this.#clock.now() / 60_000);
    await this.#giveBack((hand) => hand.minute < minute);
    this.#measure();
    this.#forget();
  }

  /** Gives everything back: nothing will be spent any more. */
  async empty(): Promise<void> {
    await this.#giveBack(() => true);
    this.#measure();
  }

  #hand({ campaign, minute }: Spending): Hand {
    const key = handKey(campaign, minute);
    const known = this.#hands.get(key);
    if (known) return known;
    const priceMicros = campaign.pricing.model === 'flat' ? 0 : campaign.pricing.priceMicros;
    const hand: Hand = {
      campaignId: campaign.id,
      minute,
      priceMicros,
      units: 0,
      store: null,
      waiting: [],
      refused: null,
    };
    this.#hands.set(key, hand);
    return hand;
  }

  #wait(hand: Hand, spending: Spending): Promise<MoneyRefusal | null> {
    return new Promise((resolve) => {
      hand.waiting.push(resolve);
      if (hand.waiting.length === 1) void this.#fill(hand, spending);
    });
  }

  /** Takes for everybody who waits in one swap, until nobody does. */
  async #fill(hand: Hand, spending: Spending): Promise<void> {
    // Those who ask in the same turn of the event loop are served by the same swap.
    await Promise.resolve();
    while (hand.waiting.length > 0) {
      const refusal = hand.units > 0 ? null : await this.#take(hand, spending);
      const served = hand.waiting.splice(0, hand.units);
      hand.units -= served.length;
      for (const resolve of served) resolve(null);
      if (refusal === null) continue;
      // What others were quicker to change says nothing of what is left.
      const untilMs = this.#clock.now() + (refusal === 'contended' ? 0 : limits.refusalMs);
      hand.refused = { reason: refusal, untilMs };
      this.#refused.add(hand.campaignId);
      for (const resolve of hand.waiting.splice(0)) resolve(refusal);
    }
  }

  /** Puts units in the hand. What does not fit whole is taken in part; then the reason is answered for the rest. */
  async #take(hand: Hand, { campaign, day }: Spending): Promise<MoneyRefusal | null> {
    const needed = hand.waiting.length;
    try {
      const { units, reason, store } = await this.#records.change(keys.money(campaign.id), null, (record, store) =>
        takeUnits(
          record,
          store,
          hand,
          day,
          campaign,
          [needed + this.#ahead(campaign.id), needed],
          this.#watermarks.closedUpTo,
        ),
      );
      if (hand.store !== store) hand.units = 0;
      hand.store = store;
      hand.units += units;
      return units >= needed ? null : reason;
    } catch (error) {
      if (!isAway(error)) throw error;
      return storeRefusal(error);
    }
  }

  /** How many ads' worth will be wanted soon, judged by the last 30 s. */
  #ahead(campaignId: string): number {
    const recent = this.#recent(campaignId).length;
    return Math.floor((recent * limits.takeAheadMs) / limits.spendingWindowMs);
  }

  #note(campaignId: string): void {
    const times = this.#spent.get(campaignId);
    if (times) times.push(this.#clock.now());
    else this.#spent.set(campaignId, [this.#clock.now()]);
  }

  #recent(campaignId: string): readonly number[] {
    const times = this.#spent.get(campaignId) ?? [];
    const since = this.#clock.now() - limits.spendingWindowMs;
    const stale = times.findIndex((time) => time >= since);
    times.splice(0, stale < 0 ? times.length : stale);
    return times;
  }

  async #giveBack(which: (hand: Hand) => boolean): Promise<void> {
    // What is not tried keeps its chance; what failed once may have happened.
    if (this.#gate.away) return;
    const over = [...this.#hands].filter(([, hand]) => which(hand) && hand.waiting.length === 0);
    for (const [key] of over) this.#hands.delete(key);
    await Promise.all(over.filter(([, hand]) => hand.units > 0).map(([key, hand]) => this.#giveHandBack(key, hand)));
  }

  async #giveHandBack(key: string, hand: Hand): Promise<void> {
    const { minute, units } = hand;
    const isOurs = (record: MoneyRecord, store: string) =>
      store === hand.store && record.taken.some((open) => open.minute === minute);
    const back = { minute, micros: units * hand.priceMicros, impressions: units };
    try {
      await this.#records.change(keys.money(hand.campaignId), null, (record, store) => ({
        record: isOurs(record, store) ? giveBack(record, back) : record,
        answer: null,
      }));
    } catch (error) {
      if (!isAway(error)) throw error;
      // Unless others came first it may have happened, and twice would give away others' money: then the close settles it.
      if (error.code !== 'conflict') return;
      const since = this.#hands.get(key);
      if (since?.store === hand.store) since.units += units;
      else this.#hands.set(key, hand);
    }
  }

  #forget(): void {
    this.#refused.clear();
    for (const { campaignId, refused } of this.#hands.values()) {
      if (refused !== null && refused.untilMs > this.#clock.now()) this.#refused.add(campaignId);
    }
    for (const campaignId of [...this.#spent.keys()]) {
      if (this.#recent(campaignId).length === 0) this.#spent.delete(campaignId);
    }
  }

  /** Goes through all hands: too many for every take. */
  #measure(): void {
    let held = 0;
    for (const hand of this.#hands.values()) held += hand.units * hand.priceMicros;
    this.#metrics.heldMicros.set(held);
  }
}

/** Prices are part of the key: what was taken at another price goes back when its minute is over. */
function handKey(campaign: Campaign, minute: number): string {
  return `${campaign.id} ${minute} ${campaign.pricing.model} ${campaign.pricing.priceMicros}`;
}

function takeUnit(hand: Hand): null {
  hand.units--;
  return null;
}

interface TakenUnits {
  readonly units: number;
  readonly reason: TakeRefusal | null;
  readonly store: string;
}

/** Takes the first of `sizes` that fits, else as many as there is room for. */
function takeUnits(
  record: MoneyRecord,
  store: string,
  hand: Hand,
  day: string,
  campaign: Campaign,
  sizes: readonly number[],
  closedUpTo: number,
): { readonly record: MoneyRecord; readonly answer: TakenUnits } {
  const { minute, priceMicros } = hand;
  const bounds = {
    totalMicros: totalLeft(campaign),
    dailyMicros: campaign.dailyBudgetMicros,
    impressions: campaign.goalImpressions,
  };
  let reason: TakeRefusal | null = null;
  const left = [...sizes];
  for (let units = left.shift(); units !== undefined && units > 0; units = left.shift()) {
    const want = { minute, day, micros: units * priceMicros, impressions: units };
    const taken = take(record, want, bounds, closedUpTo);
    if (taken.ok) return { record: taken.record, answer: { units, reason, store } };
    reason = taken.reason;
    const roomForMoney = priceMicros > 0 ? Math.floor(taken.roomMicros / priceMicros) : taken.roomImpressions;
    const room = Math.min(roomForMoney, taken.roomImpressions);
    if (left.length === 0 && room < units) left.push(room);
  }
  return { record, answer: { units: 0, reason: reason ?? 'budget_reached', store } };
}
