import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { demoCatalog } from '../../cli/demo/catalog.ts';
import { writeRunFiles } from '../../cli/demo/run-folder.ts';
import { loopbackPort } from '../../compose/native/server-process.ts';
import { systemClock } from '../../engines/clock.ts';
import { type Config, environmentWith, readConfig } from '../../engines/config.ts';
import { migrate, openCatalog } from '../../engines/open.ts';
import { ProcessPool } from './process-pool.ts';
import { type RealServers, startRealServers } from './real-servers.ts';
import { type Lane, lanes } from './schedule.ts';
import { settings } from './settings.ts';
import { Wires } from './wires.ts';

const DAY_MS = 86_400_000;
const WORKERS_MOST = 4;
const ATTEMPTS = 200;
/** Below what systems give to outgoing connections: one of those could sit on the port of a process that was killed. */
const [PORT_LOW, PORT_HIGH] = [16_000, 32_000];

export interface WorldOptions {
  readonly folder: string;
  readonly seed: number;
  readonly forMs: number;
  readonly workers: number;
  readonly report: (line: string) => void;
}

/** Everything that runs: real servers, wires to them, processes that use them. */
export interface World {
  readonly servers: RealServers;
  readonly wires: Wires;
  readonly pool: ProcessPool;
  /** Straight to the servers, past the wires: for those who look on. */
  readonly config: Config;
  /** Where viewers ask. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it in a fresh folder and seeds the catalog. Resolves when all are ready. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { folder, report } = options;
  const opened: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const wires = await Wires.open();
    opened.push(() => wires[Symbol.asyncDispose]());
    report('starting Kafka, Redis, PostgreSQL and the ClickHouse engine');
    const servers = await startRealServers(join(folder, 'servers'), wires.kafkaPorts(), report);
    opened.push(() => servers.stop());
    wires.aim(servers);
    const common = commonSettings(wires);
    const config = directConfig(folder, servers, common);
    await migrate(config, systemClock(), urlsOf(servers), report);
    await seedCatalog(config, options);
    const apis = await quietPorts(settings.decision_apis);
    wires.viewers.aim(apis);
    const environment = (lane: Lane) => environmentWith({ ...common, ...wires.settings(lane, servers) });
    const pool = new ProcessPool({
      path: join(folder, 'processes'),
      apis,
      workers: await quietPorts(WORKERS_MOST),
      environments: Object.fromEntries(lanes.map((lane) => [lane, environment(lane)])) as Record<
        Lane,
        Record<string, string>
      >,
      report,
    });
    opened.push(() => pool.stop());
    report(`starting ${apis.length} decision APIs, management and ${options.workers} worker`);
    await pool.start(options.workers);
    return { servers, wires, pool, config, url: common.PUBLIC_URL, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function commonSettings(wires: Wires) {
  const ms = (value: number) => `${value}ms`;
  return {
    PUBLIC_URL: `http://127.0.0.1:${wires.viewers.port}`,
    TOKEN_LIFE: ms(settings.token_life_ms),
    PLAYBACK_SPEED: '1000',
    CLICK_TOKEN_LIFE: ms(settings.token_life_ms),
    LOG_CLOCK_MARGIN: ms(settings.log_clock_margin_ms),
    TICK_AFTER: ms(settings.tick_after_ms),
    SESSION_TIMEOUT: ms(settings.session_timeout_ms),
    PEPPER: randomBytes(32).toString('base64url'),
    TOKEN_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
  };
}

function urlsOf({ all }: RealServers): { catalogUrl: string; warehouseUrl: string } {
  return { catalogUrl: all.postgres.url, warehouseUrl: all.chdb.url };
}

function directConfig(folder: string, servers: RealServers, common: Readonly<Record<string, string>>): Config {
  const { all } = servers;
  return readConfig(
    environmentWith({
      ...common,
      DATA_DIR: folder,
      EVENT_LOG: all.kafka.url,
      STATE_STORE: all.redis.url,
      WAREHOUSE: all.chdb.url,
      CATALOG: all.postgres.url,
    }),
  );
}

/** The demo's campaigns, with budgets for so long a run, and what the audit holds the run against. */
async function seedCatalog(config: Config, { folder, seed, forMs, report }: WorldOptions): Promise<void> {
  const startedAt = systemClock().now();
  const times = {
    startsAt: startedAt,
    endsAt: startedAt + 30 * DAY_MS,
    pacedUntil: startedAt + forMs + 20_000,
    scale: Math.max(1, Math.round(forMs / 120_000)),
  };
  const catalog = await openCatalog(config.catalogUrl ?? '');
  try {
    for (const campaign of demoCatalog(times)) await catalog.putCampaign(campaign);
    const { campaigns } = await catalog.snapshot();
    writeRunFiles(folder, config, campaigns, { seed, startedAt });
    report(`seeded ${campaigns.length} campaigns`);
  } finally {
    await catalog.close();
  }
}

/** Ports that are free now and that nobody will get by chance. */
async function quietPorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < ATTEMPTS; tries++) {
    const wanted = randomInt(PORT_LOW, PORT_HIGH);
    if ((await loopbackPort(wanted)) === wanted) found.add(wanted);
  }
  if (found.size < count) throw new Error(`no ${count} free ports between ${PORT_LOW} and ${PORT_HIGH}`);
  return [...found];
}
