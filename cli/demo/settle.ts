import { type Clock, systemClock } from '../../engines/clock.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { backlog, behind, type Ends, endsOfAll, groups } from '../lag.ts';

const MINUTE_MS = 60_000;
const POLL_MS = 250;
const SAY_MS = 10_000;

export interface SettleOptions {
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  /** Epoch ms: no decision was made later. */
  readonly lastDecisionAt: number;
  readonly tokenLifeMs: number;
  /** Gives up when nothing more is applied for this long, once every token has ended. */
  readonly patienceMs: number;
  /** Called before each look; in virtual mode it moves the clock. */
  readonly step: () => Promise<void>;
  readonly report: (line: string) => void;
}

/**
 * Waits until every token of the run has expired, every group has applied all that was in the log then, and money is
 * closed past the last minute. Rejects with what is missing when that stands still for `patienceMs`.
 */
export async function settle(options: SettleOptions): Promise<void> {
  const { clock, lastDecisionAt, tokenLifeMs, report } = options;
  const lastMinute = Math.floor(lastDecisionAt / MINUTE_MS);
  const lastTokenAt = (lastMinute + 1) * MINUTE_MS + tokenLifeMs;
  if (clock.now() <= lastTokenAt) {
    report(
      `waiting for the tokens of the last minute to end (${Math.ceil((lastTokenAt - clock.now()) / 1000)} s): until then an impression may still come, and its place and money are held`,
    );
  }
  while (clock.now() <= lastTokenAt) await pause(options);
  report('every token has ended: places without an impression are released, minutes are closed');
  const wanted = await endsOfAll(options.log);
  // Waiting is done in real time, also where the run's own clock is virtual.
  const wall = systemClock();
  let giveUpAt = wall.now() + options.patienceMs;
  let sayAt = wall.now() + SAY_MS;
  let least = Number.POSITIVE_INFINITY;
  let closedReported = false;
  for (;;) {
    const late = await missing(options, wanted, lastTokenAt);
    const closed = await closedUpTo(options.store);
    if (!closedReported && closed >= lastMinute) {
      closedReported = true;
      report('money is closed up to the last minute: what was billed has replaced what was taken');
    }
    if (late.length === 0 && closed >= lastMinute) return;
    const left = await backlog(options.store, wanted);
    if (left < least) [least, giveUpAt] = [left, wall.now() + options.patienceMs];
    if (wall.now() > sayAt) {
      if (left > 0) report(`the workers have ${left} records to apply`);
      sayAt = wall.now() + SAY_MS;
    }
    if (wall.now() > giveUpAt) {
      const money = closed >= lastMinute ? [] : [`money is closed up to minute ${closed}, not ${lastMinute}`];
      throw new Error(`the run does not settle: ${[...late.slice(0, 5), ...money].join('; ')}`);
    }
    await pause(options);
  }
}

async function pause({ step, clock }: SettleOptions): Promise<void> {
  await step();
  await clock.sleep(POLL_MS);
}

async function missing({ store }: SettleOptions, wanted: Ends, lastTokenAt: number): Promise<string[]> {
  const found = await Promise.all(
    groups.map((group) => behind(store, group, wanted, group === 'frequency' ? lastTokenAt : 0)),
  );
  return found.flat();
}

async function closedUpTo(store: StateStore): Promise<number> {
  const [entry] = await store.read([keys.closed]);
  return entry?.bytes ? Number(entry.bytes.readBigUInt64BE(0)) : 0;
}
