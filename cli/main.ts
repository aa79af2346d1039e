import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../engines/config.ts';
import { roles } from '../management-api/access/roles.ts';

const RUN = 'Run:';
const OPERATE = 'Operate:';
const ANALYSE = 'Analyse:';
const MANAGE = 'Manage:';

/** Commands load what they need when they run, so that a worker does not carry the demo in memory. */
function program(): Command {
  const root = new Command('breakwater')
    .description('An ad server for connected TV that processes its events as streams')
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(--help shows what there is)');
  addRun(root);
  addServers(root);
  addOperate(root);
  addAnalyse(root);
  addManage(root);
  addInternal(root);
  return root;
}

function addRun(root: Command): void {
  root
    .command('up')
    .helpGroup(RUN)
    .description('everything on this machine, data kept in DATA_DIR (./data); Ctrl-C stops it')
    .action(async () => (await import('./up.ts')).up());
  root
    .command('demo')
    .helpGroup(RUN)
    .description('a fresh house, simulated viewers, a summary and the audit')
    .option('--for <duration>', 'how long viewers watch', duration, 20_000)
    .option('--seed <number>', 'of the viewers and the crashes', whole, 1)
    .option('--rate <number>', 'ad requests a second (default: the simulator decides)', whole)
    .option('--keep <folder>', 'leave everything in this folder, which must be empty or new')
    .option('--json', 'the last line of standard output is one JSON object')
    .option('--crash <number>', 'SIGKILL the API and workers this many times in mid-traffic', whole, 0)
    .option('--virtual', 'one process on one clock that the simulator moves: a seed repeats to the last decision')
    .addOption(
      new Option('--signals <switch>', 'whether decisions follow campaign signals')
        .choices(['on', 'off'])
        .default('on'),
    )
    .action(async (options) => (await import('./demo/demo.ts')).demo(options));
  const serve = root.command('serve').helpGroup(RUN).description('one serving process');
  serve
    .command('decision')
    .description('the decision API')
    .action(async () => (await import('./serve.ts')).serveDecision());
  serve
    .command('management')
    .description('relays catalog changes to the log')
    .action(async () => (await import('./serve.ts')).serveManagement());
  root
    .command('worker')
    .helpGroup(RUN)
    .description('stream workers in one process: frequency, pacing, warehouse, scoring')
    .argument('<names...>')
    .action(async (names: string[]) => (await import('./worker.ts')).serveWorkers(names));
}

function addAnalyse(root: Command): void {
  root
    .command('sql')
    .helpGroup(ANALYSE)
    .description('ask the warehouse with a statement that only reads; database breakwater')
    .argument('<statement>')
    .addOption(new Option('--format <format>', 'how to print').choices(['table', 'csv', 'json']).default('table'))
    .action(async (sql: string, { format }: { format: 'table' | 'csv' | 'json' }) => {
      const [{ runSql }, { readConfig }, { warehouseUrl }] = await Promise.all([
        import('./sql.ts'),
        import('../engines/config.ts'),
        import('../engines/endpoints.ts'),
      ]);
      process.exitCode = await runSql({ url: warehouseUrl(readConfig()), sql, format, out: process.stdout });
    });
}

function addServers(root: Command): void {
  const servers = root
    .command('servers')
    .helpGroup(RUN)
    .description('real Kafka and Redis on this machine without Docker, in DATA_DIR/servers');
  servers
    .command('up')
    .description('start what does not run, and print what to set; they outlive this command')
    .action(async () => (await import('./servers.ts')).serversUpCommand());
  servers
    .command('down')
    .description('stop them, in order')
    .action(async () => (await import('./servers.ts')).serversDownCommand());
  servers
    .command('status')
    .description('which of them run; exit code 1 if any does not')
    .action(async () => (await import('./servers.ts')).serversStatusCommand());
}

function addManage(root: Command): void {
  const keys = root.command('keys').helpGroup(MANAGE).description('API keys of the management API');
  keys
    .command('create')
    .description('make a key and print it, this once')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--role <role>', 'its scopes').choices(roles).default('manager'))
    .option('--organisation <id>', 'whose it is; the default organisation where left out')
    .action(async (options) => (await import('./keys.ts')).createKeyCommand(options));
  keys
    .command('list')
    .description('list keys, without what makes them keys')
    .action(async () => (await import('./keys.ts')).listKeysCommand());
}

/** What the supervisor of a virtual demo starts; of no use by hand, so not listed. */
function addInternal(root: Command): void {
  root.command('virtual-host', { hidden: true }).action(async () => (await import('./virtual-host.ts')).virtualHost());
}

function addOperate(root: Command): void {
  root
    .command('migrate')
    .helpGroup(OPERATE)
    .description("bring the catalog's and the warehouse's tables and the topics to this release")
    .action(async () => (await import('./migrate.ts')).migrate());
  addTopics(root);
  const letters = root.command('dead-letters').helpGroup(OPERATE).description('records that workers could not use');
  letters
    .command('list')
    .option('--json', 'one JSON object a line, with the original bytes in base64')
    .action(async (options) => (await import('./dead-letters.ts')).listCommand(options));
  letters
    .command('send')
    .description('append original bytes again where they came from, as new records')
    .argument('[ids...]', 'as listed: topic/partition@offset')
    .option('--all', 'every one that was not sent yet')
    .action(async (ids: string[], options) => (await import('./dead-letters.ts')).sendCommand(ids, options));
}

function addTopics(root: Command): void {
  const topics = root
    .command('topics')
    .helpGroup(OPERATE)
    .description('list the topics with their partitions and records')
    .action(async () => (await import('./topics.ts')).listTopicsCommand());
  topics
    .command('create')
    .description('make what is missing, with PARTITIONS partitions and REPLICATION copies')
    .action(async () => (await import('./topics.ts')).createTopicsCommand());
  topics
    .command('check')
    .description('compare with what is configured; exit code 1 where something differs, and how to mend it')
    .action(async () => (await import('./topics.ts')).checkTopicsCommand());
  topics
    .command('grow')
    .description('give every topic this many partitions; they can never be taken away')
    .argument('<partitions>', 'how many', whole)
    .action(async (partitions: number) => (await import('./topics.ts')).growTopicsCommand(partitions));
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('expected a duration such as 20s or 2m');
  return ms;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

try {
  await program().parseAsync();
  // Timers of engines that are closed may still run; nothing of ours waits for them.
  process.exit();
} catch (error) {
  const shown = error instanceof CommanderError || !(error instanceof Error) ? String(error) : explained(error);
  process.stderr.write(`breakwater: ${shown}\n`);
  process.exit(1);
}

/** Our own errors say what to do and the system's what they were about; anything else is a fault of ours and shows where. */
function explained(error: Error): string {
  const isTold = error.name === 'EngineError' || 'syscall' in error;
  return isTold ? error.message : (error.stack ?? error.message);
}
