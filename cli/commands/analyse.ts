import { type Command, Option } from 'commander';

const ANALYSE = 'Analyse:';

export function addAnalyse(root: Command): void {
  root
    .command('sql')
    .helpGroup(ANALYSE)
    .description('ask the warehouse with a statement that only reads; database breakwater')
    .argument('<statement>')
    .addOption(new Option('--format <format>', 'how to print').choices(['table', 'csv', 'json']).default('table'))
    .action(async (sql: string, { format }: { format: 'table' | 'csv' | 'json' }) => {
      const [{ runSql }, { readConfig }, { warehouseUrl }] = await Promise.all([
        import('../sql.ts'),
        import('../../engines/config.ts'),
        import('../../engines/endpoints.ts'),
      ]);
      process.exitCode = await runSql({ url: warehouseUrl(readConfig()), sql, format, out: process.stdout });
    });
  addReport(root);
  addExplain(root);
}

function addExplain(root: Command): void {
  root
    .command('explain')
    .helpGroup(ANALYSE)
    .description('every campaign in one decision: its slot, or the reason why it has none')
    .argument('<request-id>')
    .option('--dir <folder>', 'the data folder of a house, or one that a demo has kept (default: DATA_DIR)')
    .option('--json', 'one JSON object')
    .action(async (requestId: string, options) => {
      process.exitCode = await (await import('../explain.ts')).explainCommand(requestId, options, process.stdout);
    });
}

function addReport(root: Command): void {
  const list = (text: string) => text.split(',');
  const gather = (text: string, all: readonly string[] = []) => [...all, text];
  root
    .command('report')
    .helpGroup(ANALYSE)
    .description('a custom report: measures by dimensions, compiled to one bound statement; --list shows them')
    .argument(
      '[file]',
      'JSON as POST /api/v2/analytics/custom-report takes it, instead of --measures to --limit; - for standard input',
    )
    .option('--list', 'what can be asked')
    .option('--measures <names>', 'with commas between', list)
    .option('--by <dimensions>', 'with commas between', list)
    .option('--granularity <each>', 'minute, hour, day, week, month')
    .option('--time-zone <zone>', 'IANA name; default UTC')
    .option('--from <time>', 'ISO 8601, a whole minute')
    .option('--to <time>', 'default: now')
    .option('--range <name>', 'instead: today, yesterday, last_7_days, last_30_days, this_week, …')
    .option('--compare', 'beside the time before')
    .option('--where <filter>', 'country=US,CA or country!=US; may stand more than once', gather)
    .option('--order-by <column>')
    .option('--limit <rows>')
    .option('--totals', 'a last line for all of it; not in parquet')
    .option('--organisation <id>', 'only its rows, and only what it may ask; default: all')
    .addOption(
      new Option('--format <format>', 'how to print; default: as FILE says, else table').choices([
        'table',
        'csv',
        'excel',
        'json',
        'parquet',
      ]),
    )
    .option('--output <file>', 'write there; parquet needs it')
    .action(async (file: string | undefined, options) => {
      const [{ listMeasures, runReportCommand }, { readConfig }, { warehouseUrl }] = await Promise.all([
        import('../report.ts'),
        import('../../engines/config.ts'),
        import('../../engines/endpoints.ts'),
      ]);
      if (options.list === true) return listMeasures(process.stdout);
      const streams = { out: process.stdout, err: process.stderr };
      const given = { ...options, ...streams, ...(file === undefined ? {} : { file }) };
      process.exitCode = await runReportCommand({ ...given, url: warehouseUrl(readConfig()) });
    });
}
