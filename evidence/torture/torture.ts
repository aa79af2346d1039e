import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runJsonChild } from '../../cli/demo/json-child.ts';
import { openRunFolder, type RunFolder } from '../../cli/demo/run-folder.ts';
import { groups } from '../../cli/lag.ts';
import { Deeds } from './deeds.ts';
import { rebalancesIn } from './rebalances.ts';
import { recover } from './recover.ts';
import { planStrikes } from './schedule.ts';
import { Striker } from './striker.ts';
import { type AuditAnswer, judge, type Outcome, type Verdict } from './verdict.ts';
import { runViewers } from './viewers.ts';
import { openWorld, type World } from './world.ts';

/** From this length on a run offers every opportunity that the audit asks for. */
const WHOLE_MS = 120_000;
/** Opportunities that a shorter run, or one whose store was away for most of it, may not offer. */
export const mayBeAbsent = ['caps_refused', 'budgets_exhausted', 'conflicts_rejected', 'duplicates_sent', 'late_sent'];

export interface TortureOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly rate: number;
  readonly keep: string | undefined;
  readonly report: (line: string) => void;
}

/** The whole run: a house, viewers, blows, recovery, the audit. */
export async function torture(options: TortureOptions): Promise<Verdict> {
  return inWorld(options, async (world, folder) => {
    const { seed, forMs, rate, report } = options;
    const deeds = new Deeds();
    const striker = new Striker({ world, deeds, report });
    const before = (await world.servers.kafkaLog()).length;
    report(`viewers watch for ${forMs / 1000} s, ${rate} requests a second`);
    const watching = runViewers({ folder: folder.path, url: world.url, seed, forMs, rate, report });
    striker.begin(planStrikes(seed, forMs));
    let viewers: Readonly<Record<string, unknown>> = {};
    const ended = await watching.then(
      (counts) => {
        viewers = counts;
        return [];
      },
      (error: unknown) => [(error as Error).message],
    );
    await striker.finish();
    const unrecovered = [...ended, ...striker.failures, ...(await recover(world, report))];
    const rebalances = rebalancesIn(await world.servers.kafkaLog(), groups, before);
    const audit = await auditRun(world, folder.path, report, forMs >= WHOLE_MS ? [] : mayBeAbsent);
    const outcome: Outcome = { seed, forMs, deeds, rebalances, audit, viewers, unrecovered };
    return judge(outcome);
  });
}

/** Opens a house in a folder of its own, and ends both whatever happens. */
export async function inWorld<T>(
  options: Pick<TortureOptions, 'seed' | 'forMs' | 'keep' | 'report'>,
  run: (world: World, folder: RunFolder) => Promise<T>,
): Promise<T> {
  const folder = openRunFolder(options.keep);
  let world: World | undefined;
  const stopEarly = (signal: NodeJS.Signals) => {
    options.report(`${signal}: ending`);
    void (world?.stop() ?? Promise.resolve()).finally(() => {
      folder.release();
      process.exit(1);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stopEarly);
  try {
    options.report(`a house on real engines in ${folder.path}`);
    world = await openWorld({ ...options, folder: folder.path, workers: 1 });
    return await run(world, folder);
  } finally {
    await world?.stop();
    folder.release();
  }
}

/** The audit of a run whose servers still stand; null where it could not be made. */
export async function auditRun(
  { servers }: World,
  folder: string,
  report: (line: string) => void,
  allowNo: readonly string[],
): Promise<AuditAnswer | null> {
  const { all } = servers;
  const file = join(folder, 'servers.json');
  writeFileSync(file, JSON.stringify({ warehouse: all.chdb.url, log: all.kafka.url, state: all.redis.url }), {
    mode: 0o600,
  });
  try {
    const args = ['--dir', folder, '--servers', file, '--json', ...allowNo.flatMap((name) => ['--allow-no', name])];
    const audit = runJsonChild('evidence/audit/main.ts', args, (line) => report(`audit: ${line}`));
    return (await audit.done).answer as unknown as AuditAnswer;
  } catch (error) {
    report(`no audit: ${(error as Error).message}`);
    return null;
  } finally {
    rmSync(file, { force: true });
  }
}
