import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { LogRecord } from './event-log.ts';
import { KafkaHold } from './kafka-hold.ts';

const clock = systemClock();
let told: string[];
let applied: number[];
let leased: boolean;
let oldest: number;
let apply: (batch: readonly LogRecord[]) => Promise<void>;
let hold: KafkaHold;
let resumes: PromiseWithResolvers<number>;

function offsets(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from }, (_, at) => ({
    topic: 't',
    partition: 0,
    offset: from + at,
    appendedAt: 1,
    key: '',
    value: Buffer.from('a'),
  }));
}

/** Everything that waits for nothing but the event loop has happened. */
const settle = () => clock.sleep(20);

/** The hold knows where to begin: at 10. */
async function begun(): Promise<void> {
  resumes.resolve(10);
  await settle();
}

beforeEach(() => {
  told = [];
  applied = [];
  leased = true;
  oldest = 0;
  apply = async (batch) => void applied.push(...batch.map(({ offset }) => offset));
  resumes = Promise.withResolvers();
  hold = new KafkaHold({
    topic: 't',
    partition: 0,
    consumer: { resume: () => resumes.promise, apply: (batch) => apply(batch) },
    maxBatch: 2,
    clock,
    feed: {
      seek: (_, offset) => told.push(`seek ${offset}`),
      pause: () => told.push('pause'),
      unpause: () => told.push('unpause'),
      oldest: async () => oldest,
    },
    leased: () => leased,
    onError: (error) => told.push(String(error)),
    after: undefined,
  });
});

afterEach(() => hold.end());

it('is paused until it knows where to begin, and takes nothing that was fetched before', async () => {
  hold.offer(offsets(0, 30));
  expect(told).toEqual(['pause']);
  resumes.resolve(10);
  await settle();
  expect(told).toEqual(['pause', 'seek 10', 'unpause']);
  expect(applied).toEqual([]);
  hold.offer(offsets(8, 12));
  await settle();
  expect(applied).toEqual([10, 11]);
});

it('applies no records that do not join: it seeks back for the missing ones', async () => {
  await begun();
  hold.offer(offsets(14, 16));
  await settle();
  expect(applied).toEqual([]);
  expect(told.at(-1)).toBe('seek 10');
  hold.offer(offsets(10, 16));
  await settle();
  expect(applied).toEqual([10, 11, 12, 13, 14, 15]);
});

it('goes on from the oldest record when the missing ones are no longer kept', async () => {
  await begun();
  oldest = 14;
  hold.offer(offsets(16, 18));
  await settle();
  expect(told.at(-1)).toBe('seek 14');
  hold.offer(offsets(14, 16));
  await settle();
  expect(applied).toEqual([14, 15]);
});

it('takes a hole in the offsets for true once the broker gives the same again', async () => {
  await begun();
  hold.offer(offsets(12, 14));
  await settle();
  hold.offer(offsets(12, 14));
  await settle();
  expect(applied).toEqual([12, 13]);
});

it('begins no apply while it is held, and fetches on after what it has', async () => {
  await begun();
  hold.hold();
  hold.offer(offsets(10, 14));
  await settle();
  expect([applied, hold.idle()]).toEqual([[], true]);
  hold.proceed();
  expect(told.at(-1)).toBe('seek 14');
  await settle();
  expect(applied).toEqual([10, 11, 12, 13]);
});

it('begins no apply once its lease has run out', async () => {
  await begun();
  leased = false;
  hold.offer(offsets(10, 12));
  await settle();
  expect(applied).toEqual([]);
});

it('applies nothing after its end, though records wait', async () => {
  const gate = Promise.withResolvers<void>();
  apply = async (batch) => {
    applied.push(...batch.map(({ offset }) => offset));
    await gate.promise;
  };
  await begun();
  hold.offer(offsets(10, 16));
  await settle();
  hold.end();
  gate.resolve();
  await hold.settled();
  expect(applied).toEqual([10, 11]);
});

it('asks for no more while much waits, and again when half of it is done', async () => {
  const gate = Promise.withResolvers<void>();
  const plain = apply;
  apply = async (batch) => {
    await gate.promise;
    await plain(batch);
  };
  await begun();
  hold.offer(offsets(10, 40));
  await settle();
  expect(told.at(-1)).toBe('pause');
  gate.resolve();
  await settle();
  expect(told.at(-1)).toBe('unpause');
  expect(applied).toHaveLength(30);
});
