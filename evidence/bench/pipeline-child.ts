import { pino } from 'pino';
import { collectSeldom } from '../../cli/collect-seldom.ts';
import { behind, type Ends, type Group } from '../../cli/lag.ts';
import { systemClock } from '../../engines/clock.ts';
import { readConfig } from '../../engines/config.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { openCatalog, openEventLog, openStateStore, openSuppressions, openWarehouse } from '../../engines/open.ts';
import { systemRandom } from '../../engines/random.ts';
import { decodeOf } from '../../schemas/codec.ts';
import { startWorkers } from '../../stream-workers/main.ts';
import { isWorkerName } from '../../stream-workers/workers.ts';
import { plainInserts } from './plain-inserts.ts';

/** What the parent wants: workers by name, or `decode` or `insert`; and the records that are there to be consumed. */
export interface PipelineJob {
  readonly names: readonly string[];
  /** Of the group of `decode` and `insert`: one that was never used starts at the beginning. */
  readonly group: string;
  readonly topics: readonly string[];
  readonly ends: Readonly<Record<string, readonly number[]>>;
}

export interface PipelineDone {
  /** CPU of this process from its first record on, and those that it applied, over all groups. */
  readonly cpuMicros: number;
  readonly records: number;
}

collectSeldom();
const LOOK_MS = 100;
const clock = systemClock();

process.once('message', (job: PipelineJob) => {
  work(job).then(
    (done) => process.send?.(done, () => process.exit()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});

async function work(job: PipelineJob): Promise<PipelineDone> {
  const config = readConfig();
  const log = await openEventLog(config, clock);
  const began = process.cpuUsage();
  const records = job.names.every(isWorkerName) ? await runWorkers(job, log) : await consumeAll(job, log);
  const { user, system } = process.cpuUsage(began);
  return { cpuMicros: user + system, records };
}

async function runWorkers(job: PipelineJob, log: EventLog): Promise<number> {
  const config = readConfig();
  const names = job.names.filter(isWorkerName);
  const store = await openStateStore(config, clock);
  await startWorkers({
    names,
    config,
    clock,
    random: systemRandom(clock),
    log,
    store,
    warehouse: await openWarehouse(config.warehouseUrl ?? ''),
    catalog: await openCatalog(config.catalogUrl ?? ''),
    suppressions: await openSuppressions(config.catalogUrl ?? ''),
    logger: pino({ level: 'error' }),
    ports: [0],
  });
  const ends: Ends = new Map(Object.entries(job.ends));
  const groups: readonly Group[] = names;
  const late = async () => (await Promise.all(groups.map((group) => behind(store, group, ends, 0)))).flat().length;
  while ((await late()) > 0) await clock.sleep(LOOK_MS);
  return groups.reduce((total, group) => total + countOf(job, reads[group]), 0);
}

/** Which of the loaded topics each group applies. */
const reads: Readonly<Record<Group, readonly string[]>> = {
  frequency: ['ad-beacons', 'ad-requests'],
  pacing: ['ad-beacons', 'ad-requests'],
  scoring: ['ad-beacons'],
  warehouse: ['ad-beacons', 'ad-requests'],
};

function countOf({ ends }: PipelineJob, topics: readonly string[]): number {
  return topics.flatMap((topic) => ends[topic] ?? []).reduce((total, end) => total + end, 0);
}

/** Reads every record once: only decoded, or put into the warehouse as plain rows. */
async function consumeAll(job: PipelineJob, log: EventLog): Promise<number> {
  const inserts = job.names.includes('insert')
    ? plainInserts(await openWarehouse(readConfig().warehouseUrl ?? ''))
    : null;
  const left = new Set(
    job.topics.flatMap((topic) => (job.ends[topic] ?? []).flatMap((end, at) => (end > 0 ? [`${topic}/${at}`] : []))),
  );
  const { promise: done, resolve } = Promise.withResolvers<void>();
  await log.subscribe(
    job.group,
    job.topics,
    {
      resume: async () => 0,
      async apply(records, { topic, partition }) {
        const decoded = records.map((record) => ({ ...record, record: decodeOf(topic, record.value) }));
        await inserts?.add(decoded);
        if ((records.at(-1)?.offset ?? -1) + 1 >= (job.ends[topic]?.[partition] ?? 0))
          left.delete(`${topic}/${partition}`);
        if (left.size === 0) resolve();
      },
    },
    { maxBatch: 500 },
  );
  await done;
  return countOf(job, job.topics);
}
