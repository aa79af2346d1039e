import { expect, it, onTestFinished } from 'vitest';
import type { BilledMinute } from '../../domain/ledger.ts';
import { dayOf } from '../../domain/zone.ts';
import type { Clock } from '../../engines/clock.ts';
import type { EventLog, LogRecord } from '../../engines/event-log/event-log.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { decodeBare, encode } from '../../schemas/codec.ts';
import { id, openBench, plainBeacon } from '../fixture.ts';
import { rebuildMoney } from './money.ts';
import { Progress } from './progress.ts';

const MINUTE_MS = 60_000;
const IMPRESSIONS = 120;
const NOW = Date.UTC(2026, 10, 28, 13, 7);
/** Two days ago, at the beginning of a quarter of an hour. */
const FIRST = Math.floor(Date.UTC(2026, 10, 26, 13) / MINUTE_MS);

/** One impression a minute, then one of another campaign that is a second old, so that all of them are closed. */
const records: readonly LogRecord[] = Array.from({ length: IMPRESSIONS + 1 }, (_, offset) => {
  const isLast = offset === IMPRESSIONS;
  const at = isLast ? NOW - 1_000 : (FIRST + offset) * MINUTE_MS + 500;
  const ids = { reservation: id(1_000 + offset), arrival_id: id(1_000 + offset), campaign: id(isLast ? 101 : 100) };
  const value = encode('ad-beacon', { ...plainBeacon(at), ...ids });
  return { topic: 'ad-beacons', partition: 0, offset, appendedAt: at + 500, key: 'v', value };
});

/** A log of one partition that holds these alone. */
function logOf(kept: readonly LogRecord[]): EventLog {
  return {
    ensureTopics: async () => {},
    partitions: async () => 1,
    append: async () => [],
    ends: async (topic) => [topic === 'ad-beacons' ? records.length : 0],
    subscribe: async (_, topics, { apply }) => {
      const lost = new AbortController().signal;
      if (topics.includes('ad-beacons'))
        setImmediate(() => void apply(kept, { topic: 'ad-beacons', partition: 0, lost }));
      return { assigned: () => [], stop: async () => {} };
    },
    close: async () => {},
  };
}

/** What the warehouse's rows say of the minutes before, by quarters of an hour. */
async function rowsBefore(before: number): Promise<ReadonlyMap<string, readonly BilledMinute[]>> {
  const minutes = Array.from({ length: IMPRESSIONS }, (_, at) => FIRST + at).filter((minute) => minute < before);
  const quarters = Map.groupBy(minutes, (minute) => Math.floor(minute / 15) * 15);
  const billed = [...quarters].map(([minute, { length }]): BilledMinute => {
    return { minute, day: dayOf(minute * MINUTE_MS, 'UTC'), micros: length * 12_000, impressions: length };
  });
  return new Map([[id(100), billed]]);
}

it.each(Array.from({ length: 15 }, (_, at) => at + 30))(
  'a log that begins at minute %i and the rows before it hold every impression once',
  async (cut) => {
    const bench = await openBench();
    onTestFinished(() => bench[Symbol.asyncDispose]());
    const clock: Clock = {
      now: () => NOW,
      ticks: () => 0,
      every: () => ({ [Symbol.dispose]() {} }),
      sleep: async () => {},
    };
    const { config, store } = bench;
    const engines = { config, clock, store, log: logOf(records.slice(cut)), progress: new Progress(clock, () => {}) };

    await rebuildMoney({ ...engines, write: true }, new Map(), rowsBefore);

    const [kept] = await store.read([keys.money(id(100))]);
    if (!kept?.bytes) throw new Error('no record of its money');
    const { billed_impressions, billed_micros } = decodeBare('money-record', kept.bytes);
    expect({ billed_impressions, billed_micros }).toEqual({
      billed_impressions: IMPRESSIONS,
      billed_micros: IMPRESSIONS * 12_000,
    });
  },
);
