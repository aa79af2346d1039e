import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, VirtualClock } from '../clock.ts';
import { eventLogContract } from './contract.ts';
import { makeTopic, records } from './contract-fixture.ts';
import type { Consumer, EventLog, LogRecord } from './event-log.ts';
import { openLmdbEventLog } from './lmdb-event-log.ts';

let folder: string;
let opened: EventLog[];
const failures: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-log-'));
  opened = [];
  failures.length = 0;
});

afterEach(async () => {
  for (const log of opened) await log.close();
  await rm(folder, { recursive: true });
});

function open(clock = systemClock() as ReturnType<typeof systemClock> | VirtualClock, inline = false): EventLog {
  const log = openLmdbEventLog({ path: folder, clock, inline, onError: (error) => failures.push(error) });
  opened.push(log);
  return log;
}

describe.each([false, true])('the event log contract on LMDB, inline: %s', (inline) => {
  const clock = systemClock();
  const { sleep } = clock;
  it.each(eventLogContract)('$name', ({ check }) => check({ log: open(clock, inline), patienceMs: 5_000, sleep }));
});

describe('on a virtual clock', () => {
  const START_MS = 1_800_000_000_000;

  it('delivers one partition after another at the poll, and the same way each time', async () => {
    const clock = new VirtualClock(START_MS);
    const log = open(clock);
    const topic = await makeTopic(log, 'steps', 3);
    const steps: string[] = [];
    const apply = async (batch: readonly LogRecord[]) => {
      steps.push(`begin ${batch[0]?.partition}`);
      await log.append(topic, records(0, 'effect')).then(() => undefined);
      steps.push(`end ${batch[0]?.partition}`);
    };
    await log.subscribe('group', [topic], { resume: async () => 0, apply });
    await log.append(topic, [...records(2, 'c'), ...records(0, 'a'), ...records(1, 'b')]);
    expect(steps).toEqual([]);
    await clock.advance(START_MS + 20);
    expect(steps).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
    expect(await log.ends(topic)).toEqual([4, 1, 1]);
  });

  it('waits 100 ms after a rejected apply and twice as long after the next, without stopping the clock', async () => {
    const clock = new VirtualClock(START_MS);
    const log = open(clock);
    const topic = await makeTopic(log, 'pauses', 1);
    const tries: number[] = [];
    const apply = async () => {
      tries.push(clock.now() - START_MS);
      throw new Error('no');
    };
    await log.subscribe('group', [topic], { resume: async () => 0, apply });
    await log.append(topic, records(0, 'a'));
    await clock.advance(START_MS + 1_000);
    expect(tries).toEqual([20, 120, 320, 720]);
  });

  it('appends at the clock, and never before what is there', async () => {
    const clock = new VirtualClock(START_MS);
    const log = open(clock);
    const topic = await makeTopic(log, 'times', 2);
    const [later] = await log.append(topic, records(0, 'a'));
    await log.close();
    const earlier = open(new VirtualClock(START_MS - 5_000));
    const [kept] = await earlier.append(topic, records(0, 'b'));
    const [own] = await earlier.append(topic, records(1, 'c'));
    expect([later?.appendedAt, kept?.appendedAt, own?.appendedAt]).toEqual([START_MS, START_MS, START_MS - 5_000]);
  });

  it('keeps its leases however long it runs', async () => {
    const clock = new VirtualClock(START_MS);
    const log = open(clock);
    const topic = await makeTopic(log, 'long', 4);
    let resumes = 0;
    const resume = async () => {
      resumes++;
      return 0;
    };
    const subscription = await log.subscribe('group', [topic], { resume, apply: async () => undefined });
    await clock.advance(START_MS + 20_000);
    expect([subscription.assigned().length, resumes]).toEqual([4, 4]);
    expect(failures).toEqual([]);
  });
});

describe('retention', () => {
  it('removes what is older, at the hour and at opening; a position below it means the oldest kept', async () => {
    const clock = new VirtualClock(1_800_000_000_000);
    const log = open(clock);
    await log.ensureTopics([{ name: 'brief', partitions: 1, retentionMs: 60_000 }]);
    const many = Array.from({ length: 1_200 }, (_, at) => `${at}`);
    await log.append('brief', records(0, ...many));
    await clock.advance(clock.now() + 3_590_000);
    await log.append('brief', records(0, 'kept'));
    await clock.advance(clock.now() + 20_000);
    const seen: number[] = [];
    const consumer: Consumer = {
      resume: async () => 7,
      apply: async (batch) => void seen.push(...batch.map(({ offset }) => offset)),
    };
    await log.subscribe('group', ['brief'], consumer);
    await clock.advance(clock.now() + 100);
    expect(seen).toEqual([1_200]);
    await log.close();
    const reopened = open(new VirtualClock(clock.now() + 120_000));
    await reopened.close();
    const last = open(clock);
    expect(await last.ends('brief')).toEqual([1_201]);
    expect((await last.append('brief', records(0, 'next')))[0]?.offset).toBe(1_201);
  });
});
