import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { NativeServer } from '../../compose/native/native-server.ts';
import { serversDown, serversUp } from '../../compose/native/servers.ts';
import { systemClock } from '../../engines/clock.ts';
import { cacheFolder, environmentWith, readConfig } from '../../engines/config.ts';
import { migrate, openEventLog, openWarehouse } from '../../engines/open.ts';
import { median } from './interleave.ts';
import type { PipelineDone, PipelineJob } from './pipeline-child.ts';
import { appendLoad } from './pipeline-load.ts';
import { atLeast, type BenchOptions, type Rows, range, told } from './rows.ts';

const ROUNDS = 5;
/** Each with the beacons of its ads: about 95,000 records. With a third of them, much of what the decoder took was the compiler. */
const REQUESTS = 5_000;
const TOPICS = ['ad-requests', 'ad-beacons'];
const WORKERS = ['frequency', 'pacing', 'scoring', 'warehouse'];
const FLOOR = 0.3;
const AIM = 0.4;
/** Of /proc/<pid>/stat: Linux counts in hundredths of a second everywhere. */
const TICK_MICROS = 10_000;

interface Bed {
  readonly environment: Record<string, string>;
  readonly chdbPid: number;
  readonly ends: PipelineJob['ends'];
  readonly records: number;
  empty(): Promise<void>;
}

/**
 * What the workers do with a record, in CPU, against a consumer of the same log that only decodes it. The floor is held against a
 * record and group: what a worker takes of what it reads. What an operator pays for an event, through all groups, stands beside it.
 */
export async function benchPipeline({ say }: BenchOptions): Promise<Rows> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  const path = join(folder, 'servers');
  try {
    const servers = await serversUp({ path, cacheDir: cacheFolder(), onProgress: say });
    const bed = await makeBed(folder, servers, say);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(await runRound(bed, round));
      say(`  round ${round + 1} of ${ROUNDS}: ${JSON.stringify(rounds.at(-1))}`);
    }
    return rowsOf(rounds, bed.records);
  } finally {
    await serversDown(path);
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeBed(folder: string, servers: readonly NativeServer[], say: (line: string) => void): Promise<Bed> {
  const urlOf = (name: string) => servers.find((server) => server.name === name)?.url ?? '';
  const environment = environmentWith({
    DATA_DIR: folder,
    EVENT_LOG: urlOf('kafka'),
    STATE_STORE: urlOf('redis'),
    WAREHOUSE: urlOf('clickhouse'),
    CATALOG: urlOf('postgresql'),
    LOG_LEVEL: 'error',
  });
  const config = readConfig(environment);
  const clock = systemClock();
  const urls = { catalogUrl: urlOf('postgresql'), warehouseUrl: urlOf('clickhouse') };
  await migrate(config, clock, urls, () => undefined);
  const log = await openEventLog(config, clock);
  try {
    const records = await appendLoad(log, REQUESTS, clock.now());
    say(`  ${records} records in Kafka`);
    const ends = Object.fromEntries(await Promise.all(TOPICS.map(async (topic) => [topic, await log.ends(topic)])));
    const chdbPid = servers.find(({ name }) => name === 'clickhouse')?.pid ?? 0;
    const empty = async () => {
      await emptyWarehouse(urls.warehouseUrl);
      await emptyStore(urlOf('redis'));
    };
    return { environment, chdbPid, ends, records, empty };
  } finally {
    await log.close();
  }
}

/** Raw rows and roll-ups of the round before would be found by first sight. */
async function emptyWarehouse(url: string): Promise<void> {
  const warehouse = await openWarehouse(url);
  try {
    const tables = await warehouse.query<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = 'breakwater' AND engine LIKE '%MergeTree' AND name NOT LIKE '%migrations%'`,
    );
    for (const { name } of tables) await warehouse.run(`TRUNCATE TABLE breakwater.\`${name}\``);
  } finally {
    await warehouse.close();
  }
}

