import { type Command, Option } from 'commander';
import { duration, processes, whole } from './arguments.ts';

const RUN = 'Run:';

export function addRun(root: Command): void {
  root
    .command('up')
    .helpGroup(RUN)
    .description('everything on this machine, data kept in DATA_DIR (./data); Ctrl-C stops it')
    .action(async () => (await import('../up.ts')).up());
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
    .option('--real', 'on real Kafka, Redis, PostgreSQL and ClickHouse: given by URL, in containers, or native')
    .option('--apis <number>', 'how many decision processes', processes, 1)
    .option('--workers <number>', 'how many worker processes', processes, 2)
    .option('--virtual', 'one process on one clock that the simulator moves: a seed repeats to the last decision')
    .addOption(
      new Option('--signals <switch>', 'whether decisions follow campaign signals')
        .choices(['on', 'off'])
        .default('on'),
    )
    .action(async (options) => (await import('../demo/demo.ts')).demo(options));
  const serve = root.command('serve').helpGroup(RUN).description('one serving process');
  serve
    .command('decision')
    .description('the decision API')
    .action(async () => (await import('../serve.ts')).serveDecision());
  serve
    .command('management')
    .description('the management API; relays catalog changes to the log, evaluates alerts')
    .action(async () => (await import('../serve.ts')).serveManagement());
  root
    .command('worker')
    .helpGroup(RUN)
    .description('stream workers in one process: frequency, pacing, warehouse, scoring')
    .argument('<names...>')
    .action(async (names: string[]) => (await import('../worker.ts')).serveWorkers(names));
  addServers(root);
  addInternal(root);
}

function addServers(root: Command): void {
  const servers = root
    .command('servers')
    .helpGroup(RUN)
    .description(
      'real Kafka, Redis, PostgreSQL and ClickHouse engine on this machine without Docker, in DATA_DIR/servers',
    );
  servers
    .command('up')
    .description('start what does not run, and print what to set; they outlive this command')
    .action(async () => (await import('../servers.ts')).serversUpCommand());
  servers
    .command('down')
    .description('stop them, in order')
    .action(async () => (await import('../servers.ts')).serversDownCommand());
  servers
    .command('status')
    .description('which of them run; exit code 1 if any does not')
    .action(async () => (await import('../servers.ts')).serversStatusCommand());
}

/** What demos start; of no use by hand, so not listed. */
function addInternal(root: Command): void {
  root
    .command('guard-servers', { hidden: true })
    .argument('<path>')
    .action(async (path: string) => (await import('../demo/guard.ts')).guardCommand(path));
  root.command('virtual-host', { hidden: true }).action(async () => (await import('../virtual-host.ts')).virtualHost());
}
