/**
 * A process of its own for the several-process tests: `node contract-child.ts append|consume PLACE TOPIC MEMBER`.
 * PLACE is an LMDB folder or a kafka:// URL.
 * Tells what happened as JSON lines on stdout; runs until it is killed, or until stdin ends and it leaves in order.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { records } from './contract-fixture.ts';
import type { EventLog } from './event-log.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';
import { openLmdbEventLog } from './lmdb-event-log.ts';

const [mode = '', place = '', topic = '', member = ''] = process.argv.slice(2);
const clock = systemClock();
const tell = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

async function appendForever(log: EventLog): Promise<void> {
  const partitions = await log.partitions(topic);
  for (let round = 0; ; round++) {
    const partition = round % partitions;
    const texts = [0, 1, 2].map((at) => `${member}:${round}:${at}`);
    const appended = await log.append(topic, records(partition, ...texts));
    for (const [at, { offset }] of appended.entries()) tell({ partition, offset, text: texts[at] });
  }
}

async function consume(log: EventLog): Promise<void> {
  await log.subscribe('group', [topic], {
    async resume({ partition, lost }) {
      tell({ resumed: partition });
      lost.addEventListener('abort', () => tell({ lost: partition }));
      return 0;
    },
    async apply(batch) {
      for (const { partition, offset } of batch) tell({ partition, offset });
    },
  });
}

// Both ways of writing must get along with each other.
const inline = process.pid % 2 === 0;
const log = place.startsWith('kafka')
  ? openKafkaEventLog({ url: place, clock })
  : openLmdbEventLog({ path: place, clock, inline });
process.stdin.resume();
process.stdin.on('end', () => {
  log.close().then(() => process.exit(0));
});
await (mode === 'append' ? appendForever(log) : consume(log));
