import { systemClock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import type { EventLog } from '../event-log/event-log.ts';
import { systemRandom } from '../random.ts';
import { OwnedJournal } from './owned-journal.ts';

/** Puts records without an end and tells each that is kept; told to, it sleeps as a stopped process does. The log is away. */
const [journals = ''] = process.argv.slice(2);
const clock = systemClock();
const away = async () => {
  throw new EngineError('unavailable', 'the log is away');
};
const log: EventLog = {
  ensureTopics: away,
  partitions: away,
  append: away,
  ends: away,
  subscribe: away,
  close: async () => undefined,
};
const journal = await OwnedJournal.open({
  journals,
  bytesMax: 2 ** 30,
  diskFreeBytesMin: 0,
  log,
  clock,
  random: systemRandom(clock),
  onShipped: () => undefined,
  onDead: () => undefined,
  onBreaker: () => undefined,
  onError: () => undefined,
  onLost: () => process.send?.('lost'),
});
process.send?.(journal.path);
process.on('disconnect', () => process.exit());

let next = 0;
const lane = async () => {
  for (;;) {
    const text = String(next++);
    try {
      const number = await journal.put('ad-requests', [{ partition: 0, key: 'k', value: Buffer.from(text) }]);
      process.send?.({ text, number });
    } catch (error) {
      const { code } = error as EngineError;
      process.send?.(code);
      // Who slept for longer than a write may take is told so first.
      if (code !== 'timeout') return;
    }
  }
};
for (let lanes = 0; lanes < 8; lanes++) void lane();
