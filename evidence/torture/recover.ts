import { MetricsWatch } from '../../cli/demo/metrics.ts';
import { settle } from '../../cli/demo/settle.ts';
import { catchUp, type Group, groups } from '../../cli/lag.ts';
import { systemClock } from '../../engines/clock.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { openEventLog, openStateStore } from '../../engines/open.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { servers } from './schedule.ts';
import { settings } from './settings.ts';
import type { World } from './world.ts';

/** A player has its answer, or gives up, this long after it asked. */
const DECIDED_WITHIN_MS = 25_000;
const PATIENCE_MS = 90_000;
const LAST_WORDS_MS = 30_000;
const JOURNAL_MS_MAX = 60_000;
/** Of an API's oldest waiting record, from which its journal counts as drained. */
export const FRESH_SECONDS = 2;
const LOOK_MS = 250;

/**
 * Watches the house come back by itself and end: everybody ready, tokens ended, minutes closed, nobody behind; then the
 * processes stop in order. Answers what did not come back, a line each.
 */
export async function recover(world: World, report: (line: string) => void): Promise<string[]> {
  const missing = await comeBack(world, report);
  // What still runs would write while the audit reads.
  if (missing.length > 0) await world.pool.stop();
  return missing;
}

async function comeBack(world: World, report: (line: string) => void): Promise<string[]> {
  const down = servers.filter((name) => world.servers.all[name].pid === null).map((name) => `${name} does not run`);
  const unready = down.length > 0 ? down : await world.pool.unready();
  if (unready.length > 0) return unready;
  report('every process is ready again');
  const clock = systemClock();
  const held = await journalsEmpty(world, JOURNAL_MS_MAX);
  if (held > 0) {
    const oldest = await journalsBelow(world, 'journal_oldest_seconds', 1, 0);
    return [`${held} records still wait in journals after ${JOURNAL_MS_MAX / 1000} s, the oldest for ${oldest} s`];
  }
  const log = await openEventLog(world.config, clock);
  const store = await openStateStore(world.config, clock);
  try {
    await settle({
      log,
      store,
      clock,
      lastDecisionAt: clock.now() - DECIDED_WITHIN_MS,
      tokenLifeMs: settings.token_life_ms,
      patienceMs: PATIENCE_MS,
      step: async () => undefined,
      report,
    });
    report('stopping: the APIs, the workers, and the warehouse once it has all they said');
    await world.pool.stopApis();
    const late = await allApplied(log, store, groups, LAST_WORDS_MS);
    await world.pool.onlyWarehouse();
    const missing = [...late, ...(await allApplied(log, store, ['warehouse'], LAST_WORDS_MS))];
    await world.pool.stop();
    return missing;
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await log.close();
    await store.close();
  }
}

/** Waits until every API has shipped what its journal holds; how many records still wait after that long. */
export function journalsEmpty(world: Pick<World, 'pool'>, patienceMs: number): Promise<number> {
  return journalsBelow(world, 'journal_records', 1, patienceMs);
}

/**
 * Waits until no record has waited for long: under load a journal is never empty. How old, in seconds, the oldest ones
 * are together after that long.
 */
export function journalsFresh(world: Pick<World, 'pool'>, patienceMs: number): Promise<number> {
  return journalsBelow(world, 'journal_oldest_seconds', FRESH_SECONDS, patienceMs);
}

async function journalsBelow({ pool }: Pick<World, 'pool'>, metric: string, below: number, patienceMs: number) {
  const clock = systemClock();
  const giveUpAt = clock.now() + patienceMs;
  for (;;) {
    const watch = new MetricsWatch(pool.urls());
    await watch.scrape();
    const found = watch.sum(`breakwater_${metric}`);
    if (found < below || clock.now() > giveUpAt) return found;
    await clock.sleep(LOOK_MS);
  }
}

/** What the groups have not applied of what is in the log now, after that long. */
export async function allApplied(
  log: EventLog,
  store: StateStore,
  wanted: readonly Group[],
  patienceMs: number,
): Promise<string[]> {
  const late = await Promise.all(
    wanted.map((group) => catchUp(log, store, group, patienceMs, (ms) => systemClock().sleep(ms))),
  );
  return late.flat().slice(0, 10);
}
