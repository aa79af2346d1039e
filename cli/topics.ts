import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { openEventLog, topicSpecs } from '../engines/open.ts';

/** `breakwater topics`: makes what is missing and prints each topic with its partitions and records. */
export async function topicsCommand(): Promise<void> {
  const config = readConfig();
  const log = await openEventLog(config, systemClock());
  try {
    const specs = topicSpecs(config);
    await log.ensureTopics(specs);
    for (const { name, retentionMs } of specs) {
      const ends = await log.ends(name);
      const records = ends.reduce((sum, end) => sum + end, 0);
      const days = retentionMs / 86_400_000;
      process.stdout.write(
        `${name.padEnd(18)} ${String(ends.length).padStart(4)} partitions ${String(records).padStart(10)} records  kept ${days} days\n`,
      );
    }
  } finally {
    await log.close();
  }
}
