import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Clock } from '../clock.ts';
import { makeTopic } from './contract-fixture.ts';
import type { EventLog, LogRecord } from './event-log.ts';

const script = new URL('contract-child.ts', import.meta.url).pathname;

/** What an adapter hands to each behaviour of several processes. */
export interface ProcessFixture {
  readonly log: EventLog;
  /** Where the children find the same log: a folder, or a URL. */
  readonly place: string;
  /** After this long a silent member is replaced. */
  readonly leaseMs: number;
  /** How much longer sharing anew may take. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** Ended by the caller, however the behaviour went. */
  readonly children: Child[];
}

/** One promise among processes, by name; `check` rejects where an adapter breaks it. */
export interface ProcessBehaviour {
  readonly name: string;
  check(fixture: ProcessFixture): Promise<void>;
}

interface Line {
  readonly partition?: number;
  readonly offset?: number;
  readonly text?: string;
  readonly resumed?: number;
  readonly lost?: number;
}

export interface Child {
  readonly process: ChildProcess;
  readonly lines: Line[];
  /** Resolves when the process is gone and all it told has been read. */
  readonly gone: Promise<unknown>;
}

/** How long a process may take to start. */
const START_MS_MAX = 15_000;

function start({ place, children }: ProcessFixture, mode: 'append' | 'consume', topic: string): Child {
  const name = `${children.length}`;
  const child = spawn(process.execPath, [script, mode, place, topic, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Line[] = [];
  const reader = createInterface({ input: child.stdout });
  // A killed process may leave half a line: that one was not told.
  reader.on('line', (line) => line.endsWith('}') && lines.push(JSON.parse(line)));
  const started = { process: child, lines, gone: once(reader, 'close') };
  children.push(started);
  return started;
}

async function until({ clock }: ProcessFixture, what: string, patienceMs: number, met: () => boolean): Promise<void> {
  const since = clock.now();
  while (!met()) {
    assert.ok(clock.now() - since <= patienceMs, `${what}: not within ${patienceMs} ms`);
    await clock.sleep(10);
  }
}

const resumes = ({ lines }: Child) => lines.filter(({ resumed }) => resumed !== undefined).length;
const losses = ({ lines }: Child) => lines.filter(({ lost }) => lost !== undefined).length;

async function readAll(fixture: ProcessFixture, topic: string): Promise<LogRecord[]> {
  const { log } = fixture;
  const all: LogRecord[] = [];
  const apply = async (batch: readonly LogRecord[]) => void all.push(...batch);
  const subscription = await log.subscribe('reader', [topic], { resume: async () => 0, apply });
  // Asked behind the join: what a process had committed and not told when it was killed can show with the next commit only.
  const total = (await log.ends(topic)).reduce((sum, end) => sum + end, 0);
  await until(fixture, `${total} records`, 10_000, () => all.length >= total);
  await subscription.stop();
  return all.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** What holds among processes of which any may be killed or stopped. */
export const processContract: readonly ProcessBehaviour[] = [
  {
    name: 'no acknowledged append is lost when appenders are killed, and none leaves a hole, half a call or a falling time',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'killed', 2);
      const appenders = [1, 2, 3].map(() => start(fixture, 'append', topic));
      for (const appender of [...appenders]) {
        await until(fixture, 'an acknowledged append', START_MS_MAX, () => appender.lines.length > 300);
        appender.process.kill('SIGKILL');
        // As in a house: who was killed is started again.
        appenders.push(start(fixture, 'append', topic));
      }
      for (const appender of appenders) appender.process.kill('SIGKILL');
      await Promise.all(appenders.map((appender) => appender.gone));
      const all = await readAll(fixture, topic);
      const held = new Map(all.map((record) => [`${record.partition}/${record.offset}`, record.value.toString()]));
      for (const told of appenders.flatMap(({ lines }) => lines)) {
        assert.equal(held.get(`${told.partition}/${told.offset}`), told.text);
      }
      for (const partition of [0, 1]) {
        const here = all.filter((record) => record.partition === partition);
        assert.deepEqual(
          here.map(({ offset }) => offset),
          here.map((_, at) => at),
        );
        const times = here.map(({ appendedAt }) => appendedAt);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
        assert.equal(here.length % 3, 0);
      }
      assert.equal(new Set(all.map(({ value }) => value.toString())).size, all.length);
    },
  },
  {
    name: "a killed member's partitions go to the living after its lease, and are shared with who comes next",
    async check(fixture) {
      const { log, leaseMs, graceMs } = fixture;
      const topic = await makeTopic(log, 'taken', 4);
      const first = start(fixture, 'consume', topic);
      await until(fixture, 'the first joined', START_MS_MAX, () => resumes(first) === 4);
      const second = start(fixture, 'consume', topic);
      await until(fixture, 'two each', START_MS_MAX, () => resumes(second) === 2);
      assert.equal(losses(first), 2);
      first.process.kill('SIGKILL');
      await until(fixture, 'all four', leaseMs + graceMs, () => resumes(second) === 4);
      await log.append(
        topic,
        [0, 1, 2, 3].map((partition) => ({ partition, key: 'k', value: Buffer.from('a') })),
      );
      const offsets = () => second.lines.filter(({ offset }) => offset !== undefined);
      await until(fixture, 'four records', 2_000, () => offsets().length === 4);
    },
  },
  {
    name: 'a leaving member hands its partitions over without waiting for its lease',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'left', 2);
      const child = start(fixture, 'consume', topic);
      await until(fixture, 'joined', START_MS_MAX, () => resumes(child) === 2);
      const own = await fixture.log.subscribe('group', [topic], {
        resume: async () => 0,
        apply: async () => undefined,
      });
      child.process.stdin?.end();
      await child.gone;
      await until(fixture, 'both', fixture.graceMs, () => own.assigned().length === 2);
    },
  },
  {
    name: 'a member that slept through its lease hears that the partition is lost, and gets a share again',
    async check(fixture) {
      const { log, leaseMs, graceMs } = fixture;
      const topic = await makeTopic(log, 'slept', 2);
      const sleeper = start(fixture, 'consume', topic);
      await until(fixture, 'joined', START_MS_MAX, () => resumes(sleeper) === 2);
      const own = await log.subscribe('group', [topic], { resume: async () => 0, apply: async () => undefined });
      await until(fixture, 'one each', leaseMs + graceMs, () => own.assigned().length === 1);
      const before = losses(sleeper);
      sleeper.process.kill('SIGSTOP');
      await until(fixture, 'both', 2 * leaseMs + graceMs, () => own.assigned().length === 2);
      sleeper.process.kill('SIGCONT');
      await until(fixture, 'the sleeper hears', graceMs, () => losses(sleeper) > before);
      await until(fixture, 'one each again', leaseMs + graceMs, () => own.assigned().length === 1);
    },
  },
];
