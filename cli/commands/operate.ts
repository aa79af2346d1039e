import type { Command } from 'commander';
import { whole } from './arguments.ts';

const OPERATE = 'Operate:';

export function addOperate(root: Command): void {
  root
    .command('doctor')
    .helpGroup(OPERATE)
    .description(
      'look at settings, room, ports, migrations, clocks, topics, engines and keys; exit code 1 where something is to be mended',
    )
    .option('--json', 'one JSON object')
    .action(async (options) => (await import('../doctor.ts')).doctorCommand(options));
  root
    .command('migrate')
    .helpGroup(OPERATE)
    .description("bring the catalog's and the warehouse's tables and the topics to this release")
    .action(async () => (await import('../migrate.ts')).migrate());
  addTopics(root);
  root
    .command('trace')
    .helpGroup(OPERATE)
    .description('every record of the log that carries this request id, one JSON object a line; reads two whole topics')
    .argument('<request_id>')
    .action(async (id: string) => (await import('../trace.ts')).traceCommand(id));
  addJournal(root);
  addRebuild(root);
  const letters = root.command('dead-letters').helpGroup(OPERATE).description('records that workers could not use');
  letters
    .command('list')
    .option('--json', 'one JSON object a line, with the original bytes in base64')
    .action(async (options) => (await import('../dead-letters.ts')).listCommand(options));
  letters
    .command('send')
    .description('append original bytes again where they came from, as new records')
    .argument('[ids...]', 'as listed: topic/partition@offset')
    .option('--all', 'every one that was not sent yet')
    .action(async (ids: string[], options) => (await import('../dead-letters.ts')).sendCommand(ids, options));
}

function addTopics(root: Command): void {
  const topics = root
    .command('topics')
    .helpGroup(OPERATE)
    .description('list the topics with their partitions and records')
    .action(async () => (await import('../topics.ts')).listTopicsCommand());
  topics
    .command('create')
    .description('make what is missing, with PARTITIONS partitions and REPLICATION copies')
    .action(async () => (await import('../topics.ts')).createTopicsCommand());
  topics
    .command('check')
    .description('compare with what is configured; exit code 1 where something differs, and how to mend it')
    .action(async () => (await import('../topics.ts')).checkTopicsCommand());
  topics
    .command('grow')
    .description('give every topic this many partitions; they can never be taken away')
    .argument('<partitions>', 'how many', whole)
    .action(async (partitions: number) => (await import('../topics.ts')).growTopicsCommand(partitions));
}

function addJournal(root: Command): void {
  const journal = root
    .command('journal')
    .helpGroup(OPERATE)
    .description('records of decision APIs that wait on disk to be shipped to Kafka');
  journal
    .command('list')
    .option('--json', 'one JSON object a line')
    .description('each journal under DATA_DIR: its owner, what waits, dead letters')
    .action(async (options) => (await import('../journal.ts')).journalListCommand(options));
  journal
    .command('adopt')
    .argument('<folder>', "a journal's folder, also one copied from the disk of a dead machine")
    .option('--revive', 'its dead letters too: what Kafka refused is tried once more')
    .description('ship everything in it to EVENT_LOG, then remove it')
    .action(async (folder: string, options) => (await import('../journal.ts')).journalAdoptCommand(folder, options));
}

function addRebuild(root: Command): void {
  const rebuild = root
    .command('rebuild')
    .helpGroup(OPERATE)
    .description('make what is kept say again what the log says; beside running processes or without them');
  const json = ['--json', 'the last line of standard output is one JSON object'] as const;
  const check = ['--check', 'change nothing; exit code 1 if anything differs'] as const;
  rebuild
    .command('windows')
    .description('places under caps and confirmed views, from the log')
    .option(...check)
    .option(...json)
    .action(async (options) => (await import('../rebuild.ts')).rebuild('windows', options));
  rebuild
    .command('money')
    .description('money billed and taken, sums of open minutes, from the log')
    .option(...check)
    .option('--rows', "what the log no longer holds, from the warehouse's raw rows")
    .option(...json)
    .action(async (options) => (await import('../rebuild.ts')).rebuild('money', options));
  rebuild
    .command('rows')
    .description("raw rows of the warehouse, from the log: sends its workers back to the log's beginning")
    .option(...json)
    .action(async (options) => (await import('../rebuild.ts')).rebuildRowsCommand(options));
  rebuild
    .command('rollups')
    .description('minutes, hours and days of the warehouse, from its raw rows')
    .option(...json)
    .action(async (options) => (await import('../rebuild.ts')).rebuild('rollups', options));
}
