import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { openEventLog } from '../open.ts';
import { systemRandom } from '../random.ts';
import { adopt } from './adopt.ts';
import type { JournalRecord } from './journal-store.ts';

/** What a child that adopts a journal tells its parent. */
export type AdoptionNews =
  | { readonly opened: true }
  | { readonly shipped: number; readonly topic: string }
  | { readonly dead: Pick<JournalRecord, 'topic' | 'bytes'>; readonly why: string };

const [path = ''] = process.argv.slice(2);
const tell = (news: AdoptionNews) => process.send?.(news);
process.on('disconnect', () => process.exit(1));

const clock = systemClock();
const log = await openEventLog(readConfig(), clock);
const outcome = await adopt({
  path,
  log,
  clock,
  random: systemRandom(clock),
  signal: new AbortController().signal,
  onOpened: () => tell({ opened: true }),
  onShipped: (topic, records) => tell({ shipped: records.length, topic }),
  onDead: ({ topic, bytes }, { message: why }) => tell({ dead: { topic, bytes }, why }),
  onError: (error) => process.emitWarning(error as Error),
});
await log.close();
process.exit(outcome === 'shipped' ? 0 : 1);
