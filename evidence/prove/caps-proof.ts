import fc from 'fast-check';
import { EngineError } from '../../engines/errors.ts';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import { type Bench, openBench } from '../../stream-workers/fixture.ts';
import { leastKills, leastStops } from './caps/crew.ts';
import { type Case, cases } from './caps/histories.ts';
import { type Counts, play } from './caps/model.ts';
import { deadWord } from './caps/mortal.ts';
import { prepare } from './caps/prepare.ts';
import { runProcesses } from './caps/processes.ts';
import { checkSlowProperty, sum } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** Generated histories against a plain list of timestamps, on both stores; then processes that are killed. */
export async function proveCaps(options: ProofOptions): Promise<Tally> {
  const tallies: Tally[] = [];
  {
    await using bench = await openBench(1e12, ofTheDead);
    tallies.push(await proveModel('LMDB', bench, options));
  }
  await using redis = await startRedisServer();
  {
    await using bench = await openBench(1e12, ofTheDead);
    const store = await openRedisStateStore({ url: redis.url, random: bench.random });
    tallies.push(await proveModel('Redis', { ...bench, store }, options));
    await store.close();
  }
  tallies.push(await proveProcesses(options));
  return sum(tallies);
}

/** A worker that is killed in a case leaves calls behind that fail: that is the point. Anything else is a fault. */
function ofTheDead(error: unknown): void {
  if (!(error instanceof EngineError) || !error.message.includes(deadWord)) throw error;
}

/** A zero beside which less than this was tried proves nothing. */
const leastOf = { refused: 5, billable: 1, late: 2, crashes: 0.05, stops: 0.05, rolled: 3 } as const;

async function proveModel(name: string, bench: Omit<Bench, symbol>, options: ProofOptions): Promise<Tally> {
  await prepare(bench);
  const counts: Counts = {
    decided: 0,
    served: 0,
    refused: 0,
    billable: 0,
    late: 0,
    crashes: 0,
    stops: 0,
    unanswered: 0,
    rolled: 0,
    held: 0,
  };
  const property = fc.asyncProperty(cases, async (one: Case) => {
    const wrong = await play(one, bench, counts);
    if (wrong.length > 0) throw new Error(wrong.slice(0, 3).join('; '));
  });
  const title = `no cap is passed, none refuses for nothing, no on-time impression unbilled, on ${name}`;
  const tally = await checkSlowProperty(title, property, options, () => JSON.stringify(counts));
  const idle = Object.entries(leastOf).filter(([what, least]) => counts[what as keyof Counts] < least * options.runs);
  if (tally.failed > 0 || idle.length === 0) return tally;
  options.say(`FAIL  ${title}: hardly any ${idle.map(([what]) => what).join(', ')}`);
  return { passed: 0, failed: 1 };
}

/** Processes over a real Redis, killed in between. The last line says what was counted, as JSON. */
async function proveProcesses({ decisions, concurrency, processes, say }: ProofOptions): Promise<Tally> {
  const seed = 1;
  await using redis = await startRedisServer(['--appendonly', 'no']);
  const found = await runProcesses({ decisions, concurrency, processes, redisUrl: redis.url, seed, say });
  const { examples, ...counts } = found;
  for (const example of examples) say(`      ${example}`);
  const wrong = found.cap_violations + found.unbilled + found.phantoms;
  const tried =
    Math.min(found.caps_refused, found.refused_by_swap, found.impressions, found.late) > 0 &&
    found.kills >= leastKills &&
    found.worker_stops >= leastStops;
  const ok = wrong === 0 && tried;
  say(
    `${ok ? 'ok   ' : 'FAIL '} ${processes} processes over one Redis ${redis.version}, killed in between; seed ${seed}`,
  );
  say(JSON.stringify(counts));
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}
