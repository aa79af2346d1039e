import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../engines/config.ts';
import { benchCounter } from './counter.ts';
import { benchDecide } from './decide.ts';
import { benchEncode } from './encode.ts';
import { benchMatch } from './match.ts';
import { benchPipeline } from './pipeline.ts';
import { benchPropagation } from './propagation.ts';
import { benchReports } from './reports.ts';
import { benchReserve } from './reserve.ts';
import type { BenchOptions, Rows } from './rows.ts';
import { benchScenarios } from './scenarios.ts';
import { benchSolve } from './solve.ts';
import { benchVast } from './vast.ts';

interface Bench {
  readonly name: string;
  readonly about: string;
  readonly run: (options: BenchOptions) => Promise<Rows>;
  /** Runs only where it is named. */
  readonly long?: true;
}

/** Every bench by name. One entry each. */
const benches: readonly Bench[] = [
  { name: 'match', about: 'the targeting index against loops over the rules', run: benchMatch },
  { name: 'solve', about: 'the pod solver against the exact optimum and one HTTP echo', run: benchSolve },
  { name: 'decide', about: 'the whole decision over HTTP with a real Redis against a bare echo', run: benchDecide },
  { name: 'reserve', about: 'a place taken in one swap against a plain GET, on real Redis', run: benchReserve },
  { name: 'propagation', about: 'a campaign paused through the API is no longer served', run: benchPropagation },
  {
    name: 'vast',
    about: 'a pod of six ads as VAST 4.2 against one HTTP echo: the text is bound, its signatures are told',
    run: benchVast,
  },
  { name: 'encode', about: 'Avro records against JSON', run: benchEncode },
  { name: 'scenarios', about: "the plan's load tests: users who think", run: benchScenarios, long: true },
  { name: 'pipeline', about: 'Kafka to Redis and ClickHouse against a consumer that only decodes', run: benchPipeline },
  { name: 'counter', about: 'a beacon at the worker until it stands in the live counters', run: benchCounter },
  { name: 'reports', about: 'a compiled report over 50 million rows against SQL written by hand', run: benchReports },
];

const usage = `npm run bench -- [NAME]... [--json] [--for 5m] [--k6 PROGRAM]

Without a name: all but scenarios. CPU for one operation, each against its baseline in alternating blocks of one run.
${benches.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join('\n')}

  --for 5m         how long each of the scenarios is played; else 5m
  --k6 PROGRAM     k6 plays them (go install go.k6.io/k6@latest)

Results are kept in evidence/results/. Exits 1 below a floor.
`;

/** Answers the exit code: 0 all floors held, 1 some not, 2 called wrongly. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      for: { type: 'string', default: '5m' },
      k6: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  const forMs = parseDuration(values.for);
  if (values.help || unknown.length > 0 || forMs === undefined) {
    process.stderr.write(unknown.length > 0 ? `no bench named ${unknown.join(', ')}\n\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  const say = (line: string) => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  const rows: Record<string, Rows[string]> = {};
  for (const bench of benches) {
    if (positionals.length > 0 ? !positionals.includes(bench.name) : bench.long) continue;
    say(`${bench.name}: ${bench.about}`);
    const machine = describeMachine();
    const found = await bench.run({ say, forMs, k6: values.k6 ?? null });
    for (const [name, row] of Object.entries(found)) {
      const wanted = row.floor === null ? '' : ` (floor ${row.floor}, aim ${row.aim})`;
      say(`  ${row.ok ? 'ok  ' : 'MISS'} ${name}: ${row.measured}${wanted}; ${row.detail}`);
    }
    Object.assign(rows, found);
    keep(bench.name, { at: new Date().toISOString(), machine, rows: found });
  }
  const ok = Object.values(rows).every((row) => row.ok);
  if (values.json) process.stdout.write(`${JSON.stringify({ ok, rows })}\n`);
  return ok ? 0 : 1;
}

function keep(name: string, result: object): void {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`bench-${name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
}

function describeMachine(): object {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1e9),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    load_before: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

process.exitCode = await main();
