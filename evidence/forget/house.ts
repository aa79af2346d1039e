import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type DecisionApi, startDecisionApi } from '../../decision-api/main.ts';
import type { Campaign } from '../../domain/campaign.ts';
import { systemClock } from '../../engines/clock.ts';
import { readConfig } from '../../engines/config.ts';
import type { EventLog, LogRecord } from '../../engines/event-log/event-log.ts';
import { openLmdbEventLog } from '../../engines/event-log/lmdb-event-log.ts';
import { systemRandom } from '../../engines/random.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decode } from '../../schemas/codec.ts';
import { type EventShapes, topics } from '../../schemas/events.ts';
import { startWorkers } from '../../stream-workers/main.ts';
import { catalogOf, noWarehouse } from './left-out.ts';

const PARTITIONS = 4;

/** Two decision APIs and two processes' worth of workers over one log and one Redis. */
export interface House extends AsyncDisposable {
  readonly apis: readonly DecisionApi[];
  readonly log: EventLog;
  readonly store: StateStore;
  readonly workersUrl: string;
}

export async function openHouse(redisUrl: string, campaigns: readonly Campaign[]): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-forget-'));
  const clock = systemClock();
  const random = systemRandom(clock);
  const config = readConfig({
    PORT: '0',
    MANAGEMENT_PORT: '0',
    DATA_DIR: folder,
    PARTITIONS: String(PARTITIONS),
    TOKEN_LIFE: '4s',
    PLAYBACK_SPEED: '1000',
    CLICK_TOKEN_LIFE: '4s',
    TICK_AFTER: '1s',
    LOG_CLOCK_MARGIN: '0s',
    LOG_LEVEL: 'fatal',
  });
  const log = openLmdbEventLog({ path: join(folder, 'log'), clock });
  await log.ensureTopics(topics.map(({ name }) => ({ name, partitions: PARTITIONS, retentionMs: 86_400_000 })));
  const logger = pino({ level: 'silent' });
  const stores = await Promise.all([1, 2, 3, 4].map(() => openRedisStateStore({ url: redisUrl, random })));
  const [first, second, third, fourth] = stores as [StateStore, StateStore, StateStore, StateStore];
  const catalog = catalogOf(campaigns);
  const suppressions = { all: async () => [] };
  const common = { config, clock, random, log, catalog, suppressions, logger };
  const names = ['frequency', 'pacing'] as const;
  const workers = [
    await startWorkers({ ...common, names, store: first, warehouse: noWarehouse }),
    await startWorkers({ ...common, names, store: second, warehouse: noWarehouse }),
  ];
  const apis = [
    await startDecisionApi({ ...common, store: third }),
    await startDecisionApi({ ...common, store: fourth }),
  ];
  await Promise.all(apis.map((api) => api.ready()));
  return {
    apis,
    log,
    store: third,
    workersUrl: workers[0]?.url ?? '',
    async [Symbol.asyncDispose]() {
      for (const api of apis) await api.close();
      for (const worker of workers) await worker.close();
      await log.close();
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Logged<N extends 'ad-request' | 'ad-beacon'> = LogRecord & { readonly event: EventShapes[N] };

/** Every record of a topic so far but ticks, by partition and offset. */
export async function readAll<N extends 'ad-request' | 'ad-beacon'>(log: EventLog, name: N): Promise<Logged<N>[]> {
  const topic = `${name}s`;
  const ends = await log.ends(topic);
  const left = new Set(ends.flatMap((end, partition) => (end > 0 ? [partition] : [])));
  const found: Logged<N>[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  if (left.size === 0) return found;
  const subscription = await log.subscribe(`reader-${crypto.randomUUID()}`, [topic], {
    resume: async () => 0,
    async apply(records) {
      for (const record of records) {
        const decoded = decode(record.value);
        if (decoded.name === name) found.push({ ...record, event: decoded.value as EventShapes[N] });
        if (record.offset + 1 >= (ends[record.partition] ?? 0)) left.delete(record.partition);
      }
      if (left.size === 0) resolve();
    },
  });
  await done;
  await subscription.stop();
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
