import type { BilledMinute } from '../../domain/ledger.ts';
import type { Progress } from '../../domain/pacing/pace.ts';
import { priorRates } from '../../domain/scoring/rates.ts';
import { score } from '../../domain/scoring/score.ts';
import type { LabRequest, Market } from './market.ts';
import { Purses } from './purses.ts';

/** How a run is disturbed. */
export interface Disturbance {
  /** From the decision to the moment at which pacing counts its impression. */
  readonly delayMs: number;
  readonly tokenLifeMs: number;
  readonly instances: number;
}

/** What a policy knows of a campaign when it steers: what was counted so far, which is late and lacks what was lost. */
export type Known = Progress;

/** Decides which campaigns a break goes to. Never sees what is to come, nor which impressions get lost. */
export interface Policy {
  readonly name: string;
  /** Every step of the run: time to steer. */
  steer(at: number, known: readonly Known[]): void;
  /** The best `slots` of the open campaigns, best first. */
  choose(request: LabRequest, open: readonly number[], slots: number): readonly number[];
}

export interface Replayed {
  readonly policy: string;
  readonly valueMicros: number;
  readonly spentMicros: number;
  readonly overspendMicros: number;
  readonly impressions: number;
  readonly lost: number;
  /** By campaign. */
  readonly spent: readonly number[];
  /** By hour of the run and campaign: what had been billed by then. */
  readonly course: readonly (readonly number[])[];
}

const minuteMs = 60_000;
export const stepMs = 60_000;

/** What an impression is worth to each campaign in each segment, by the product's own score; −1: not targeted. */
export function valuesOf({ campaigns, quality, segments }: Market): readonly Int32Array[] {
  return campaigns.map(({ pricing }, campaign) =>
    Int32Array.from({ length: segments }, (_, segment) => {
      const qualityCenti = quality[campaign]?.[segment] ?? -1;
      return qualityCenti < 0 ? -1 : score(pricing, { ...priorRates, qualityCenti }, 0, 0).valueMicros;
    }),
  );
}

/** Replays the market through one policy on a virtual clock: decisions, money, late and lost impressions, closing. */
export function replay(
  market: Market,
  values: readonly Int32Array[],
  policy: Policy,
  disturbed: Disturbance,
): Replayed {
  return new Replay(market, values, policy, disturbed).run();
}

interface Coming {
  readonly at: number;
  readonly campaign: number;
  readonly minute: number;
}

class Replay {
  readonly #market: Market;
  readonly #values: readonly Int32Array[];
  readonly #policy: Policy;
  readonly #disturbed: Disturbance;
  readonly #prices: readonly number[];
  readonly #purses: readonly Purses[];
  readonly #known: { -readonly [field in keyof Known]: number }[];
  /** Billed by minute of decision, not closed yet. */
  readonly #billed: Map<number, BilledMinute>[];
  readonly #course: number[][] = [];
  #coming: Coming[] = [];
  #arrived = 0;
  #value = 0;
  #impressions = 0;
  #lost = 0;

