import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { EngineError } from '../engines/errors.ts';
import type { Lease } from '../engines/event-log/event-log.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { Failing } from './failing.ts';
import { type Bench, openBench } from './fixture.ts';
import { frequencyWorker } from './frequency.ts';
import { readinessOf } from './readiness.ts';
import { startRunner } from './runner.ts';
import type { Worker } from './worker.ts';

const TIMES = { before: 2_000, outage: 600_000, after: 10_000 };

/** BatchesFail asks for more than this, failures a second. */
const rules = readFileSync(new URL('../compose/prometheus/rules.yaml', import.meta.url), 'utf8');
const { groups } = parse(rules) as { groups: { rules: { alert: string; expr: string }[] }[] };
const rule = groups.flatMap((group) => group.rules).find(({ alert }) => alert === 'BatchesFail');
const alarmingRate = Number(/> ([\d.]+)$/.exec(rule?.expr ?? '')?.[1]);

/** How long a statement of the warehouse may take (clickhouse-warehouse.ts), and how long the log waits between two tries. */
const WAREHOUSE_SECONDS = 30;
const LOG_WAITS_SECONDS = 5;

const advance = (bench: Bench, ms: number) => bench.clock.advance(bench.clock.now() + ms);

/** The bench's store, which refuses everything while it is `away`. */
function failingStore(real: StateStore): { readonly store: StateStore; away: boolean } {
  const told = { away: false, store: real };
  const unless = <Given extends readonly unknown[], T>(call: (...given: Given) => Promise<T>) => {
    return (...given: Given) =>
      told.away ? Promise.reject(new EngineError('unavailable', 'redis: Connection is closed.')) : call(...given);
  };
  const { read, swap, claim, drop, stores, close } = real;
  told.store = {
    read: unless(read),
    swap: unless(swap),
    claim: unless(claim),
    drop: unless(drop),
    stores: unless(stores),
    close,
  };
  return told;
}

async function valuesOf(metric: { get(): Promise<{ values: { value: number }[] }> }): Promise<readonly number[]> {
  return (await metric.get()).values.map(({ value }) => value);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

it('a worker whose store is away counts and logs every try, tells its lag and its age, and says why, until it goes on', async () => {
  await using bench = await openBench(1e12, () => undefined);
  const { metrics } = bench;
  const lines: { msg: string; at: string; err: { code: string } }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const broken = failingStore(bench.store);
  const runner = await startRunner(frequencyWorker(bench), { ...bench, logger, store: broken.store });
  const told = () => readinessOf([runner]);
  try {
    await bench.send({});
    await advance(bench, TIMES.before);
    expect([sum(await valuesOf(metrics.lag)), told().degraded]).toEqual([0, []]);

    broken.away = true;
    await bench.send({}, {}, {});
    await advance(bench, TIMES.outage / 2);
    const counted = sum(await valuesOf(metrics.failures));
    await advance(bench, TIMES.outage / 2);
    const rate = (sum(await valuesOf(metrics.failures)) - counted) / (TIMES.outage / 2 / 1_000);
    expect(rate).toBeGreaterThan(alarmingRate);
    expect(new Set(lines.filter(({ msg }) => msg.endsWith('failed')).map(({ msg }) => msg))).toEqual(
      new Set(['batch failed', 'resume failed', 'beat failed']),
    );
    const tries = lines.filter(({ msg }) => msg === 'resume failed');
    expect([tries.length > 50, tries.at(-1)?.err.code]).toEqual([true, 'unavailable']);
    expect(sum(await valuesOf(metrics.lag))).toBeGreaterThanOrEqual(3);
    expect(Math.max(...(await valuesOf(metrics.watermarkAge)))).toBeGreaterThan(TIMES.outage / 1_000 - 5);
    const { ready, degraded } = told();
    expect([ready, degraded.length]).toEqual([true, 1]);
    expect(degraded[0]).toMatch(/^frequency cannot apply ad-\w+\/\d and \d more: redis: Connection is closed/);

    broken.away = false;
    await advance(bench, TIMES.after);
    expect([sum(await valuesOf(metrics.lag)), told().degraded]).toEqual([0, []]);
  } finally {
    await runner.close();
  }
});

it('a worker whose batches alone fail says so from the first to the one that is applied, also between two tries', async () => {
  await using bench = await openBench();
  let isAway = true;
  const worker: Worker = {
    name: 'reports',
    reads: ['ad-beacons'],
    ticks: [],
    maxBatch: 10,
    fence: null,
    beats: [],
    async handle({ records }) {
      if (isAway) throw new EngineError('unavailable', 'clickhouse: nobody listens');
      return records.map(({ offset }) => ({ offset, outcome: 'seen' }));
    },
  };
  const runner = await startRunner(worker, bench);
  try {
    await bench.send({});
    const seen = new Set<string>();
    await advance(bench, 500);
    for (let second = 0; second < 20; second++) {
      await advance(bench, 1_000);
      seen.add(readinessOf([runner]).degraded.join());
    }
    expect([...seen]).toEqual([
      'reports cannot apply ad-beacons/0: clickhouse: nobody listens (the engine does not answer)',
    ]);
    isAway = false;
    await advance(bench, 6_000);
    expect(readinessOf([runner]).degraded).toEqual([]);
  } finally {
    await runner.close();
  }
});

it('one partition alone fails often enough for the alert, also where each try waits for a silent warehouse', () => {
  expect(1 / (WAREHOUSE_SECONDS + LOG_WAITS_SECONDS)).toBeGreaterThan(alarmingRate);
});

it('what fails is told of partitions that are held, and forgotten by a new lease that goes on', () => {
  const leaseOf = (partition: number, signal: AbortSignal): Lease => ({ topic: 't', partition, lost: signal });
  const [lost, kept] = [new AbortController(), new AbortController()];
  const failing = new Failing();
  failing.failed(leaseOf(0, lost.signal), new Error('a fault of ours'), 7);
  failing.failed(leaseOf(1, kept.signal), new EngineError('timeout', 'redis'), null);
  failing.failed(leaseOf(0, lost.signal), new Error(`${'x'.repeat(1_000)}`), 7);
  expect(failing.told()).toMatch(/^t\/0 and 1 more: fault: Error: x{100,400}$/);
  lost.abort();
  expect(failing.told()).toBe('t/1: redis (the engine did not answer in time)');
  const again = leaseOf(0, kept.signal);
  failing.resumed(again, 7);
  failing.resumed(leaseOf(1, kept.signal), 0);
  expect(failing.told()).toBeNull();
});

it('a batch that was applied although it failed is behind where its partition goes on', () => {
  const lease: Lease = { topic: 't', partition: 0, lost: new AbortController().signal };
  const failing = new Failing();
  failing.failed(lease, new EngineError('timeout', 'redis'), 7);
  failing.resumed(lease, 7);
  expect(failing.told()).toContain('t/0');
  failing.resumed(lease, 8);
  expect(failing.told()).toBeNull();
});
