import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepCatalog } from '../../decision-api/catalog/catalog-file.ts';
import { seedHeads } from '../../decision-api/test-heads.ts';
import type { Campaign } from '../../domain/campaign.ts';
import { systemClock } from '../../engines/clock.ts';
import { environmentWith } from '../../engines/config.ts';
import type { EventLog, LogRecord } from '../../engines/event-log/event-log.ts';
import { openLmdbStateStore } from '../../engines/state-store/lmdb-state-store.ts';
import { decode } from '../../schemas/codec.ts';

export const PARTITIONS = 4;
const BREAKWATER = fileURLToPath(new URL('../../cli/breakwater.mjs', import.meta.url));

/** A decision API as a process of its own. Its catalog is the snapshot on its disk: there is no Postgres. */
export interface Serving {
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>;
  degraded(): Promise<readonly string[]>;
  metric(name: string, labels?: string): Promise<number>;
}

/** A data folder with a catalog on its disk and a state store that says that all is applied. */
export async function makeFolder(campaigns: readonly Campaign[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-away-'));
  const clock = systemClock();
  await keepCatalog(folder, { campaigns, pods: [], positions: [] }, clock.now());
  const store = openLmdbStateStore({ path: join(folder, 'state'), clock });
  await seedHeads(store, { beacons: PARTITIONS, requests: PARTITIONS });
  await store.close();
  return folder;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

export async function serve(folder: string, settings: Record<string, string>): Promise<Serving> {
  const child = fork(BREAKWATER, ['serve', 'decision'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: environmentWith({
      PORT: '0',
      MANAGEMENT_PORT: '0',
      DATA_DIR: folder,
      CATALOG: 'postgres://127.0.0.1:9/none',
      PARTITIONS: String(PARTITIONS),
      PEPPER: 'p'.repeat(32),
      TOKEN_KEYS: `k1:${'s'.repeat(32)}`,
      LOG_CLOCK_MARGIN: '0s',
      LOG_LEVEL: 'fatal',
      ...settings,
    }),
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const told = new Promise<string>((resolve) => {
    child.on('message', (news: { endpoints?: { decisionApi?: string } }) => resolve(news.endpoints?.decisionApi ?? ''));
  });
  const url = await Promise.race([told, ended.then((code) => Promise.reject(new Error(`it ended with ${code}`)))]);
  const ask = async (path: string) => (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5_000) })).text();
  const serving: Serving = {
    url,
    process: child,
    ended,
    degraded: async () => JSON.parse(await ask('/health/ready')).degraded,
    async metric(name, labels = '') {
      const lines = (await ask('/metrics')).split('\n');
      const found = lines.filter((line) => new RegExp(`^breakwater_${name}[ {]`).test(line) && line.includes(labels));
      return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
  return serving;
}

/** Every record of a topic but ticks. */
export async function readTopic(log: EventLog, topic: string): Promise<(LogRecord & { readonly event: Event })[]> {
  const ends = await log.ends(topic);
  const left = new Set(ends.flatMap((end, partition) => (end > 0 ? [partition] : [])));
  const found: (LogRecord & { readonly event: Event })[] = [];
  if (left.size === 0) return found;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const subscription = await log.subscribe(`reader-${crypto.randomUUID()}`, [topic], {
    resume: async () => 0,
    async apply(records) {
      for (const record of records) {
        const { name, value } = decode(record.value);
        if (name === 'ad-request' || name === 'ad-beacon') found.push({ ...record, event: value });
        if (record.offset + 1 >= (ends[record.partition] ?? 0)) left.delete(record.partition);
      }
      if (left.size === 0) resolve();
    },
  });
  await done;
  await subscription.stop();
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

interface Event {
  readonly arrival_id: string;
  readonly request_id: string;
  readonly cachebuster?: string | null;
}