  constructor(market: Market, values: readonly Int32Array[], policy: Policy, disturbed: Disturbance) {
    this.#market = market;
    this.#values = values;
    this.#policy = policy;
    this.#disturbed = disturbed;
    this.#prices = market.campaigns.map(({ pricing }) => pricing.priceMicros);
    this.#purses = market.campaigns.map(
      ({ pricing, totalBudgetMicros }) => new Purses(pricing.priceMicros, totalBudgetMicros ?? 0, disturbed.instances),
    );
    const nothing = { spentMicros: 0, spentBeforeTodayMicros: 0, impressions: 0, impressionsBeforeToday: 0 };
    this.#known = market.campaigns.map(() => ({ ...nothing }));
    this.#billed = market.campaigns.map(() => new Map());
  }

  run(): Replayed {
    const { requests, startsAt, endsAt } = this.#market;
    const { tokenLifeMs, delayMs } = this.#disturbed;
    let next = 0;
    const settled = endsAt + tokenLifeMs + delayMs + 5 * minuteMs;
    for (let at = startsAt + stepMs; at <= settled; at += stepMs) {
      for (let request = requests[next]; request !== undefined && request.at < at; request = requests[++next]) {
        this.#decide(request);
      }
      this.#step(at);
    }
    const spent = this.#purses.map(({ record }) => record.billed_micros);
    const over = this.#market.campaigns.map(({ totalBudgetMicros }, index) =>
      Math.max(0, (spent[index] ?? 0) - (totalBudgetMicros ?? 0)),
    );
    return {
      policy: this.#policy.name,
      valueMicros: this.#value,
      spentMicros: sum(spent),
      overspendMicros: sum(over),
      impressions: this.#impressions,
      lost: this.#lost,
      spent,
      course: this.#course,
    };
  }

  #decide(request: LabRequest): void {
    const { campaigns } = this.#market;
    const open: number[] = [];
    for (let index = 0; index < campaigns.length; index++) {
      const campaign = campaigns[index];
      if (campaign === undefined || request.at < campaign.startsAt || request.at >= campaign.endsAt) continue;
      if ((this.#values[index]?.[request.segment] ?? -1) < 0) continue;
      if (this.#purses[index]?.isOpen(request.instance, request.at)) open.push(index);
    }
    const served: number[] = [];
    // As the decision does: who gets no money is struck, and the rest is asked again.
    for (let round = 0; round < 8 && served.length < request.slots; round++) {
      const left = open.filter((index) => !served.includes(index));
      const chosen = this.#policy.choose(request, left, request.slots - served.length);
      if (chosen.length === 0) break;
      for (const index of chosen) {
        if (this.#purses[index]?.spend(request.instance, request.at)) served.push(index);
        else open.splice(open.indexOf(index), 1);
      }
    }
    for (const [slot, campaign] of served.entries()) this.#serve(request, slot, campaign);
  }

  #serve(request: LabRequest, slot: number, campaign: number): void {
    if (request.lost[slot] === true) {
      this.#lost++;
      return;
    }
    this.#impressions++;
    this.#value += this.#values[campaign]?.[request.segment] ?? 0;
    this.#coming.push({
      at: request.at + this.#disturbed.delayMs,
      campaign,
      minute: Math.floor(request.at / minuteMs),
    });
  }

  #step(at: number): void {
    this.#takeIn(at);
    if (at % 86_400_000 === 0) {
      for (const known of this.#known) {
        known.spentBeforeTodayMicros = known.spentMicros;
        known.impressionsBeforeToday = known.impressions;
      }
    }
    const { tokenLifeMs, delayMs } = this.#disturbed;
    if (at % minuteMs === 0) this.#close(Math.floor((at - tokenLifeMs - delayMs) / minuteMs) - 2, at);
    this.#policy.steer(at, this.#known);
    if (at % 3_600_000 === 0) this.#course.push(this.#known.map(({ spentMicros }) => spentMicros));
  }

  #takeIn(at: number): void {
    for (
      let one = this.#coming[this.#arrived];
      one !== undefined && one.at <= at;
      one = this.#coming[++this.#arrived]
    ) {
      const { campaign, minute } = one;
      const price = this.#prices[campaign] ?? 0;
      const known = this.#known[campaign];
      const minutes = this.#billed[campaign];
      if (known === undefined || minutes === undefined) continue;
      known.spentMicros += price;
      known.impressions++;
      const day = new Date(minute * minuteMs).toISOString().slice(0, 10);
      const before = minutes.get(minute) ?? { minute, day, micros: 0, impressions: 0 };
      minutes.set(minute, { ...before, micros: before.micros + price, impressions: before.impressions + 1 });
    }
    if (this.#arrived > 10_000) {
      this.#coming = this.#coming.slice(this.#arrived);
      this.#arrived = 0;
    }
  }

  #close(minute: number, at: number): void {
    for (const [index, purses] of this.#purses.entries()) {
      const minutes = this.#billed[index] ?? new Map<number, BilledMinute>();
      purses.closeUpTo(minute, [...minutes.values()], at);
      for (const closed of minutes.keys()) if (closed <= minute) minutes.delete(closed);
    }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
