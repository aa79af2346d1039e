import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { type DecisionApi, startDecisionApi } from '../../decision-api/main.ts';
import type { Campaign } from '../../domain/campaign.ts';
import type { Suppression, ViewerSuppressions } from '../../engines/catalog/viewer-suppressions.ts';
import { type Clock, systemClock, VirtualClock } from '../../engines/clock.ts';
import { type Config, readConfig } from '../../engines/config.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { openLmdbEventLog } from '../../engines/event-log/lmdb-event-log.ts';
import { type Random, seededRandom } from '../../engines/random.ts';
import { withSecrets } from '../../engines/secrets.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { eraseViewer } from '../../management-api/viewers.ts';
import { decodeBare } from '../../schemas/codec.ts';
import { topics } from '../../schemas/events.ts';
import { type StartedWorkers, startWorkers } from '../../stream-workers/main.ts';
import { catalogOf, noWarehouse } from './left-out.ts';

const PARTITIONS = 4;
const START_MS = Date.UTC(2026, 0, 5, 17, 59, 30);
const STEP_MS = 200;

export type OpenStore = (folder: string, clock: Clock) => Promise<StateStore>;

/** Two decision APIs and the workers of windows and money on a clock that only `play` moves. */
export interface VirtualHouse extends AsyncDisposable {
  readonly folder: string;
  readonly config: Config;
  readonly clock: VirtualClock;
  readonly counts: { requests: number; ads: number; beacons: number };
  /** Who asked to be forgotten: what the catalog would know. */
  readonly suppressions: ViewerSuppressions;
  /** Forgets a viewer, or a stream. Answers how many places were forgotten; time goes on a step. */
  erase(scope: 'user' | 'stream', id: string): Promise<number>;
  /** Viewers ask and watch for so long. */
  play(ms: number): Promise<void>;
  /** The APIs give unspent money back and end, workers apply all there is and end. */
  settle(): Promise<void>;
  /** Engines on a clock that goes on from where the house's stands, as an operator's command has. */
  operator(): Promise<Operator>;
}

export interface Operator extends AsyncDisposable {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly store: StateStore;
  /** Workers that run by themselves. */
  work(): Promise<StartedWorkers>;
}

