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
