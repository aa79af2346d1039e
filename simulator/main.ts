import { HELP, readOptions } from './options.ts';
import { simulate } from './simulate.ts';
import type { Second } from './tally.ts';

/** Exit codes: 0 the run ended or was stopped, 1 it failed, 2 the options are wrong. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if ('problems' in options) {
    process.stderr.write(`${options.problems.join('\n')}\nnode simulator/main.ts --help says more\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const counts = await simulate(options, stop.signal, (second) =>
    process.stderr.write(`${options.progressJson ? JSON.stringify(second) : inWords(second)}\n`),
  );
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  return 0;
}

function inWords(second: Second): string {
  const fill = `${Math.round(second.fill * 100)} %`;
  const parts = [`${second.requests} requests (${second.rps}/s)`, `fill ${fill}`, `${second.beacons_acked} beacons`];
  return `${second.t.toFixed(0)} s ${second.phase}: ${[...parts, `p95 ${second.p95_ms.toFixed(1)} ms`].join(', ')}`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
