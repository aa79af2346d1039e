import { systemClock } from '../engines/clock.ts';
import { type Config, readConfig } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { compareTopics, type FoundTopic } from '../engines/event-log/topic-check.ts';
import { describeTopics, makeTopics, openEventLog, topicSpecs } from '../engines/open.ts';

const DAY_MS = 86_400_000;
const PARTITIONS_MAX = 1024;

/** `breakwater topics`: each topic with its partitions, records and copies. Changes nothing. */
export async function listTopicsCommand(): Promise<void> {
  const config = readConfig();
  await withLog(config, (log) => list(log, config));
}

/** `breakwater topics create`: makes what is missing, then lists. */
export async function createTopicsCommand(): Promise<void> {
  const config = readConfig();
  const before = new Set((await describeTopics(config, systemClock())).map(({ name }) => name));
  await withLog(config, async (log) => {
    await makeTopics(log, config);
    const made = topicSpecs(config).filter(({ name }) => !before.has(name));
    say(made.length > 0 ? `made ${made.map(({ name }) => name).join(', ')}` : 'nothing was missing');
    await list(log, config);
  });
}

/** `breakwater topics check`: each difference with how to mend it, and then exit code 1. */
export async function checkTopicsCommand(): Promise<void> {
  const config = readConfig();
  const found = await describeTopics(config, systemClock());
  const differences = compareTopics(topicSpecs(config), found, config.replication);
  for (const { topic, what, mend } of differences) say(`${topic} ${what}\n  to mend: ${mend}`);
  say(`${topicSpecs(config).length} topics checked, ${differences.length} differences`);
  if (differences.length > 0) process.exitCode = 1;
}

/** `breakwater topics grow <n>`: more partitions for every topic that has fewer. EngineError `misconfigured` when none has. */
export async function growTopicsCommand(partitions: number): Promise<void> {
  const config = readConfig();
  const found = await describeTopics(config, systemClock());
  if (found.length === 0) throw new EngineError('misconfigured', 'there are no topics yet: breakwater topics create');
  const most = Math.max(...found.map((topic) => topic.partitions));
  const fewest = Math.min(...found.map((topic) => topic.partitions));
  if (partitions > PARTITIONS_MAX) throw new EngineError('misconfigured', `at most ${PARTITIONS_MAX} partitions`);
  if (partitions <= fewest || partitions < most) {
    throw new EngineError('misconfigured', `there are ${most} partitions already, and none can be taken away`);
  }
  await withLog(config, async (log) => {
    await log.ensureTopics(found.map(({ name, retentionMs }) => ({ name, retentionMs, partitions })));
    await list(log, config);
  });
  say(`grown from ${fewest} to ${partitions}. Set PARTITIONS=${partitions} for topics of later releases.`);
  say('Running processes notice by themselves: workers within 30 s, then the decision API (docs/topics.md).');
}

async function list(log: EventLog, config: Config): Promise<void> {
  const found = await describeTopics(config, systemClock());
  for (const topic of found) say(await lineOf(topic, log));
  const missing = topicSpecs(config).filter(({ name }) => !found.some((topic) => topic.name === name));
  if (missing.length > 0) say(`missing: ${missing.map(({ name }) => name).join(', ')} (breakwater topics create)`);
}

async function lineOf({ name, partitions, retentionMs, kafka }: FoundTopic, log: EventLog): Promise<string> {
  const records = (await log.ends(name)).reduce((sum, end) => sum + end, 0);
  const copies = kafka === null ? '' : `  ${kafka.replication} ${kafka.replication === 1 ? 'copy' : 'copies'}`;
  const counts = `${String(partitions).padStart(4)} partitions ${String(records).padStart(10)} records`;
  return `${name.padEnd(18)} ${counts}  kept ${retentionMs / DAY_MS} days${copies}`;
}

async function withLog(config: Config, run: (log: EventLog) => Promise<void>): Promise<void> {
  const log = await openEventLog(config, systemClock());
  try {
    await run(log);
  } finally {
    await log.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
