import { groups } from '../../cli/lag.ts';
import { systemClock } from '../../engines/clock.ts';
import { openEventLog, openStateStore } from '../../engines/open.ts';
import { percentile } from '../../simulator/tally.ts';
import { allApplied, FRESH_SECONDS, journalsFresh, recover } from './recover.ts';
import { settings } from './settings.ts';
import { auditRun, inWorld, mayBeAbsent, type TortureOptions } from './torture.ts';
import type { AuditAnswer, Verdict } from './verdict.ts';
import { type Asked, readAsked, runViewers } from './viewers.ts';
import type { World } from './world.ts';

const BEFORE_MS = 30_000;
const AWAY_MS = 60_000;
const AFTER_MS = 20_000;
/** Connections are made and code is warm by then: what came earlier says nothing of either time. */
const WARM_MS = 10_000;
const DRAINED_MS_MAX = 60_000;
/** p95 with Kafka away ÷ p95 before. */
const SLOWER_MOST = 2;

/** What viewers saw, and when; times in epoch ms. */
export interface AwayFacts {
  readonly beganAt: number;
  readonly awayFrom: number;
  readonly backAt: number;
  readonly asked: readonly Asked[];
  /** From Kafka's return until journals were empty and every group had applied what was in them; null: not in time. */
  readonly drainedMs: number | null;
  readonly unrecovered: readonly string[];
  readonly audit: AuditAnswer | null;
  readonly seed: number;
}

/** Kafka is killed for a minute under load, and comes back. */
export async function kafkaAway(options: Omit<TortureOptions, 'forMs'>): Promise<Verdict> {
  const forMs = BEFORE_MS + AWAY_MS + AFTER_MS;
  return inWorld({ ...options, forMs }, async (world, folder) => {
    const { seed, rate, report } = options;
    const clock = systemClock();
    const beganAt = clock.now();
    const watching = runViewers({ folder: folder.path, url: world.url, seed, forMs, rate, report });
    const failed = watching.then(
      () => [],
      (error: unknown) => [(error as Error).message],
    );
    await clock.sleep(BEFORE_MS);
    report(`Kafka is killed, away for ${AWAY_MS / 1000} s`);
    const awayFrom = clock.now();
    await world.servers.kafka.kill();
    await clock.sleep(awayFrom + AWAY_MS - clock.now());
    await world.servers.kafka.restart();
    world.wires.aim(world.servers);
    const backAt = clock.now();
    report(`Kafka is back after ${backAt - awayFrom} ms`);
    const drainedMs = await drained(world, backAt);
    report(drainedMs === null ? 'not drained' : `drained ${drainedMs} ms after its return`);
    const unrecovered = [...(await failed), ...(await recover(world, report))];
    const audit = await auditRun(world, folder.path, report, mayBeAbsent);
    const asked = await readAsked(folder.path);
    return judgeAway({ beganAt, awayFrom, backAt, asked, drainedMs, unrecovered, audit, seed });
  });
}

async function drained(world: World, since: number): Promise<number | null> {
  const clock = systemClock();
  const log = await openEventLog(world.config, clock);
  const store = await openStateStore(world.config, clock);
  try {
    if ((await journalsFresh(world, DRAINED_MS_MAX)) >= FRESH_SECONDS) return null;
    const late = await allApplied(log, store, groups, Math.max(0, since + DRAINED_MS_MAX - clock.now()));
    return late.length === 0 ? clock.now() - since : null;
  } finally {
    await log.close();
    await store.close();
  }
}

/** 0 lost, decisions as before, everything drained in time. */
export function judgeAway(facts: AwayFacts): Verdict {
  const { beganAt, awayFrom, backAt, asked, drainedMs, unrecovered, audit, seed } = facts;
  const within = (from: number, to: number) => asked.filter(({ at }) => at >= from && at < to);
  const before = phase(within(beganAt + WARM_MS, awayFrom));
  const away = phase(within(awayFrom, backAt));
  const after = phase(within(backAt, Number.POSITIVE_INFINITY));
  const slower = before.p95_ms === 0 ? null : Math.round((away.p95_ms / before.p95_ms) * 100) / 100;
  const awayMs = backAt - awayFrom;
  const faults = audit?.faults ?? [];
  const why = [
    ...(audit === null ? ['the audit could not be made'] : []),
    ...faults.map(({ name, count, ids }) => `the audit found ${name} (${count}): ${ids.join(', ')}`),
    ...unrecovered.map((line) => `not recovered: ${line}`),
    ...(drainedMs === null ? [`not drained ${DRAINED_MS_MAX / 1000} s after Kafka's return`] : []),
    ...(slower === null || slower > SLOWER_MOST
      ? [`p95 with Kafka away is ${slower ?? 'not known'} times the one before, ${SLOWER_MOST} at most`]
      : []),
    ...(away.unanswered > 0 ? [`${away.unanswered} of ${away.requests} requests got no 200 while Kafka was away`] : []),
    ...(away.with_ads === 0 ? ['no decision held an ad while Kafka was away'] : []),
    ...(awayMs < AWAY_MS ? [`Kafka was away for ${awayMs} ms only`] : []),
  ];
  return {
    json: {
      ok: why.length === 0,
      away_ms: awayMs,
      p95_ratio: slower,
      p95_ratio_most: SLOWER_MOST,
      drained_ms: drainedMs,
      drained_ms_most: DRAINED_MS_MAX,
      before,
      away,
      after,
      acked: (audit?.requests_answered ?? 0) + (audit?.beacons_acked ?? 0),
      unbilled_because_late: audit?.unbilled_because_late ?? null,
      unbilled_while_shipped: audit?.unbilled_while_shipped ?? null,
      billable_impressions: audit?.billable_impressions ?? 0,
      audit: audit?.audit ?? 'none',
      audit_faults: faults.map(({ name, count }) => `${name} ${count}`),
      unrecovered: unrecovered.length,
      seed,
      settings,
    },
    why,
  };
}

function phase(asked: readonly Asked[]) {
  const answered = asked.filter(({ status }) => status === 200);
  const took = answered.map(({ tookMs }) => tookMs);
  return {
    requests: asked.length,
    // A refusal on purpose is an answer; no answer and a 5xx are none.
    unanswered: asked.filter(({ status }) => status === null || status >= 500).length,
    with_ads: answered.filter(({ ads }) => ads > 0).length,
    p50_ms: percentile(took, 0.5),
    p95_ms: percentile(took, 0.95),
  };
}
