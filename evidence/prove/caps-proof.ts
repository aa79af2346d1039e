import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { runProcesses } from './caps/processes.ts';
import type { ProofOptions, Tally } from './proofs.ts';

/** Processes over a real Redis, killed in between. The last line says what was counted, as JSON. */
export async function proveProcesses({ decisions, concurrency, processes, say }: ProofOptions): Promise<Tally> {
  const seed = 1;
  await using redis = await startRedisServer(['--appendonly', 'no']);
  const found = await runProcesses({ decisions, concurrency, processes, redisUrl: redis.url, seed, say });
  const { examples, ...counts } = found;
  for (const example of examples) say(`      ${example}`);
  const wrong = found.cap_violations + found.unbilled + found.phantoms;
  const tried = found.caps_refused > 0 && found.refused_by_swap > 0 && found.impressions > 0 && found.late > 0;
  const ok = wrong === 0 && tried;
  say(
    `${ok ? 'ok   ' : 'FAIL '} ${processes} processes over one Redis ${redis.version}, killed in between; seed ${seed}`,
  );
  say(JSON.stringify(counts));
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}
