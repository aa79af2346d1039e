import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startDecisionApi } from '../decision-api/main.ts';
import { systemClock, VirtualClock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { readConfig } from '../engines/config.ts';
import { catalogUrl, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import {
  makeTopics,
  openCatalog,
  openEventLog,
  openStateStore,
  openSuppressions,
  openWarehouse,
} from '../engines/open.ts';
import { seededRandom } from '../engines/random.ts';
import { withSecrets } from '../engines/secrets.ts';
import { startManagement } from '../management-api/main.ts';
import { startWorkers, type WorkersOptions } from '../stream-workers/main.ts';
import { announce, runUntilStopped } from './child.ts';
import { catchUp } from './lag.ts';
import { createLogger } from './logger.ts';

/** Virtual time between the start and the first request; must be enough for everything to be ready. */
const WARM_UP_MS = 5_000;
const WARM_UP_STEP_MS = 100;
const LAST_WORDS_MS = 6_000;
const BODY_BYTES_MAX = 1_024;

/** API, management and all workers in one process on a clock that only POST /clock moves; VIRTUAL_SEED must be set. */
export async function virtualHost(): Promise<never> {
  const config = withSecrets(readConfig());
  const logger = createLogger(config, 'virtual-host');
  return runUntilStopped(logger, async (opened) => {
    if (config.virtual === null) throw new EngineError('misconfigured', 'VIRTUAL_SEED is not set');
    const clock = new VirtualClock(config.virtual.startMs);
    // Everyone draws from a stream of their own: how often one draws does not change what another gets.
    const random = (stream: number) => seededRandom(clock, (config.virtual?.seed ?? 0) * 16 + stream);
    const log = await openEventLog(config, clock);
    opened('event log', () => log.close());
    await makeTopics(log, config);
    const store = await openStateStore(config, clock);
    opened('state store', () => store.close());
    const catalog = await openCatalog(catalogUrl(config));
    opened('catalog', () => catalog.close());
    const suppressions = await openSuppressions(catalogUrl(config));
    opened('suppressions', () => suppressions.close());
    const common = { config, clock, log, catalog, suppressions, logger };
    const management = await startManagement(common);
    opened('management', () => management.close());
    const warehouse = await openWarehouse(warehouseUrl(config));
    opened('warehouse', () => warehouse.close());
    // Opened before the others, so that it is closed after them and hears their last words.
    const filling = await fillWarehouse({ ...common, random: random(3), store, warehouse });
    opened('warehouse worker', filling);
    const names = ['frequency', 'pacing', 'scoring'] as const;
    const workers = await startWorkers({ ...common, names, random: random(1), store, warehouse });
    opened('workers', () => workers.close());
    const api = await startDecisionApi({ ...common, random: random(2), store });
    opened('decision API', () => api.close());
    await warmUp(clock, config, api.ready());
    const control = await serveClock(clock, config.host);
    opened('control', () => closeServer(control));
    const controlUrl = `http://${config.host}:${(control.address() as AddressInfo).port}`;
    announce(config, { decisionApi: api.url, workers: { all: workers.url }, control: controlUrl });
    logger.info({ url: api.url, control: controlUrl, now: clock.now() }, 'standing still');
  });
}

/**
 * The warehouse worker, beside the lock-step: no decision depends on it, and on the virtual clock it would recompute
 * roll-ups for every few records. It reads the log through a handle of its own whose clock goes on in real time.
 */
async function fillWarehouse(options: Omit<WorkersOptions, 'names'>): Promise<() => Promise<void>> {
  const real = systemClock();
  const offset = options.clock.now() - real.now();
  const clock = { ...real, now: () => real.now() + offset };
  const config = { ...options.config, virtual: null, workerPort: 0 };
  // Inline like the other handle of this process: one that waits for this thread while it holds the lock would wait for ever.
  const log = await openEventLog(config, clock, true);
  const worker = await startWorkers({ ...options, names: ['warehouse'], config, clock, log });
  return async () => {
    await catchUp(log, options.store, 'warehouse', LAST_WORDS_MS, real.sleep);
    await worker.close();
    await log.close();
  };
}

/** Moves the clock by a fixed way, so that a run begins at the same time however long the machine took. */
async function warmUp(clock: VirtualClock, config: Config, ready: Promise<void>): Promise<void> {
  let isReady = false;
  const done = ready.then(() => {
    isReady = true;
  });
  const begin = (config.virtual?.startMs ?? 0) + WARM_UP_MS;
  while (clock.now() < begin) {
    await clock.advance(Math.min(begin, clock.now() + WARM_UP_STEP_MS));
    await nextTurn();
  }
  if (!isReady) await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 5_000))]);
  if (!isReady) throw new Error(`the decision API is not ready after ${WARM_UP_MS} ms of virtual time`);
}

async function serveClock(clock: VirtualClock, host: string): Promise<Server> {
  // One advance at a time: the clock is moved by one simulator, and by the demo after it.
  let moving: Promise<void> = Promise.resolve();
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (request.url !== '/clock') return answer(404, { title: 'Not found', status: 404 });
    if (request.method === 'GET') return answer(200, { now: clock.now() });
    moving = moving
      .then(async () => {
        const wanted = await readNow(request);
        if (wanted === null) return answer(400, { title: 'Expected {"now": epoch ms}', status: 400 });
        await clock.advance(wanted);
        answer(200, { now: clock.now() });
      })
      .catch((error: unknown) =>
        answer(409, { title: error instanceof Error ? error.message : String(error), status: 409 }),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return server;
}

async function readNow(request: IncomingMessage): Promise<number | null> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_BYTES_MAX) return null;
  }
  try {
    const { now } = JSON.parse(text) as { now?: unknown };
    return typeof now === 'number' && Number.isSafeInteger(now) ? now : null;
  } catch {
    return null;
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
