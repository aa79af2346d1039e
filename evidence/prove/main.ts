import { parseArgs } from 'node:util';
import { propertyRuns } from '../../engines/config.ts';
import { proofs } from './proofs.ts';

const usage = `npm run prove -- [NAME]... [--runs N] [--dir DIR] [--only FAULT] [--allow-no OPPORTUNITY]... [--dead-letters N]

Without a name: all of them.
${proofs.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}

  --dir DIR        a folder that a run has kept; absent: a demo of 20 s makes one
  --runs N         cases of each property; else FC_RUNS, else 300
  --decisions N, --concurrency N, --processes N
                   of caps: how much its processes decide, and how much at once; else 20000, 200, 4
  --cases N, --hostile N, --xsd DIR
                   of players: drafts, hostile strings (else ten times as many), and the IAB's VAST schemas; else 2000
  --pods N         of fill: how many are decided; else 3000
  --cases N        of beacons: bad tracking URLs, and as many good ones; else 100000
  --only FAULT     plants that fault alone
  --allow-no and --dead-letters are handed to the audit
`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Answers the exit code: 0 all passed, 1 some failed, 2 called wrongly. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      only: { type: 'string' },
      'allow-no': { type: 'string', multiple: true, default: [] },
      'dead-letters': { type: 'string', default: '0' },
      runs: { type: 'string' },
      decisions: { type: 'string', default: '20000' },
      concurrency: { type: 'string', default: '200' },
      processes: { type: 'string', default: '4' },
      cases: { type: 'string' },
      hostile: { type: 'string' },
      xsd: { type: 'string' },
      pods: { type: 'string', default: '3000' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !proofs.some((proof) => proof.name === name));
  if (values.help || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `no proof named ${unknown.join(', ')}\n\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  if (positionals.length === 0) say(usage);
  let passed = 0;
  let failed = 0;
  for (const proof of proofs) {
    if (positionals.length > 0 && !positionals.includes(proof.name)) continue;
    say(`${proof.name}: ${proof.about}`);
    const tally = await proof.run({
      dir: values.dir ?? null,
      only: values.only ?? null,
      allowNo: values['allow-no'],
      deadLettersExpected: Number(values['dead-letters']),
      runs: Number(values.runs ?? propertyRuns() ?? 300),
      decisions: Number(values.decisions),
      concurrency: Number(values.concurrency),
      processes: Number(values.processes),
      cases: Number(values.cases ?? 2_000),
      urls: Number(values.cases ?? 100_000),
      hostile: Number(values.hostile ?? 10 * Number(values.cases ?? 2_000)),
      xsd: values.xsd ?? null,
      pods: Number(values.pods),
      say,
    });
    passed += tally.passed;
    failed += tally.failed;
  }
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
