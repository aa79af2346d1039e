import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { MetricsWatch } from '../../cli/demo/metrics.ts';
import { systemClock } from '../../engines/clock.ts';
import { readConfig } from '../../engines/config.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { makeTopics, openEventLog, openStateStore } from '../../engines/open.ts';
import { systemRandom } from '../../engines/random.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { encode } from '../../schemas/codec.ts';
import { createWorkerMetrics } from '../../stream-workers/metrics.ts';
import { type Runner, startRunner } from '../../stream-workers/runner.ts';
import { workers } from '../../stream-workers/workers.ts';
import { atMost, type BenchOptions, type Rows, told } from './rows.ts';

/** The plan's 100,000 events in a minute, for so long. */
const EVERY_MS = 60;
const AT_ONCE = 100;
const LOAD_MS = 30_000;
const P95_MS_MAX = 100;
const events = ['impression', 'start', 'firstQuartile', 'midpoint', 'thirdQuartile', 'complete'];

/** What the pacing worker takes from a beacon's arrival to its place in the live counters, on the embedded engines, at the plan's load. */
export async function benchCounter({ say }: BenchOptions): Promise<Rows> {
  const clock = systemClock();
  const random = systemRandom(clock);
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-counter-'));
  const config = readConfig({ DATA_DIR: folder, LOG_LEVEL: 'fatal' });
  const log = await openEventLog(config, clock);
  await makeTopics(log, config);
  const store = await openStateStore(config, clock);
  const metrics = createWorkerMetrics();
  const view = { campaigns: new Map(), pods: new Map(), close: () => Promise.resolve() };
  const engines = {
    config,
    clock,
    log,
    store,
    random,
    warehouse: noWarehouse,
    logger: pino({ level: 'silent' }),
    metrics,
  };
  let runner: Runner | null = null;
  try {
    runner = await startRunner(workers.pacing({ view, metrics, suppressions: { all: async () => [] } }), engines);
    const partitions = await log.partitions('ad-beacons');
    const campaigns = Array.from({ length: 34 }, () => random.uuid());
    const began = clock.now();
    let sent = 0;
    for (let next = began; next < began + LOAD_MS; next += EVERY_MS) {
      await clock.sleep(Math.max(0, next - clock.now()));
      const records = Array.from({ length: AT_ONCE }, (_, at) =>
        beacon(sent + at, campaigns, clock.now(), random.uuid()),
      );
      await log.append(
        'ad-beacons',
        records.map((value) => {
          const partition = partitionOf(value.viewer, partitions);
          return { partition, key: value.viewer, value: encode('ad-beacon', value) };
        }),
      );
      sent += AT_ONCE;
    }
    const watch = new MetricsWatch(['worker']);
    const counted = async () => {
      watch.take('worker', await metrics.registry.metrics());
      return watch.sum('breakwater_processing_seconds_count', { effect: 'counter' });
    };
    const until = clock.now() + 60_000;
    while ((await counted()) < sent && clock.now() < until) await clock.sleep(200);
    const told95 = (name: string) => 1_000 * (watch.quantile(name, 0.95, { effect: 'counter' }) ?? Number.NaN);
    const seen = watch.sum('breakwater_processing_seconds_count', { effect: 'counter' });
    const detail = `${seen} of ${sent} beacons counted, ${Math.round(sent / ((clock.now() - began) / 1000))} a second`;
    say(`  ${detail}`);
    if (seen < sent) throw new Error(`${seen} of ${sent} beacons were counted`);
    return {
      counter_processing_p95_ms: atMost(told95('breakwater_processing_seconds'), P95_MS_MAX, P95_MS_MAX / 2, detail),
      counter_receipt_to_effect_p95_ms: told(
        told95('breakwater_event_to_effect_seconds'),
        'with the way through the log',
      ),
    };
  } finally {
    await runner?.close();
    await log.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const noWarehouse: Warehouse = {
  query: async () => [],
  run: async () => undefined,
  insertAvro: async () => undefined,
  close: async () => undefined,
};

/** Six beacons of one ad after each other, each once. */
function beacon(n: number, campaigns: readonly string[], now: number, arrival: string) {
  const ad = Math.floor(n / events.length);
  const campaign = campaigns[ad % campaigns.length] ?? arrival;
  const minute = Math.floor(now / 60_000);
  return {
    arrival_id: arrival,
    event: events[n % events.length] ?? 'impression',
    received_at: now,
    cachebuster: null,
    viewer: `viewer ${ad % 5_000}`,
    request_id: `request ${ad}`,
    reservation: `00000000-0000-7000-8000-${ad.toString(16).padStart(12, '0')}`,
    campaign,
    creative: campaign,
    advertiser: campaign,
    position: 1,
    duration_seconds: 30,
    pricing_model: 'cpm',
    price_micros: 12_000,
    minute,
    expires_at: (minute + 16) * 60_000,
    identities: [],
    country: 'US',
    device_type: 'smart_tv',
    user_agent_class: 'tv',
    client_at: null,
    view_ms: null,
    viewability_percentage: null,
    audio_level: null,
    error_code: null,
    offset_seconds: null,
    caller: 'network',
    invalid: null,
  };
}
