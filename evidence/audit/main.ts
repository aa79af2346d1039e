import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { audit } from './audit.ts';
import { startBridge } from './bridge.ts';
import { copyWarehouse } from './copy-warehouse.ts';
import { readRun } from './read-run.ts';
import { report } from './report.ts';

const usage = `npm run audit -- --dir DIR [--warehouse URL] [--log URL] [--state URL] [--dump] [--json] [--allow-no NAME]... [--dead-letters N]

  --dir DIR          the folder that a run has kept
  --warehouse URL    its warehouse; absent: DIR/warehouse is opened, which no other process may be using
  --log URL          its event log, kafka://…; absent: DIR/log
  --state URL        its state store, redis://…; absent: DIR/state
  --servers FILE     the three URLs as JSON, { "warehouse", "log", "state" }, for those that hold passwords
  --dump             leaves what --log and --state hold in DIR/log and DIR/state, so that no server is needed again
  --dump-warehouse   likewise what --warehouse holds, in DIR/warehouse
  --json             the verdicts as one JSON object on stdout; the report goes to stderr
  --allow-no NAME    an opportunity that may be 0: caps_refused, budgets_exhausted, conflicts_rejected, duplicates_sent, late_sent
  --dead-letters N   how many dead letters the run planted on purpose
`;

type Servers = { readonly warehouse?: string; readonly log?: string; readonly state?: string };

/** Answers the exit code: 0 exact, 1 broken, 2 called wrongly. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      warehouse: { type: 'string' },
      log: { type: 'string' },
      state: { type: 'string' },
      servers: { type: 'string' },
      dump: { type: 'boolean', default: false },
      'dump-warehouse': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'allow-no': { type: 'string', multiple: true, default: [] },
      'dead-letters': { type: 'string', default: '0' },
    },
  });
  if (values.dir === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const servers = values.servers === undefined ? {} : (JSON.parse(readFileSync(values.servers, 'utf8')) as Servers);
  const given = { ...servers, ...values };
  const bridge = given.warehouse === undefined ? await startBridge(values.dir) : null;
  try {
    const run = await readRun(values.dir, { ...given, warehouse: given.warehouse ?? bridge?.url ?? '' });
    if (values['dump-warehouse'] && given.warehouse !== undefined) await copyWarehouse(given.warehouse, values.dir);
    const verdicts = audit(run, { allowNo: values['allow-no'], deadLettersExpected: Number(values['dead-letters']) });
    (values.json ? process.stderr : process.stdout).write(`${report(verdicts)}\n`);
    if (values.json) process.stdout.write(`${JSON.stringify(verdicts)}\n`);
    return verdicts.audit === 'exact' ? 0 : 1;
  } finally {
    await bridge?.stop();
  }
}

process.exitCode = await main();
