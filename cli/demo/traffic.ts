import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../engines/clock.ts';
import type { Config } from '../../engines/config.ts';
import { openEventLog, openStateStore } from '../../engines/open.ts';
import { seededRandom } from '../../engines/random.ts';
import type { House } from '../house.ts';
import { pacedCampaigns } from './catalog.ts';
import { carryOut, type Kill, planKills } from './crash.ts';
import { runJsonChild } from './json-child.ts';
import { treeMemoryMb } from './memory.ts';
import { MetricsWatch } from './metrics.ts';
import type { DemoOptions } from './options.ts';
import { clockFrom, runClock } from './run-clock.ts';
import type { Screen } from './screen.ts';
import { settle } from './settle.ts';
import { Spending } from './spending.ts';

const WATCH_EVERY_MS = 1_000;
/** A player has its answer, or gives up, this long after it asked. */
const DECIDED_WITHIN_MS = 3_000;
const SETTLE_PATIENCE_MS = { embedded: 45_000, real: 90_000 };

export interface TrafficOptions {
  readonly options: DemoOptions;
  readonly config: Config;
  readonly house: House;
  readonly screen: Screen;
  readonly folder: string;
}

/** What was seen while viewers watched. */
export interface Seen {
  /** The simulator's own counts. */
  readonly viewers: Readonly<Record<string, unknown>>;
  readonly kills: readonly Kill[];
  readonly metrics: MetricsWatch;
  readonly spending: Spending;
  readonly peakMemoryMb: number;
  /** The run's time at its end, epoch ms. */
  readonly endedAt: number;
}

/** Viewers watch, processes are killed if asked, and then everything settles: tokens end, minutes close, nobody lags. */
export async function traffic(run: TrafficOptions): Promise<Seen> {
  const { config, house, screen, folder } = run;
  const clock = await runClock(house.control);
  const metrics = new MetricsWatch([...house.decisionApis, ...Object.values(house.workers)]);
  const spending = new Spending(pacedCampaigns());
  const storage = clockFrom(clock.now());
  const log = await openEventLog(config, storage);
  const store = await openStateStore(config, storage);
  let peakMemoryMb = 0;
  let second: SimulatedSecond = { phase: 'starting', rps: 0, fill: 0, p95_ms: 0, beacons_acked: 0 };
  const watch = systemClock().every(
    WATCH_EVERY_MS,
    async () => {
      peakMemoryMb = Math.max(peakMemoryMb, treeMemoryMb());
      await metrics.scrape();
      screen.status(statusLine(second, metrics, spending));
    },
    (error) => screen.line(`watching: ${String(error)}`),
  );
  const following = house.control === null ? await spending.follow(log) : null;
  try {
    const viewers = await runViewers(run, (next) => {
      second = next;
    });
    screen.line(afterTraffic(viewers.answer));
    await clock.refresh();
    const report = (line: string) => screen.line(`  ${line}`);
    const lastDecisionAt = (await lastRequestAt(folder)) + DECIDED_WITHIN_MS;
    const waiting = {
      log,
      store,
      clock,
      lastDecisionAt,
      tokenLifeMs: config.tokenLifeMs,
      patienceMs: run.options.real === true ? SETTLE_PATIENCE_MS.real : SETTLE_PATIENCE_MS.embedded,
    };
    await settle({ ...waiting, step: () => clock.step(), report });
    await metrics.scrape();
    screen.endStatus();
    return { viewers: viewers.answer, kills: viewers.kills, metrics, spending, peakMemoryMb, endedAt: clock.now() };
  } finally {
    watch[Symbol.dispose]();
    await following?.stop();
    await log.close();
    await store.close();
  }
}

/** When the last viewer asked, epoch ms of the run. */
async function lastRequestAt(folder: string): Promise<number> {
  let last = 0;
  for await (const line of createInterface({ input: createReadStream(join(folder, 'viewers.jsonl')) })) {
    if (!line.includes('"kind":"ad-request"')) continue;
    const { at } = JSON.parse(line) as { at: number };
    last = Math.max(last, at);
  }
  return last;
}

interface SimulatedSecond {
  readonly phase: string;
  readonly rps: number;
  readonly fill: number;
  readonly p95_ms: number;
  readonly beacons_acked: number;
}

async function runViewers(
  { options, config, house, screen, folder }: TrafficOptions,
  onSecond: (second: SimulatedSecond) => void,
): Promise<{ answer: Record<string, unknown>; kills: readonly Kill[] }> {
  const args = house.decisionApis.flatMap((url) => ['--url', url]);
  args.push('--out', join(folder, 'viewers.jsonl'), '--seed', String(options.seed));
  args.push('--for', `${options.for}ms`, '--token-life', `${config.tokenLifeMs}ms`, '--progress-json');
  if (options.rate !== undefined) args.push('--rate', String(options.rate));
  if (house.control !== null) args.push('--clock', house.control);
  screen.line(`viewers watch for ${options.for / 1000} s${house.control === null ? '' : ' of virtual time'}`);
  const viewers = runJsonChild('simulator/main.ts', args, (line) => {
    if (line.startsWith('{')) onSecond(JSON.parse(line) as SimulatedSecond);
    else screen.line(`  viewers: ${line}`);
  });
  const clock = systemClock();
  const plan = planKills(options.crash, options.for, seededRandom(clock, options.seed));
  const crashing = carryOut(
    plan,
    house.children,
    () => clock.now(),
    (line) => screen.line(`  ${line}`),
  );
  try {
    const { code, answer } = await viewers.done;
    if (code !== 0) throw new Error(`the viewers ended with exit code ${code}`);
    return { answer, kills: crashing.kills };
  } finally {
    crashing.stop();
    viewers.child.kill('SIGTERM');
  }
}

function statusLine(second: SimulatedSecond, metrics: MetricsWatch, spending: Spending): string {
  const { spentMicros, targetMicros, pricedDown } = spending.totals();
  const decision = metrics.quantile('breakwater_decision_seconds', 0.95);
  const lag = metrics.sum('breakwater_consumer_lag_records');
  const money = `${(spentMicros / 1e6).toFixed(2)} of ${(targetMicros / 1e6).toFixed(2)} planned by now`;
  const decided = decision === null ? '' : `, decided in ${(decision * 1000).toFixed(0)} ms p95`;
  return (
    `  ${second.phase}: ${second.rps} requests/s, fill ${Math.round(second.fill * 100)} %, answered in ${second.p95_ms.toFixed(0)} ms p95${decided}, ` +
    `${second.beacons_acked} beacons, lag ${lag}, spend ${money}, ${pricedDown} campaigns priced down`
  );
}

function afterTraffic(counts: Readonly<Record<string, unknown>>): string {
  const of = (name: string) => String(counts[name] ?? 0);
  return `viewers are done: ${of('requests_answered')} pods answered, ${of('beacons_acked')} beacons acknowledged, ${of('late_sent')} sent late, ${of('duplicates_sent')} sent twice, ${of('lost')} never sent`;
}