/** Heads of the job before would say that there is nothing left to do. */
async function emptyStore(url: string): Promise<void> {
  const redis = new Redis(url);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

/** CPU for one record and group, microseconds; of ClickHouse for one record. */
interface Round {
  readonly decode: number;
  readonly all: number;
  /** For one record through all groups. */
  readonly event: number;
  readonly each: Readonly<Record<string, number>>;
  readonly chdb: number;
  readonly chdbPlain: number;
}

/** Which comes first changes from round to round. Each worker alone is measured once, the warehouse's, for ClickHouse, always. */
async function runRound(bed: Bed, round: number): Promise<Round> {
  const job = (...names: string[]) => runJob(bed, names);
  const steps: Record<string, Measured> = {};
  const order = [
    ['decode', () => job('decode')],
    ['all', () => job(...WORKERS)],
    ...(round === 0 ? WORKERS : ['warehouse']).map((name) => [name, () => job(name)] as const),
    ['insert', () => job('insert')],
  ] as const;
  for (const [name, run] of round % 2 === 0 ? order : order.toReversed()) steps[name] = await run();
  const of = (name: string) => steps[name]?.micros ?? Number.NaN;
  return {
    decode: of('decode'),
    all: of('all'),
    event: steps.all?.eventMicros ?? Number.NaN,
    each: Object.fromEntries(WORKERS.flatMap((name) => (steps[name] ? [[name, of(name)]] : []))),
    chdb: steps.warehouse?.chdbMicros ?? Number.NaN,
    chdbPlain: steps.insert?.chdbMicros ?? Number.NaN,
  };
}

interface Measured {
  readonly micros: number;
  readonly eventMicros: number;
  readonly chdbMicros: number;
}

/** One process that reads everything from the beginning, with nothing known of it: an empty Redis and warehouse. */
async function runJob(bed: Bed, names: readonly string[]): Promise<Measured> {
  await bed.empty();
  const child = fork(fileURLToPath(new URL('pipeline-child.ts', import.meta.url)), { env: bed.environment });
  const before = cpuOf(bed.chdbPid);
  const job: PipelineJob = { names, group: `bench-${randomUUID()}`, topics: TOPICS, ends: bed.ends };
  child.send(job);
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${names} ended with ${code}`)));
  const [done] = (await Promise.race([once(child, 'message'), failed])) as [PipelineDone];
  await failed.catch(() => undefined);
  return {
    micros: done.cpuMicros / done.records,
    eventMicros: done.cpuMicros / bed.records,
    chdbMicros: (cpuOf(bed.chdbPid) - before) / bed.records,
  };
}

/** User and system time of a process, microseconds. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

function rowsOf(rounds: readonly Round[], records: number): Rows {
  const ratio = (of: (round: Round) => number) => rounds.map((round) => round.decode / of(round)).sort((a, b) => a - b);
  const perSecond = (of: (round: Round) => number) =>
    Math.round(1e6 / median(rounds.map(of).filter((value) => !Number.isNaN(value))));
  const all = ratio(({ all }) => all);
  const decoded = `a consumer that only decodes: ${perSecond(({ decode }) => decode)} a CPU-second`;
  const rows: Record<string, Rows[string]> = {
    pipeline_events_per_cpu_second_over_decode: atLeast(
      median(all),
      FLOOR,
      AIM,
      `${perSecond(({ all }) => all)} records a CPU-second through all four groups of one process; ${decoded}; ${records} records, ${range(all)}`,
    ),
  };
  const event = ratio(({ event }) => event);
  rows.pipeline_whole_over_decode = told(
    median(event),
    `${perSecond(({ event }) => event)} events a CPU-second from Kafka to Redis and ClickHouse, each through ${WORKERS.length} groups that read and decode it anew, over one that decodes it once; ${range(event)}`,
  );
  for (const name of WORKERS) {
    const own = ratio(({ each }) => each[name] ?? Number.NaN).filter((value) => !Number.isNaN(value));
    rows[`pipeline_${name}_over_decode`] = told(
      median(own),
      `${perSecond(({ each }) => each[name] ?? Number.NaN)} records a CPU-second, alone in a process; ${range(own)}`,
    );
  }
  const chdb = median(rounds.map((round) => round.chdb));
  const plain = median(rounds.map((round) => round.chdbPlain));
  rows.clickhouse_cpu_ms_per_1000_events = told(
    chdb,
    `with first sights and roll-ups; plain inserts of the same rows in the same flushes take ${plain.toPrecision(3)} ms`,
  );
  rows.clickhouse_cpu_over_plain_inserts = told(chdb / plain, 'ClickHouse CPU, the warehouse worker ÷ plain inserts');
  return rows;
}
