import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { capsOf, Reserver, usedOf, type WantedAd } from '../../../decision-api/holding/reserver.ts';
import { StoreGate } from '../../../decision-api/holding/store-gate.ts';
import { Watermarks } from '../../../decision-api/holding/watermarks.ts';
import { createMetrics, type Metrics } from '../../../decision-api/metrics.ts';
import type { FrequencyCap } from '../../../domain/campaign.ts';
import { emptyFrequency } from '../../../domain/frequency/frequency.ts';
import type { ScopedIdentity } from '../../../domain/request.ts';
import { EngineError } from '../../../engines/errors.ts';
import { keys } from '../../../engines/state-store/keys.ts';
import { decodeBare } from '../../../schemas/codec.ts';
import { type Bench, PARTITIONS } from '../../../stream-workers/fixture.ts';
import { frequencyWorker } from '../../../stream-workers/frequency.ts';
import { type Runner, startRunner } from '../../../stream-workers/runner.ts';
import { type Case, campaigns, creatives, type Step } from './histories.ts';
import { mortal } from './mortal.ts';
import { type Asked, PlainList } from './plain-list.ts';

const TOKEN_LIFE_MS = 4_000;
const BEHIND_MAX_MS = 5_000;

export interface Counts {
  decided: number;
  served: number;
  refused: number;
  billable: number;
  late: number;
  crashes: number;
  stops: number;
  unanswered: number;
  /** Served though all that was ever given would have filled a cap: windows rolled, places ran out or were given back. */
  rolled: number;
  /** Refused only because a watermark is behind the clock. */
  held: number;
}

interface Served {
  readonly ad: WantedAd;
  readonly identities: readonly ScopedIdentity[];
}

/** An ad that a cap kept out. `reservation`: null where it was refused at sight. */
interface Refused {
  readonly asked: Omit<Asked, 'reservation'>;
  readonly instance: Instance;
  readonly bySwap: boolean;
}

interface Instance {
  readonly reserver: Reserver;
  readonly watermarks: Watermarks;
  readonly metrics: Metrics;
}

let played = 0;

/** Plays one case with the real reserver, log and worker on a clock of its own; answers what is wrong, empty: nothing. */
export async function play(
  { caps, steps }: Case,
  bench: Omit<Bench, symbol>,
  counts: Counts,
): Promise<readonly string[]> {
  const run = new Play(caps, bench, counts, played++);
  try {
    for (const step of steps) await run.take(step);
    return await run.end();
  } finally {
    await run.close();
  }
}

class Play {
  readonly #caps: readonly FrequencyCap[];
  readonly #bench: Omit<Bench, symbol>;
  readonly #counts: Counts;
  readonly #number: number;
  readonly #instances: readonly Instance[];
  readonly #served: Served[] = [];
  readonly #list: PlainList;
  #worker: Runner | null = null;
  #failing = { now: false };
  readonly #wrong: string[] = [];

