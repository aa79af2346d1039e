import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { CatalogView } from '../engines/catalog/catalog-view.ts';
import { VirtualClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { openLmdbEventLog } from '../engines/event-log/lmdb-event-log.ts';
import { seededRandom } from '../engines/random.ts';
import { openLmdbStateStore } from '../engines/state-store/lmdb-state-store.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import { encode } from '../schemas/codec.ts';
import { topics } from '../schemas/events.ts';
import type { AdBeacon } from '../schemas/records.ts';
import { createWorkerMetrics } from './metrics.ts';
import type { RunnerEngines } from './runner.ts';
import type { WorkerNeeds } from './workers.ts';

/** Real embedded engines in a folder of their own, on a clock that the test moves. Nothing is flushed: the machine does not die. */
export interface Bench extends RunnerEngines, AsyncDisposable {
  readonly clock: VirtualClock;
  readonly view: CatalogView;
  /** Nobody asked to be forgotten. */
  readonly suppressions: WorkerNeeds['suppressions'];
  /** Appends beacons to partitions as the decision API would. */
  send(...beacons: readonly (Partial<AdBeacon> & { partition?: number })[]): Promise<void>;
}

export const PARTITIONS = 3;
const START = 60_000 * 1000;

const noWarehouse: Warehouse = {
  query: () => Promise.reject(new Error('no warehouse in this test')),
  run: () => Promise.reject(new Error('no warehouse in this test')),
  insertAvro: () => Promise.reject(new Error('no warehouse in this test')),
  close: () => Promise.resolve(),
};

/** `onError`: hears of failures in the background; else they are warnings. */
export async function openBench(retentionMs = 1e12, onError?: (error: unknown) => void): Promise<Bench> {
  const path = await mkdtemp(join(tmpdir(), 'breakwater-workers-'));
  const clock = new VirtualClock(START);
  const config = readConfig({
    TOKEN_LIFE: '4s',
    CLICK_TOKEN_LIFE: '4s',
    TICK_AFTER: '1s',
    PARTITIONS: String(PARTITIONS),
  });
  const log = await openLmdbEventLog({ path: join(path, 'log'), clock, flush: false, ...(onError ? { onError } : {}) });
  const store = await openLmdbStateStore({ path: join(path, 'state'), clock, flush: false });
  await log.ensureTopics(topics.map(({ name }) => ({ name, partitions: PARTITIONS, retentionMs })));
  return {
    config,
    clock,
    log,
    store,
    random: seededRandom(clock, 1),
    warehouse: noWarehouse,
    logger: pino({ level: 'silent' }),
    metrics: createWorkerMetrics(),
    view: { campaigns: new Map(), pods: new Map(), close: () => Promise.resolve() },
    suppressions: { all: async () => [] },
    async send(...beacons) {
      const records = beacons.map(({ partition = 0, ...beacon }) => ({
        partition,
        key: 'viewer',
        value: encode('ad-beacon', { ...plainBeacon(clock.now()), ...beacon }),
      }));
      await log.append('ad-beacons', records);
    },
    async [Symbol.asyncDispose]() {
      await log.close();
      await store.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A uuid that ends in `n`. */
export function id(n: number): string {
  return `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}

export function plainBeacon(now: number): AdBeacon {
  const minute = Math.floor(now / 60_000);
  return {
    arrival_id: id(0),
    event: 'impression',
    received_at: now,
    cachebuster: null,
    viewer: 'viewer',
    request_id: 'request',
    reservation: id(1),
    campaign: id(100),
    creative: id(200),
    advertiser: id(300),
    position: 1,
    duration_seconds: 30,
    pricing_model: 'cpm',
    price_micros: 12_000,
    minute,
    expires_at: (minute + 1) * 60_000 + 4000,
    identities: [],
    country: null,
    device_type: null,
    user_agent_class: 'tv',
    client_at: null,
    view_ms: null,
    viewability_percentage: null,
    audio_level: null,
    error_code: null,
    offset_seconds: null,
    caller: 'anonymous',
    invalid: null,
  };
}
