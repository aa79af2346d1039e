import { parseArgs } from 'node:util';
import { audit } from './audit.ts';
import { startBridge } from './bridge.ts';
import { readRun } from './read-run.ts';
import { report } from './report.ts';

const usage = `node evidence/audit/main.ts --dir DIR [--warehouse URL] [--json] [--allow-no NAME]... [--dead-letters N]

  --dir DIR          the folder that a run has kept
  --warehouse URL    its warehouse; absent: DIR/warehouse is opened, which no other process may be using
  --json             the verdicts as one JSON object on stdout; the report goes to stderr
  --allow-no NAME    an opportunity that may be 0: caps_refused, budgets_exhausted, conflicts_rejected, duplicates_sent, late_sent
  --dead-letters N   how many dead letters the run planted on purpose
`;

/** Answers the exit code: 0 exact, 1 broken, 2 called wrongly. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      warehouse: { type: 'string' },
      json: { type: 'boolean', default: false },
      'allow-no': { type: 'string', multiple: true, default: [] },
      'dead-letters': { type: 'string', default: '0' },
    },
  });
  if (values.dir === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const bridge = values.warehouse === undefined ? await startBridge(values.dir) : null;
  try {
    const run = await readRun(values.dir, values.warehouse ?? bridge?.url ?? '');
    const verdicts = audit(run, { allowNo: values['allow-no'], deadLettersExpected: Number(values['dead-letters']) });
    (values.json ? process.stderr : process.stdout).write(`${report(verdicts)}\n`);
    if (values.json) process.stdout.write(`${JSON.stringify(verdicts)}\n`);
    return verdicts.audit === 'exact' ? 0 : 1;
  } finally {
    await bridge?.stop();
  }
}

process.exitCode = await main();
