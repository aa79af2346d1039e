import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import type { EventLog, LogRecord } from '../engines/event-log/event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { openEventLog } from '../engines/open.ts';
import { decodeOf, encode, UndecodableError } from '../schemas/codec.ts';
import { events } from '../schemas/events.ts';
import type { DeadLetter } from '../schemas/records.ts';
import { readTopic } from './read-topic.ts';

const { topic: DEAD_LETTERS } = events['dead-letter'];
/** A letter with this reason traces a sending: `detail` says where the record is now. */
const SENT_AGAIN = 'sent_again';

/** What is known of one refused record, over all groups that refused it. */
export interface Letter {
  /** topic/partition@offset: where it was refused. */
  readonly id: string;
  readonly groups: readonly string[];
  readonly letter: DeadLetter;
  /** topic/partition@offset of each sending. */
  readonly sentTo: readonly string[];
}

/** Every refused record once, in order of refusal. `onUnreadable` hears of letters that are none themselves. */
export async function readDeadLetters(
  log: EventLog,
  onUnreadable: (id: string, why: string) => void = () => undefined,
): Promise<Letter[]> {
  const found = new Map<string, { id: string; groups: string[]; letter: DeadLetter; sentTo: string[] }>();
  const sent: DeadLetter[] = [];
  await readTopic(log, DEAD_LETTERS, (record) => {
    const letter = letterOf(record, onUnreadable);
    if (letter === null) return;
    if (letter.reason === SENT_AGAIN) {
      sent.push(letter);
      return;
    }
    const id = idOf(letter);
    const known = found.get(id);
    if (known === undefined) found.set(id, { id, groups: [letter.group], letter, sentTo: [] });
    else if (!known.groups.includes(letter.group)) known.groups.push(letter.group);
  });
  for (const letter of sent) found.get(idOf(letter))?.sentTo.push(letter.detail);
  return [...found.values()].sort((a, b) => a.letter.appended_at - b.letter.appended_at || (a.id < b.id ? -1 : 1));
}

function letterOf(record: LogRecord, onUnreadable: (id: string, why: string) => void): DeadLetter | null {
  try {
    const decoded = decodeOf(DEAD_LETTERS, record.value);
    return decoded.name === 'dead-letter' ? decoded.value : null;
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    onUnreadable(idOf(record), error.message);
    return null;
  }
}

/**
 * Appends the original bytes again to the partition they came from: a new record, judged by its new append time. Where it
 * went is kept as a dead letter of its own. Answers the new topic/partition@offset.
 */
export async function sendAgain(log: EventLog, { letter }: Letter): Promise<string> {
  const { topic, partition, key, bytes } = letter;
  const [appended] = await log.append(topic, [{ partition, key, value: bytes }]);
  if (appended === undefined) throw new Error('the log answered nothing for the record appended');
  const now = `${topic}/${partition}@${appended.offset}`;
  const trace = encode('dead-letter', {
    ...letter,
    group: 'cli',
    reason: SENT_AGAIN,
    detail: now,
    bytes: Buffer.alloc(0),
  });
  const target = partitionOf(topic, await log.partitions(DEAD_LETTERS));
  await log.append(DEAD_LETTERS, [{ partition: target, key: topic, value: trace }]);
  return now;
}

/** `breakwater dead-letters list`. */
export async function listCommand(options: { readonly json?: boolean }): Promise<void> {
  await withLog(async (log) => {
    const letters = await readDeadLetters(log, complain);
    for (const { id, groups, letter, sentTo } of letters) {
      const { reason, detail, bytes } = letter;
      const at = new Date(letter.appended_at).toISOString();
      const line =
        options.json === true
          ? JSON.stringify({ id, at, groups, reason, detail, bytes: bytes.toString('base64'), sent_to: sentTo })
          : `${id}  ${at}  ${groups.join(',')}  ${reason}: ${detail}  ${bytes.length} bytes${sentTo.map((to) => `  sent to ${to}`).join('')}`;
      process.stdout.write(`${line}\n`);
    }
    if (options.json !== true) process.stdout.write(`${letters.length} dead letters\n`);
  });
}

/** `breakwater dead-letters send [ids…]`: those, or with `all` every one not sent yet. Sets the exit code when an id is unknown. */
export async function sendCommand(ids: readonly string[], options: { readonly all?: boolean }): Promise<void> {
  await withLog(async (log) => {
    const letters = await readDeadLetters(log, complain);
    const unknown = ids.filter((id) => !letters.some((letter) => letter.id === id));
    if (unknown.length > 0 || (ids.length === 0 && options.all !== true)) {
      process.stderr.write(
        unknown.length > 0 ? `no such dead letter: ${unknown.join(' ')}\n` : 'name the letters, or --all\n',
      );
      process.exitCode = 1;
      return;
    }
    const chosen = letters.filter(({ id, sentTo }) => (ids.length > 0 ? ids.includes(id) : sentTo.length === 0));
    for (const letter of chosen) process.stdout.write(`${letter.id} -> ${await sendAgain(log, letter)}\n`);
    process.stdout.write(`${chosen.length} sent\n`);
  });
}

function complain(id: string, why: string): void {
  process.stderr.write(`${id} is no dead letter: ${why}\n`);
}

function idOf({ topic, partition, offset }: Pick<DeadLetter, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}@${offset}`;
}

async function withLog(use: (log: EventLog) => Promise<void>): Promise<void> {
  const log = await openEventLog(readConfig(), systemClock());
  try {
    await use(log);
  } finally {
    await log.close();
  }
}
