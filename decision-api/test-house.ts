import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Campaign, Creative, PodConfig } from '../domain/campaign.ts';
import type { Experiment } from '../domain/experiment.ts';
import { micros } from '../domain/money.ts';
import type { Catalog, CatalogSnapshot } from '../engines/catalog/catalog.ts';
import { type Clock, systemClock } from '../engines/clock.ts';
import { type Config, readConfig } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog, LogRecord } from '../engines/event-log/event-log.ts';
import { openLmdbEventLog } from '../engines/event-log/lmdb-event-log.ts';
import { type Random, systemRandom } from '../engines/random.ts';
import { openLmdbStateStore } from '../engines/state-store/lmdb-state-store.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decode } from '../schemas/codec.ts';
import { type EventShapes, topics } from '../schemas/events.ts';
import { type DecisionApi, startDecisionApi } from './main.ts';
import { seedHeads } from './test-heads.ts';

const PARTITIONS = 4;

/** Engines that can be told to be away. */
export interface Away {
  log: boolean;
  store: boolean;
  catalog: boolean;
}

/** A decision API on real engines in a temporary folder. */
export interface TestHouse {
  readonly api: DecisionApi;
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly away: Away;
  readonly config: Config;
  /** Starts another instance on the same engines; closed with the house. */
  another(): Promise<DecisionApi>;
  post(body: unknown, query?: string): Promise<{ readonly status: number; readonly json: AnswerJson }>;
  /** Every record of a topic so far, in order of partition and offset. */
  records<N extends 'ad-request' | 'ad-beacon' | 'conversion'>(
    name: N,
  ): Promise<(LogRecord & { readonly event: EventShapes[N] })[]>;
  /** Sum of a metric's samples whose line holds `labels`. */
  metric(name: string, labels?: string): Promise<number>;
  close(): Promise<void>;
}

export interface AnswerJson {
  readonly request_id: string;
  readonly pod: {
    readonly duration_seconds: number;
    readonly filled_seconds: number;
    readonly ads: readonly {
      readonly ad_id: string;
      readonly campaign_id: string;
      readonly creative_id: string;
      readonly position: number;
      readonly start_seconds: number;
      readonly duration_seconds: number;
      readonly click_through: string | null;
      readonly tracking: Readonly<Record<string, string>>;
    }[];
  };
  readonly no_fill_reason: string | null;
  readonly warnings: readonly { readonly pointer: string; readonly detail: string }[];
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly explain: {
    readonly campaigns: readonly {
      readonly campaign_id: string;
      readonly outcome: string;
      readonly detail: string | null;
    }[];
  };
}

let made = 0;

/** A UUID that tells its order of making. */
export function testId(): string {
  made++;
  return `00000000-0000-7000-8000-${made.toString(16).padStart(12, '0')}`;
}

export function testCreative(given: Partial<Creative> = {}): Creative {
  const id = given.id ?? testId();
  return {
    id,
    name: `creative ${id}`,
    durationSeconds: 30,
    status: 'active',
    media: [
      {
        url: `https://cdn.example/${id}.mp4`,
        type: 'video/mp4',
        delivery: 'progressive',
        width: 1920,
        height: 1080,
        bitrateKbps: 8000,
      },
    ],
    clickThrough: 'https://advertiser.example/',
    ...given,
  };
}

export function testCampaign(given: Partial<Campaign> = {}): Campaign {
  const id = given.id ?? testId();
  return {
    id,
    version: 1,
    name: `campaign ${id}`,
    advertiserId: testId(),
    advertiserName: 'Advertiser',
    status: 'active',
    startsAt: 0,
    endsAt: 8.64e15,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(12_000) },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: [],
    caps: [],
    categories: [],
    creatives: [testCreative()],
    ...given,
  };
}

