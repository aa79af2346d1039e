import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { collectSeldom } from '../../cli/collect-seldom.ts';
import { startDecisionApi } from '../../decision-api/main.ts';
import { seedHeads } from '../../decision-api/test-heads.ts';
import type { Catalog } from '../../engines/catalog/catalog.ts';
import { systemClock } from '../../engines/clock.ts';
import { environmentWith, readConfig } from '../../engines/config.ts';
import { openEventLog, openStateStore, topicSpecs } from '../../engines/open.ts';
import { systemRandom } from '../../engines/random.ts';
import { decidableCampaigns } from './decide-catalog.ts';

/**
 * The decision API on the real Redis and the embedded log, with so many campaigns: `decide-child.ts CAMPAIGNS REDIS_URL`. The
 * catalog is handed over instead of read from PostgreSQL, which no decision asks; heads say that workers have caught up.
 */
collectSeldom();
const [campaigns = '10000', redis = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
const config = readConfig(environmentWith({ DATA_DIR: folder, STATE_STORE: redis, LOG_LEVEL: 'fatal', EVENT_LOG: '' }));
const clock = systemClock();
const log = await openEventLog(config, clock);
await log.ensureTopics(topicSpecs(config));
const store = await openStateStore(config, clock);
await seedHeads(store, { beacons: config.partitions, requests: config.partitions });
const catalogOf = decidableCampaigns(Number(campaigns), 7);
const refuse = async () => {
  throw new Error('the bench writes no catalog');
};
const catalog: Catalog = {
  // As the catalog does: only what is newer than what is held.
  snapshot: async ({ held = new Map() } = {}) => ({
    campaigns: catalogOf.filter(({ id, version }) => version > (held.get(id) ?? 0)),
    pods: [],
  }),
  putCampaign: refuse,
  setStatus: refuse,
  outbox: refuse,
  relayed: refuse,
  close: async () => undefined,
};
const logger = pino({ level: 'fatal' });
const api = await startDecisionApi({
  config,
  clock,
  random: systemRandom(clock),
  log,
  store,
  catalog,
  logger,
  ports: [0],
});
await api.ready();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.on('disconnect', async () => {
  await api.close();
  await log.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
process.send?.({ url: api.url });
