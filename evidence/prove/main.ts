import { propertyRuns } from '../../engines/config.ts';
import { proofs } from './proofs.ts';
import { CalledWrongly, readArguments } from './read-arguments.ts';
import { runProofs } from './run-proofs.ts';

const usage = `npm run prove -- [NAME]... [--runs N] [--dir DIR] [--only FAULT] [--allow-no OPPORTUNITY]... [--dead-letters N]

Without a name: all of them.
${proofs.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}

  --dir DIR        a folder that a run has kept; absent: a demo of 20 s makes one
  --runs N         cases of each property; else FC_RUNS, else 300
  --decisions N, --concurrency N, --processes N
                   of caps: how much its processes decide, and how much at once; else 20000, 200, 4
  --cases N, --hostile N, --xsd DIR
                   of players: drafts, hostile strings (else ten times as many), and the IAB's VAST schemas; else 2000
  --pods N         of fill: how many viewers ask for, with a fifth more in streams that ask at once; else 3000
  --cases N        of beacons: bad tracking URLs, and as many good ones; else 100000
  --only FAULT     plants that fault alone
  --allow-no and --dead-letters are handed to the audit
`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Answers the exit code: 0 all passed, 1 some failed, 2 called wrongly. */
async function main(): Promise<number> {
  const { help, names, options } = readArguments(
    process.argv.slice(2),
    propertyRuns(),
    proofs.map(({ name }) => name),
  );
  if (help) process.stderr.write(usage);
  if (help) return 0;
  if (names.length === 0) say(usage);
  const asked = proofs.filter(({ name }) => names.length === 0 || names.includes(name));
  const { failed } = await runProofs(asked, { ...options, say });
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CalledWrongly)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
