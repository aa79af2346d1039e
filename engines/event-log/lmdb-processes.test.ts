import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { makeTopic } from './contract-fixture.ts';
import type { EventLog, LogRecord } from './event-log.ts';
import { openLmdbEventLog } from './lmdb-event-log.ts';

const clock = systemClock();
const script = new URL('contract-child.ts', import.meta.url).pathname;

interface Line {
  readonly partition?: number;
  readonly offset?: number;
  readonly text?: string;
  readonly resumed?: number;
  readonly lost?: number;
  readonly joined?: number;
}

interface Child {
  readonly process: ChildProcess;
  readonly lines: Line[];
  /** Resolves when the process is gone and all it told has been read. */
  readonly gone: Promise<unknown>;
}

let folder: string;
let log: EventLog;
let children: Child[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-log-'));
  log = openLmdbEventLog({ path: folder, clock });
  children = [];
});

afterEach(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await Promise.all(children.map((child) => child.gone));
  await log.close();
  await rm(folder, { recursive: true });
});

function start(mode: 'append' | 'consume', topic: string): Child {
  const name = `${children.length}`;
  const process_ = spawn(process.execPath, [script, mode, folder, topic, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Line[] = [];
  const reader = createInterface({ input: process_.stdout });
  // A killed process may leave half a line: that one was not told.
  reader.on('line', (line) => line.endsWith('}') && lines.push(JSON.parse(line)));
  const child = { process: process_, lines, gone: once(reader, 'close') };
  children.push(child);
  return child;
}

async function until(what: string, patienceMs: number, met: () => boolean): Promise<void> {
  const since = clock.now();
  while (!met()) {
    if (clock.now() - since > patienceMs) throw new Error(`${what}: not within ${patienceMs} ms`);
    await clock.sleep(10);
  }
}

async function readAll(topic: string): Promise<LogRecord[]> {
  const total = (await log.ends(topic)).reduce((sum, end) => sum + end, 0);
  const all: LogRecord[] = [];
  const apply = async (batch: readonly LogRecord[]) => void all.push(...batch);
  const subscription = await log.subscribe('reader', [topic], { resume: async () => 0, apply });
  await until(`${total} records`, 5_000, () => all.length >= total);
  await subscription.stop();
  return all.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

it('loses no acknowledged append when appenders are killed, and leaves no hole, no half call, no falling time', async () => {
  const topic = await makeTopic(log, 'killed', 2);
  const appenders = [start('append', topic), start('append', topic), start('append', topic)];
  for (const appender of appenders) {
    await until('an acknowledged append', 10_000, () => appender.lines.length > 300);
    appender.process.kill('SIGKILL');
  }
  await Promise.all(appenders.map((appender) => appender.gone));
  const all = await readAll(topic);
  const held = new Map(all.map((record) => [`${record.partition}/${record.offset}`, record.value.toString()]));
  for (const told of appenders.flatMap(({ lines }) => lines)) {
    expect(held.get(`${told.partition}/${told.offset}`)).toBe(told.text);
  }
  for (const partition of [0, 1]) {
    const here = all.filter((record) => record.partition === partition);
    expect(here.map(({ offset }) => offset)).toEqual(here.map((_, at) => at));
    const times = here.map(({ appendedAt }) => appendedAt);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(here.length % 3).toBe(0);
  }
  expect(new Set(all.map(({ value }) => value.toString())).size).toBe(all.length);
});

it('gives a killed member’s partitions to the living within 3 s, and shares them with who comes next', async () => {
  const topic = await makeTopic(log, 'taken', 4);
  const first = start('consume', topic);
  await until(
    'the first joined',
    10_000,
    () => first.lines.filter(({ resumed }) => resumed !== undefined).length === 4,
  );
  const second = start('consume', topic);
  await until('two each', 10_000, () => second.lines.filter(({ resumed }) => resumed !== undefined).length === 2);
  expect(first.lines.filter(({ lost }) => lost !== undefined)).toHaveLength(2);
  first.process.kill('SIGKILL');
  await until('all four', 3_000, () => second.lines.filter(({ resumed }) => resumed !== undefined).length === 4);
  await log.append(
    topic,
    [0, 1, 2, 3].map((partition) => ({ partition, key: 'k', value: Buffer.from('a') })),
  );
  const offsets = () => second.lines.filter(({ offset }) => offset !== undefined);
  await until('four records', 2_000, () => offsets().length === 4);
});

it('hands a leaving member’s partitions over at once', async () => {
  const topic = await makeTopic(log, 'left', 2);
  const child = start('consume', topic);
  await until('joined', 10_000, () => child.lines.filter(({ resumed }) => resumed !== undefined).length === 2);
  const resumed: number[] = [];
  const resume = async ({ partition }: { partition: number }) => resumed.push(partition) - 1;
  const own = await log.subscribe('group', [topic], { resume, apply: async () => undefined });
  child.process.stdin?.end();
  await child.gone;
  await until('both', 1_000, () => own.assigned().length === 2);
});

it('tells a member that slept through its lease that the partition is lost', async () => {
  const topic = await makeTopic(log, 'slept', 2);
  const sleeper = start('consume', topic);
  await until('joined', 10_000, () => sleeper.lines.filter(({ resumed }) => resumed !== undefined).length === 2);
  const own = await log.subscribe('group', [topic], { resume: async () => 0, apply: async () => undefined });
  await until('one each', 3_000, () => own.assigned().length === 1);
  const before = sleeper.lines.filter(({ lost }) => lost !== undefined).length;
  sleeper.process.kill('SIGSTOP');
  await until('both', 4_000, () => own.assigned().length === 2);
  sleeper.process.kill('SIGCONT');
  await until('the sleeper hears', 1_000, () => sleeper.lines.filter(({ lost }) => lost !== undefined).length > before);
  await until('one each again', 4_000, () => own.assigned().length === 1);
});