  constructor(caps: readonly FrequencyCap[], bench: Omit<Bench, symbol>, counts: Counts, number: number) {
    this.#caps = caps;
    this.#bench = bench;
    this.#counts = counts;
    this.#number = number;
    this.#list = new PlainList(caps);
    this.#instances = [0, 1].map(() => {
      const metrics = createMetrics();
      const gate = new StoreGate(bench.store, bench.clock, metrics);
      const watermarks = new Watermarks(gate, PARTITIONS, async () => PARTITIONS, TOKEN_LIFE_MS);
      return { reserver: new Reserver(gate, bench.clock, bench.random, metrics, watermarks), watermarks, metrics };
    });
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'decide') await this.#decide(step.together);
    if (step.do === 'beacon') await this.#beacon(step.of, step.event, step.afterMs);
    if (step.do === 'pass') await this.#pass(step.ms);
    if (step.do === 'look') await this.#look();
    if (step.do === 'start') await this.#start();
    if (step.do === 'stop') await this.close();
    if (step.do === 'crash') await this.#crash();
    if (step.do === 'three lives') {
      await this.close();
      this.#counts.stops++;
      await this.#pass(3 * (TOKEN_LIFE_MS + 60_000));
    }
  }

  /** The worker comes to the end of the log; then the store holds every on-time impression, and no window too many. */
  async end(): Promise<readonly string[]> {
    await this.close();
    await this.#start();
    await this.#pass(2_000);
    await this.#look();
    const wrong: string[] = [];
    const everybody = [0, 1, 2, 3].flatMap((who) => this.#identities(who));
    const names = everybody.map(({ scope, hash }) => keys.frequency(scope, hash));
    const entries = await this.#settled(this.#bench.store.read(names));
    const seen = everybody.map((identity, at) => {
      const bytes = entries[at]?.bytes;
      return { identity, record: bytes ? decodeBare('frequency-record', bytes) : emptyFrequency() };
    });
    for (const one of this.#list.seen) {
      const missing = one.keys.filter((key) => {
        const record = seen.find(({ identity }) => `${identity.scope}:${identity.hash}` === key)?.record;
        const entry = record?.entries.find(({ reservation }) => reservation === one.reservation);
        return entry !== undefined
          ? entry.state !== 'CONFIRMED' || entry.at !== one.at
          : this.#list.stillCounts(one.at, key, this.#bench.clock.now());
      });
      for (const key of missing) wrong.push(`${one.reservation} at ${one.at} is not confirmed for ${key}`);
    }
    return [...wrong, ...this.#late(), ...this.#list.violations(), ...this.#wrong];
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker) await this.#settled(worker.close());
  }

  /** How far watermarks may be behind where a worker is at the end of the log: it bounds how long they hold what is free. */
  #late(): string[] {
    const now = this.#bench.clock.now();
    return this.#instances.flatMap(({ watermarks }) =>
      Array.from({ length: PARTITIONS }, (_, partition) => now - watermarks.of(partition))
        .filter((behindMs) => behindMs > BEHIND_MAX_MS)
        .map((behindMs) => `a watermark is ${behindMs} ms behind`),
    );
  }

  async #decide(together: readonly { readonly who: number; readonly what: number }[]): Promise<void> {
    // A machine that is busy enough lets a call of the store run late, which a decision survives without an ad.
    const survived = (error: unknown) => {
      if (!(error instanceof EngineError)) throw error;
      this.#counts.unanswered++;
      return null;
    };
    const decisions = together.map((ask, index) =>
      this.#decideOne(ask, this.#instances[index % 2] as Instance).catch(survived),
    );
    const refusals = (await this.#settled(Promise.all(decisions))).filter((refused) => refused !== null);
    for (const refused of refusals) {
      const { asked, instance } = refused;
      const besides = refusals.filter((other) => other !== refused && other.bySwap).map((other) => other.asked);
      if (!this.#list.isFull(asked, instance.watermarks, besides))
        this.#wrong.push(`${asked.keys.join(' ')} ${asked.campaign} was refused for nothing`);
      const now = { of: () => this.#bench.clock.now() };
      if (!this.#list.isFull(asked, now)) this.#counts.held++;
    }
  }

  /** Answers what a cap refused; null: it was served, or the store said nothing. */
  async #decideOne({ who, what }: { who: number; what: number }, instance: Instance): Promise<Refused | null> {
    const { reserver, watermarks, metrics } = instance;
    const { clock, random } = this.#bench;
    const identities = this.#identities(who);
    const { seen } = await reserver.look(identities, []);
    this.#counts.decided++;
    const campaignId = campaigns[what >> 1] as string;
    const creativeId = creatives[what & 1] as string;
    const caps = capsOf(this.#caps, creativeId);
    const partition = who % PARTITIONS;
    const scopes = new Set(caps.map(({ scope }) => scope as string));
    const under = identities.filter(({ scope }) => scopes.has(scope));
    const expiresAt = clock.now() + TOKEN_LIFE_MS;
    const keys = under.map(({ scope, hash }) => `${scope}:${hash}`);
    const asked = { campaign: campaignId, creative: creativeId, partition, expiresAt, keys };
    const moment = { partition, seen, stream: null };
    if (caps.some((cap) => (usedOf(cap, campaignId, moment, watermarks) ?? cap.max) >= cap.max)) {
      this.#counts.refused++;
      return { asked, instance, bySwap: false };
    }
    const rolled = this.#list.isFull(asked, { of: () => 0 });
    const place = { reservation: random.uuid(), campaignId, creativeId, partition, expiresAt };
    const ad: WantedAd = { place, caps, campaignCaps: this.#caps };
    const refused = await reserver.reserve(seen, [ad], watermarks);
    const isFull = refused.get(place.reservation) === 'cap_reached';
    // What the store did not answer it may hold all the same.
    if (!isFull || (await hasUnreleased(metrics))) this.#list.give({ ...asked, reservation: place.reservation });
    if (isFull) {
      this.#counts.refused++;
      return { asked, instance, bySwap: true };
    }
    if (refused.size > 0) this.#counts.refused++;
    else {
      this.#served.push({ ad, identities: under });
      this.#counts.served++;
      this.#counts.rolled += Number(rolled);
    }
    return null;
  }

  async #beacon(of: number, event: string, afterMs: number): Promise<void> {
    await this.#pass(afterMs);
    const served = this.#served[this.#served.length - 1 - (of % Math.max(1, this.#served.length))];
    if (!served) return;
    const { place } = served.ad;
    const at = this.#bench.clock.now();
    const facts = { reservation: place.reservation, campaign: place.campaignId, creative: place.creativeId };
    const minute = Math.floor(place.expiresAt / 60_000);
    const { identities } = served;
    const { partition, expiresAt } = place;
    // The clock stands still meanwhile: what is appended is appended at `at`.
    const beacon = { partition, event, ...facts, identities, minute, expires_at: expiresAt, received_at: at };
    await this.#bench.send(beacon);
    if (at > expiresAt) this.#counts.late++;
    const isFirst = this.#list.end(place.reservation, at, event === 'impression');
    if (isFirst && event === 'impression') this.#counts.billable++;
  }

  async #start(): Promise<void> {
    if (this.#worker) return;
    this.#failing = { now: false };
    const store = mortal(this.#bench.store, this.#failing);
    this.#worker = await this.#settled(
      startRunner(frequencyWorker({ suppressions: { all: async () => [] }, view: { campaigns: new Map() } }), {
        ...this.#bench,
        store,
      }),
    );
  }

  /** From now on nothing that the worker does reaches the store; what it had under way may have, in part. */
  async #crash(): Promise<void> {
    if (!this.#worker) return;
    this.#counts.crashes++;
    this.#failing.now = true;
    await this.#pass(50);
    await this.close();
  }

  async #look(): Promise<void> {
    for (const { watermarks } of this.#instances) {
      await this.#settled(
        watermarks.refresh().catch((error: unknown) => {
          if (!(error instanceof EngineError)) throw error;
        }),
      );
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#bench.clock.advance(this.#bench.clock.now() + ms);
  }

  /** Moves the clock on while something is under way that may be waiting for it. */
  async #settled<T>(doing: Promise<T>): Promise<T> {
    let done = false;
    const finished = doing.finally(() => {
      done = true;
    });
    finished.catch(() => undefined);
    for (let turn = 1; !done; turn++) {
      // Most of it takes no time. What waits for the clock gets a millisecond for a millisecond: never so many that a call is late.
      const pause = turn % 50 === 0 ? () => sleep(1) : () => immediate();
      await pause();
      if (!done && turn % 50 === 0) await this.#pass(1);
    }
    return await finished;
  }

  #identities(who: number): ScopedIdentity[] {
    return [
      { scope: 'user', hash: `${this.#number}-${who}` },
      { scope: 'household', hash: `${this.#number}-${who >> 1}` },
    ];
  }
}

/** The store once did not answer when a place was given up. */
async function hasUnreleased({ engineFailures }: Metrics): Promise<boolean> {
  const { values } = await engineFailures.get();
  return values.some(({ labels, value }) => labels.engine === 'release' && value > 0);
}