export async function openHouse(
  campaigns: readonly Campaign[],
  given: {
    readonly environment?: Record<string, string>;
    readonly pods?: readonly PodConfig[];
    readonly experiments?: readonly Experiment[];
    readonly callers?: Pick<CatalogSnapshot, 'playerKeys' | 'advertisers'>;
    readonly contentCategories?: CatalogSnapshot['contentCategories'];
    readonly clock?: Clock;
    readonly random?: Random;
    readonly managementUrl?: () => string | null;
  } = {},
): Promise<TestHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-decision-'));
  const config = readConfig({
    DATA_DIR: folder,
    PARTITIONS: String(PARTITIONS),
    LOG_LEVEL: 'fatal',
    ...given.environment,
  });
  const clock = given.clock ?? systemClock();
  const random = given.random ?? systemRandom(clock);
  const away: Away = { log: false, store: false, catalog: false };
  const log = openLmdbEventLog({ path: join(folder, 'log'), clock });
  await log.ensureTopics(topics.map(({ name }) => ({ name, partitions: PARTITIONS, retentionMs: 86_400_000 })));
  const store = openLmdbStateStore({ path: join(folder, 'state'), clock });
  await seedHeads(store, { beacons: PARTITIONS, requests: PARTITIONS });
  const logger = pino({ level: 'fatal' });
  const catalog = testCatalog(
    {
      campaigns,
      pods: given.pods ?? [],
      experiments: given.experiments ?? [],
      contentCategories: given.contentCategories ?? [],
      ...given.callers,
    },
    away,
  );
  const start = () =>
    startDecisionApi({
      config,
      clock,
      random,
      log: unsteady(log, away, 'log'),
      store: unsteady(store, away, 'store'),
      catalog,
      logger,
      ...(given.managementUrl ? { managementUrl: given.managementUrl } : {}),
    });
  const apis = [await start()];
  const [api] = apis as [DecisionApi];
  await api.ready();
  return {
    api,
    log,
    store,
    clock,
    random,
    away,
    config,
    async another() {
      const more = await start();
      apis.push(more);
      return more;
    },
    async post(body, query = '') {
      const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const headers = { 'content-type': 'application/json' };
      const response = await api.app.inject({ method: 'POST', url: `/api/v2/ad-request${query}`, payload, headers });
      return { status: response.statusCode, json: response.json() as AnswerJson };
    },
    records: (name) => readAll(log, name),
    metric: (name, labels = '') => readMetric(api, name, labels),
    async close() {
      for (const each of apis) await each.close();
      await log.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function testCatalog(snapshot: CatalogSnapshot, away: Away): Catalog {
  const refuse = async () => {
    throw new EngineError('refused', 'the test catalog only answers snapshots');
  };
  return {
    async snapshot({ held = new Map() } = {}) {
      if (away.catalog) throw new EngineError('unavailable', 'the catalog is away');
      const campaigns = snapshot.campaigns.filter(({ id, version }) => version > (held.get(id) ?? 0));
      return { ...snapshot, campaigns };
    },
    putCampaign: refuse,
    setStatus: refuse,
    outbox: refuse,
    relayed: refuse,
    close: async () => undefined,
  };
}

function unsteady<T extends object>(engine: T, away: Away, which: keyof Away): T {
  return new Proxy(engine, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) =>
        away[which] && name !== 'close'
          ? Promise.reject(new EngineError('unavailable', `the ${which} is away`))
          : Reflect.apply(value, target, args);
    },
  });
}

async function readAll<N extends 'ad-request' | 'ad-beacon' | 'conversion'>(
  log: EventLog,
  name: N,
): Promise<(LogRecord & { readonly event: EventShapes[N] })[]> {
  const topic = `${name}s`;
  const ends = await log.ends(topic);
  const wanted = ends.reduce((sum, end) => sum + end, 0);
  const found: (LogRecord & { readonly event: EventShapes[N] })[] = [];
  let read = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  if (wanted === 0) return found;
  const subscription = await log.subscribe(`test-${testId()}`, [topic], {
    resume: async () => 0,
    async apply(records) {
      for (const record of records) {
        const decoded = decode(record.value);
        if (decoded.name === name) found.push({ ...record, event: decoded.value as EventShapes[N] });
      }
      read += records.length;
      if (read >= wanted) resolve();
    },
  });
  await done;
  await subscription.stop();
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function readMetric(api: DecisionApi, name: string, labels: string): Promise<number> {
  const { payload } = await api.app.inject({ method: 'GET', url: '/metrics' });
  return payload
    .split('\n')
    .filter((line) => new RegExp(`^breakwater_${name}[ {]`).test(line) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
