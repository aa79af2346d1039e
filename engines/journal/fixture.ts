import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode } from '../../schemas/codec.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { EngineError } from '../errors.ts';
import type { EventLog, LogRecord, OutRecord } from '../event-log/event-log.ts';
import { openLmdbEventLog } from '../event-log/lmdb-event-log.ts';
import { systemRandom } from '../random.ts';
import { Adopter, type AdopterOptions } from './adopter.ts';
import { OwnedJournal, type OwnedJournalOptions } from './owned-journal.ts';

const clock = systemClock();

/** A folder of journals and a real log beside them that can be told to be away, or not to want something. */
export interface Bench extends AsyncDisposable {
  readonly journals: string;
  readonly log: EventLog;
  away: boolean;
  /** Values that the log refuses for good. */
  readonly refused: Set<string>;
  open(given?: Partial<OwnedJournalOptions>): Promise<OwnedJournal>;
  adopter(given?: Partial<AdopterOptions>): Adopter;
  /** The values of a topic's only partition, in order. */
  logged(topic?: string): Promise<string[]>;
}

export async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-journal-'));
  const real = openLmdbEventLog({ path: join(folder, 'log'), clock });
  const names = ['ad-requests', 'ad-beacons'];
  await real.ensureTopics(names.map((name) => ({ name, partitions: 1, retentionMs: 86_400_000 })));
  const open: OwnedJournal[] = [];
  const adopters: Adopter[] = [];
  const bench: Bench = {
    journals: join(folder, 'journal'),
    away: false,
    refused: new Set(),
    log: {
      ...real,
      async append(topic, records) {
        if (bench.away) throw new EngineError('unavailable', 'the log is away');
        if (records.some(({ value }) => bench.refused.has(value.toString()))) throw new EngineError('refused', 'no');
        return real.append(topic, records);
      },
    },
    async open(given = {}) {
      const journal = await OwnedJournal.open({ ...journalDefaults(bench), ...given });
      open.push(journal);
      return journal;
    },
    adopter(given = {}) {
      const adopter = new Adopter({ ...adopterDefaults(bench, folder), ...given });
      adopters.push(adopter);
      return adopter;
    },
    logged: async (topic = 'ad-requests') =>
      (await readTopic(real, topic)).map(({ value }) => (value[0] === 0 ? markOf(value) : value.toString())),
    async [Symbol.asyncDispose]() {
      for (const adopter of adopters) await adopter.close();
      for (const journal of open) await journal.abandon();
      await real.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

/** A journal's word of itself, beside the plain text that these tests ship. */
function markOf(value: Buffer): string {
  const { name, value: mark } = decode(value);
  if (name !== 'journal-mark') throw new Error(`a record ${name} among plain text`);
  return mark.closed ? 'closed' : 'open';
}

function journalDefaults({ journals, log }: Bench): OwnedJournalOptions {
  return {
    journals,
    log,
    clock,
    random: systemRandom(clock),
    bytesMax: 2 ** 30,
    diskFreeBytesMin: 0,
    onShipped: () => undefined,
    onDead: () => undefined,
    onLost: () => undefined,
    onBreaker: () => undefined,
    onError: () => undefined,
  };
}

function adopterDefaults({ journals, log }: Bench, dataDir: string): AdopterOptions {
  return {
    journals,
    log,
    clock,
    random: systemRandom(clock),
    config: readConfig({ DATA_DIR: dataDir }),
    everyMs: 50,
    isOwn: () => false,
    onAdopting: () => undefined,
    onShipped: () => undefined,
    onAdopted: () => undefined,
    onDead: () => undefined,
    onCounted: () => undefined,
    onError: () => undefined,
  };
}

export function texts(...values: readonly string[]): OutRecord[] {
  return values.map((value) => ({ partition: 0, key: 'k', value: Buffer.from(value) }));
}

async function readTopic(log: EventLog, topic: string): Promise<LogRecord[]> {
  const [end = 0] = await log.ends(topic);
  const found: LogRecord[] = [];
  if (end === 0) return found;
  const { promise, resolve } = Promise.withResolvers<void>();
  const subscription = await log.subscribe(crypto.randomUUID(), [topic], {
    resume: async () => 0,
    async apply(records) {
      found.push(...records);
      if (found.length >= end) resolve();
    },
  });
  await promise;
  await subscription.stop();
  return found;
}

/** A process that puts records into a journal of its own; what it was told is kept. */
export async function startWriter(journals: string) {
  const child = fork(fileURLToPath(new URL('./test-child.ts', import.meta.url)), [journals]);
  const kept: { readonly text: string; readonly number: number }[] = [];
  const told: string[] = [];
  const path = await new Promise<string>((resolve) => child.once('message', (first) => resolve(String(first))));
  child.on('message', (news) => {
    if (typeof news === 'string') told.push(news);
    else kept.push(news as { text: string; number: number });
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    path,
    kept,
    told,
    signal: (name: NodeJS.Signals) => child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