export async function openVirtualHouse(openStore: OpenStore, campaigns: readonly Campaign[]): Promise<VirtualHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-rebuild-'));
  const clock = new VirtualClock(START_MS);
  const config = withSecrets(
    readConfig({
      DATA_DIR: folder,
      PARTITIONS: String(PARTITIONS),
      TOKEN_LIFE: '20s',
      PLAYBACK_SPEED: '1000',
      CLICK_TOKEN_LIFE: '10s',
      TICK_AFTER: '1s',
      LOG_CLOCK_MARGIN: '0s',
      LOG_LEVEL: 'fatal',
    }),
  );
  const logger = pino({ level: 'silent' });
  const catalog = catalogOf(campaigns);
  const log = openLmdbEventLog({ path: join(folder, 'log'), clock, inline: true, flush: false });
  await log.ensureTopics(topics.map(({ name }) => ({ name, partitions: PARTITIONS, retentionMs: 86_400_000 })));
  const store = await openStore(folder, clock);
  const suppressions = suppressionsOf();
  const common = { config, clock, log, store, catalog, suppressions, logger };
  const names = ['frequency', 'pacing'] as const;
  const workers = await startWorkers({ ...common, names, random: seededRandom(clock, 1), warehouse: noWarehouse });
  const apis: DecisionApi[] = [];
  for (const seed of [2, 3]) apis.push(await startDecisionApi({ ...common, random: seededRandom(clock, seed) }));
  const step = async () => {
    await clock.advance(clock.now() + STEP_MS);
    await nextTurn();
  };
  for (let warm = 0; warm < 25; warm++) await step();
  await Promise.all(apis.map((api) => api.ready()));
  const crowd = new Crowd(apis, seededRandom(clock, 9));
  let settled = false;
  return {
    folder,
    config,
    clock,
    counts: crowd.counts,
    suppressions,
    async erase(scope, id) {
      const random = seededRandom(clock, 4);
      const parts = { store, clock, pepper: config.pepper ?? '', suppressions, random, actor: 'system' };
      const { forgotten } = await eraseViewer(scope, id, parts);
      await step();
      return forgotten;
    },
    async play(ms) {
      const until = clock.now() + ms;
      while (clock.now() < until) {
        await crowd.act(clock.now());
        await step();
      }
    },
    async settle() {
      settled = true;
      await Promise.all(apis.map((api) => api.close()));
      for (let steps = 0; steps < 5 || !(await isCaughtUp(log, store)); steps++) {
        if (steps > 500) throw new Error('the workers do not catch up');
        await step();
      }
      await workers.close();
    },
    async operator() {
      const real = systemClock();
      const offset = clock.now() - real.now();
      const on: Clock = { ...real, now: () => real.now() + offset };
      const opened = openLmdbEventLog({ path: join(folder, 'log'), clock: on, inline: true, flush: false });
      const ownStore = await openStore(folder, on);
      return {
        clock: on,
        log: opened,
        store: ownStore,
        work: () =>
          startWorkers({
            ...common,
            clock: on,
            log: opened,
            store: ownStore,
            names,
            random: seededRandom(on, 4),
            warehouse: noWarehouse,
          }),
        async [Symbol.asyncDispose]() {
          await opened.close();
          await ownStore.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      if (!settled) {
        for (const api of apis) await api.close();
        await workers.close();
      }
      await log.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Viewers who ask again and again; most ads are watched, soon or late, some twice, some fail. */
class Crowd {
  readonly counts = { requests: 0, ads: 0, beacons: 0 };
  readonly #apis: readonly DecisionApi[];
  readonly #random: Random;
  #due: { readonly at: number; readonly url: string }[] = [];

  constructor(apis: readonly DecisionApi[], random: Random) {
    this.#apis = apis;
    this.#random = random;
  }

  async act(now: number): Promise<void> {
    const due = this.#due.filter(({ at }) => at <= now);
    this.#due = this.#due.filter(({ at }) => at > now);
    for (const { url } of due) {
      const { pathname, search } = new URL(url);
      await this.#api().app.inject({ method: 'GET', url: pathname + search });
      this.counts.beacons++;
    }
    await this.#ask(now);
  }

  async #ask(now: number): Promise<void> {
    const n = this.counts.requests++;
    const user = { id: `viewer ${Math.floor(this.#random.unit() * 60)}`, household_id: `house ${n % 17}` };
    const stream = Math.floor(n / 12);
    const isAskedTwice = n % 5 === 0;
    const payload = {
      ...(isAskedTwice ? { request_id: `asked twice ${n}` } : {}),
      pod: { duration_seconds: 120, max_ads: 4, min_separation_seconds: 60, backup_ads: n % 3 === 0 ? 1 : 0 },
      user,
      // Every other viewer watches in a stream with others: so its record holds several pods.
      ...(n % 2 === 0
        ? { session: { id: `stream ${stream}` }, break: { index: n % 12, offset_seconds: (n % 12) * 150 } }
        : {}),
    };
    const response = await this.#api().app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
    if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${response.body}`);
    // Whoever did not hear the answer asks again, of any instance, and gets it; it stands in the log once more.
    if (isAskedTwice) {
      const again = await this.#api().app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
      if (idsOf(again.json()) !== idsOf(response.json())) throw new Error(`another answer: ${again.body}`);
    }
    const { pod, backups = [] } = response.json() as Answer;
    // A backup is shown now and then.
    for (const { tracking } of [...pod.ads, ...backups.filter(() => this.#random.unit() < 0.5)]) {
      this.counts.ads++;
      const draw = this.#random.unit();
      if (draw < 0.15) continue;
      const at = now + this.#random.unit() * (draw < 0.3 ? 90_000 : 15_000);
      if (draw > 0.9) this.#later(at, tracking.error?.replace('[ERRORCODE]', '405'));
      else this.#later(at, tracking.impression);
      if (draw > 0.8) this.#later(at + 3_000 * this.#random.unit(), tracking.impression);
      if (draw > 0.5) this.#later(at + 5_000, tracking.complete);
      if (draw > 0.85) this.#later(at + 1_000, tracking.click);
    }
  }

  #later(at: number, url: string | undefined): void {
    if (url !== undefined) this.#due.push({ at, url });
  }

  #api(): DecisionApi {
    const api = this.#apis[Math.floor(this.#random.unit() * this.#apis.length)];
    if (!api) throw new Error('no API');
    return api;
  }
}

/** Their URLs begin as the instance's does that was asked. */
function idsOf({ pod }: Answer): string {
  return pod.ads.map(({ ad_id }) => ad_id).join();
}

type Ad = { readonly ad_id: string; readonly tracking: Record<string, string> };
type Answer = { readonly pod: { readonly ads: readonly Ad[] }; readonly backups?: readonly Ad[] };

function suppressionsOf(): ViewerSuppressions {
  const noted = new Map<string, Suppression>();
  return {
    note: async (all) => {
      for (const one of all) noted.set(`${one.scope} ${one.hash}`, one);
    },
    all: async () => [...noted.values()],
    withRows: async () => [],
    rowsErased: async () => undefined,
    close: async () => undefined,
  };
}

async function isCaughtUp(log: EventLog, store: StateStore): Promise<boolean> {
  for (const topic of ['ad-beacons', 'ad-requests']) {
    const ends = await log.ends(topic);
    for (const group of ['frequency', 'pacing']) {
      const entries = await store.read(ends.map((_, partition) => keys.head(group, topic, partition)));
      const at = entries.map(({ bytes }) => (bytes ? decodeBare('head-record', bytes).position : 0));
      if (!ends.every((end, partition) => at[partition] === end)) return false;
    }
  }
  return true;
}
