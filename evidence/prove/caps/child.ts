import { join } from 'node:path';
import { pino } from 'pino';
import { Reserver } from '../../../decision-api/holding/reserver.ts';
import { StoreGate } from '../../../decision-api/holding/store-gate.ts';
import { Watermarks } from '../../../decision-api/holding/watermarks.ts';
import { createMetrics } from '../../../decision-api/metrics.ts';
import { systemClock } from '../../../engines/clock.ts';
import { readConfig } from '../../../engines/config.ts';
import { openLmdbEventLog } from '../../../engines/event-log/lmdb-event-log.ts';
import { systemRandom } from '../../../engines/random.ts';
import { openRedisStateStore } from '../../../engines/state-store/redis-state-store.ts';
import type { Warehouse } from '../../../engines/warehouse/warehouse.ts';
import { frequencyWorker } from '../../../stream-workers/frequency.ts';
import { createWorkerMetrics } from '../../../stream-workers/metrics.ts';
import { type Runner, startRunner } from '../../../stream-workers/runner.ts';
import { Beacons } from './beacons.ts';
import { Deciders } from './deciders.ts';
import { type Orders, partitions, tokenLifeMs } from './plan.ts';

/** One process: it decides, its viewers watch, and its frequency worker shares the log with those of the others. */
const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const clock = systemClock();
const random = systemRandom(clock);
const config = readConfig({
  DATA_DIR: orders.folder,
  PARTITIONS: `${partitions}`,
  TOKEN_LIFE: `${tokenLifeMs}ms`,
  CLICK_TOKEN_LIFE: `${tokenLifeMs}ms`,
  TICK_AFTER: '500ms',
  LOG_CLOCK_MARGIN: '0s',
});
const log = openLmdbEventLog({ path: join(orders.folder, 'log'), clock });
const store = await openRedisStateStore({ url: orders.redisUrl, random });
const metrics = createMetrics();
const gate = new StoreGate(store, clock, metrics);
const watermarks = new Watermarks(gate, partitions, async () => partitions, tokenLifeMs);
const reserver = new Reserver(gate, clock, random, metrics, watermarks);
const beacons = new Beacons(log, clock, orders.seed);
const deciders = new Deciders({ reserver, watermarks, clock, random, beacons, seed: orders.seed });

const noWarehouse: Warehouse = {
  query: () => Promise.reject(new Error('no warehouse here')),
  run: () => Promise.reject(new Error('no warehouse here')),
  insertAvro: () => Promise.reject(new Error('no warehouse here')),
  close: () => Promise.resolve(),
};
const logger = pino({ level: 'silent' });
const startWorker = () =>
  startRunner(frequencyWorker({ suppressions: { all: async () => [] }, view: { campaigns: new Map() } }), {
    config,
    clock,
    random,
    log,
    store,
    warehouse: noWarehouse,
    logger,
    metrics: createWorkerMetrics(),
  });

let worker: Promise<Runner> | null = startWorker();
const report = () => void process.send?.({ progress: deciders.progress });
clock.every(
  100,
  () => watermarks.refresh(),
  () => undefined,
);
clock.every(250, report, () => undefined);
await watermarks.refresh();
const deciding = deciders.run(orders.concurrency);

process.on('message', async (order) => {
  if (order === 'stop-worker') {
    await (await worker)?.close();
    worker = null;
  }
  if (order === 'start-worker') worker ??= startWorker();
  if (order === 'stop-deciding') {
    deciders.stop();
    await deciding;
    await beacons.drain();
    report();
    process.send?.({ drained: true });
  }
  if (order === 'end') {
    await (await worker)?.close();
    await log.close();
    await store.close();
    process.exit();
  }
});
process.on('disconnect', () => process.exit(1));
