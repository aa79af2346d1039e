import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { bodyOf } from '../k6/body.ts';
import { seeded } from './catalog.ts';
import { atMost, type BenchOptions, type Rows, told } from './rows.ts';
import { type BenchServer, startServer } from './server.ts';

/** The plan's load tests; k6's are in evidence/k6/scenarios.js. */
const scenarios = {
  targeting: { users: 1_000, thinkMs: 6_000, p95Ms: 50 },
  podAssembly: { users: 500, thinkMs: 3_000, p95Ms: 30 },
} as const;
type Name = keyof typeof scenarios;

const path = '/api/v2/ad-request';

/**
 * Users who think between requests, so long: the decision API with 10,000 campaigns on a real Redis, and they on the same cores. With
 * `k6` that program plays them and judges, else this one.
 */
export async function benchScenarios({ say, forMs, k6 }: BenchOptions): Promise<Rows> {
  await using redis = await startRedisServer();
  await using server = await startServer('decide-child.ts', ['10000', redis.url], path);
  await visits(server, 'warm-up', { users: 100, thinkMs: 0 }, 5_000);
  let rows: Rows = {};
  for (const name of Object.keys(scenarios) as Name[]) {
    say(`  ${name}: ${scenarios[name].users} users for ${forMs / 1_000} s${k6 === null ? '' : `, played by ${k6}`}`);
    rows = { ...rows, ...(k6 === null ? await play(server, name, forMs) : await playK6(server, name, forMs, k6, say)) };
  }
  return rows;
}

async function play(server: BenchServer, name: Name, forMs: number): Promise<Rows> {
  const { p95Ms, users, thinkMs } = scenarios[name];
  const { latencies, failed } = await visits(server, name, scenarios[name], forMs);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  const detail = `${users} users, ${thinkMs / 1_000} s of thought, ${forMs / 1_000} s`;
  return {
    [`${name}_p95_ms`]: atMost(
      at(0.95),
      p95Ms,
      p95Ms / 2,
      `${detail}; median ${at(0.5).toFixed(2)} ms, most ${at(1).toFixed(1)} ms`,
    ),
    [`${name}_failed`]: atMost(failed, 0, 0, `of ${latencies.length + failed} requests`),
    [`${name}_requests_per_minute`]: told((latencies.length * 60_000) / forMs, detail),
  };
}

async function visits(
  server: BenchServer,
  run: string,
  { users, thinkMs }: { readonly users: number; readonly thinkMs: number },
  forMs: number,
): Promise<{ readonly latencies: number[]; readonly failed: number }> {
  const latencies: number[] = [];
  let failed = 0;
  const ends = performance.now() + forMs;
  const draw = seeded(users);
  const visit = async (user: number) => {
    // Users do not all press play in the same moment.
    await sleep(draw(thinkMs + 1));
    for (let turn = 0; performance.now() < ends; turn++) {
      const body = bodyOf(user, turn, run, draw);
      const began = performance.now();
      try {
        await server.post(body);
        latencies.push(performance.now() - began);
      } catch {
        failed++;
      }
      await sleep(Math.min(thinkMs, Math.max(0, ends - performance.now())));
    }
  };
  await Promise.all(Array.from({ length: users }, (_, user) => visit(user)));
  return { latencies, failed };
}

/** k6 judges by its own thresholds: its exit code is the row. */
function playK6(
  server: BenchServer,
  name: Name,
  forMs: number,
  k6: string,
  say: (line: string) => void,
): Promise<Rows> {
  const script = fileURLToPath(new URL('../k6/scenarios.js', import.meta.url));
  const settings = { SCENARIO: name, FOR: `${Math.round(forMs / 1_000)}s`, URL: server.url };
  const env = Object.entries(settings).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const child = spawn(k6, ['run', '--quiet', ...env, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const lines = said
        .split('\n')
        .filter((line) => /http_req_duration|http_reqs|http_req_failed|checks_succ/.test(line));
      for (const line of lines) say(`    ${line.trim()}`);
      const detail = lines.map((line) => line.trim().replaceAll(/\.{2,}/g, '')).join('; ');
      resolve({ [`k6_${name}_exit_code`]: atMost(code ?? -1, 0, 0, `thresholds as the plan has them; ${detail}`) });
    });
  });
}
