import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { capsOf, Reserver, usedOf, type WantedAd } from '../../../decision-api/holding/reserver.ts';
import { StoreGate } from '../../../decision-api/holding/store-gate.ts';
import { Watermarks } from '../../../decision-api/holding/watermarks.ts';
import { createMetrics } from '../../../decision-api/metrics.ts';
import type { FrequencyCap } from '../../../domain/campaign.ts';
import { emptyFrequency } from '../../../domain/frequency/frequency.ts';
import type { ScopedIdentity } from '../../../domain/request.ts';
import { EngineError } from '../../../engines/errors.ts';
import { keys } from '../../../engines/state-store/keys.ts';
import type { StateStore } from '../../../engines/state-store/state-store.ts';
import { decodeBare } from '../../../schemas/codec.ts';
import { type Bench, PARTITIONS } from '../../../stream-workers/fixture.ts';
import { frequencyWorker } from '../../../stream-workers/frequency.ts';
import { type Runner, startRunner } from '../../../stream-workers/runner.ts';
import { type Case, campaigns, creatives, type Step } from './histories.ts';

const TOKEN_LIFE_MS = 4_000;
export interface Counts {
  decided: number;
  served: number;
  refused: number;
  billable: number;
  late: number;
  crashes: number;
  stops: number;
  unanswered: number;
}

interface Served {
  readonly ad: WantedAd;
  readonly identities: readonly ScopedIdentity[];
}

/** The plain list: when which reservation was billably seen. */
interface Seen {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly identities: readonly string[];
  readonly at: number;
}

interface Instance {
  readonly reserver: Reserver;
  readonly watermarks: Watermarks;
}

export const deadWord = 'this process is dead';

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
  readonly #outcomes = new Set<string>();
  readonly #seen: Seen[] = [];
  #worker: Runner | null = null;
  #failing = { now: false };

  constructor(caps: readonly FrequencyCap[], bench: Omit<Bench, symbol>, counts: Counts, number: number) {
    this.#caps = caps;
    this.#bench = bench;
    this.#counts = counts;
    this.#number = number;
    this.#instances = [0, 1].map(() => {
      const metrics = createMetrics();
      const gate = new StoreGate(bench.store, bench.clock, metrics);
      const watermarks = new Watermarks(gate, PARTITIONS, async () => PARTITIONS, TOKEN_LIFE_MS);
      return { reserver: new Reserver(gate, bench.clock, bench.random, metrics, watermarks), watermarks };
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
    for (const one of this.#seen) {
      const missing = one.identities.filter((key) => {
        const record = seen.find(({ identity }) => `${identity.scope}:${identity.hash}` === key)?.record;
        const entry = record?.entries.find(({ reservation }) => reservation === one.reservation);
        return entry !== undefined ? entry.state !== 'CONFIRMED' || entry.at !== one.at : this.#stillCounts(one, key);
      });
      for (const key of missing) wrong.push(`${one.reservation} at ${one.at} is not confirmed for ${key}`);
    }
    return [...wrong, ...this.#violations()];
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker) await this.#settled(worker.close());
  }

  #stillCounts({ at }: Seen, key: string): boolean {
    const scope = key.split(':')[0];
    const longest = Math.max(
      0,
      ...this.#caps.filter((cap) => cap.scope === scope).map(({ windowSeconds }) => (windowSeconds ?? 1e9) * 1000),
    );
    return at > this.#bench.clock.now() - longest;
  }

  #violations(): string[] {
    const wrong: string[] = [];
    for (const cap of this.#caps) {
      const windowMs = (cap.windowSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      const keys = new Set(this.#seen.flatMap(({ identities }) => identities));
      for (const key of [...keys].filter((one) => one.startsWith(`${cap.scope}:`))) {
        for (const campaign of campaigns) {
          const times = this.#seen
            .filter((one) => one.campaign === campaign && one.identities.includes(key))
            .filter((one) => cap.creativeId === null || one.creative === cap.creativeId)
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

  async #decide(together: readonly { readonly who: number; readonly what: number }[]): Promise<void> {
    // A machine that is busy enough lets a call of the store run late, which a decision survives without an ad.
    const survived = (error: unknown) => {
      if (!(error instanceof EngineError)) throw error;
      this.#counts.unanswered++;
    };
    await this.#settled(Promise.all(together.map((ask, index) => this.#decideOne(ask, index % 2).catch(survived))));
  }

  async #decideOne({ who, what }: { who: number; what: number }, instance: number): Promise<void> {
    const { reserver, watermarks } = this.#instances[instance] as Instance;
    const { clock, random } = this.#bench;
    const identities = this.#identities(who);
    const { seen } = await reserver.look(identities, []);
    this.#counts.decided++;
    const campaignId = campaigns[what >> 1] as string;
    const creativeId = creatives[what & 1] as string;
    const caps = capsOf(this.#caps, creativeId);
    const partition = who % PARTITIONS;
    const moment = { partition, seen, stream: null };
    if (caps.some((cap) => (usedOf(cap, campaignId, moment, watermarks) ?? cap.max) >= cap.max)) {
      this.#counts.refused++;
      return;
    }
    const expiresAt = clock.now() + TOKEN_LIFE_MS;
    const place = { reservation: random.uuid(), campaignId, creativeId, partition, expiresAt };
    const ad: WantedAd = { place, caps, campaignCaps: this.#caps };
    const refused = await reserver.reserve(seen, [ad], watermarks);
    if (refused.size > 0) this.#counts.refused++;
    else {
      const scopes = new Set(caps.map(({ scope }) => scope as string));
      this.#served.push({ ad, identities: identities.filter(({ scope }) => scopes.has(scope)) });
      this.#counts.served++;
    }
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
    if (at > expiresAt || this.#outcomes.has(place.reservation)) return;
    this.#outcomes.add(place.reservation);
    if (event !== 'impression') return;
    this.#counts.billable++;
    const keys = identities.map(({ scope, hash }) => `${scope}:${hash}`);
    this.#seen.push({ ...facts, identities: keys, at });
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

function mortal(store: StateStore, failing: { readonly now: boolean }): StateStore {
  return new Proxy(store, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (failing.now) return Promise.reject(new EngineError('unavailable', deadWord));
        return Reflect.apply(value, target, args);
      };
    },
  });
}
