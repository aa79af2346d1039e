import type { Clock } from '../../engines/clock.ts';
import type { EventLog, TopicPartition } from '../../engines/event-log/event-log.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare } from '../../schemas/codec.ts';

const MINUTE_MS = 60_000;
const POLL_MS = 250;

/** Which topics each group has to be through before a run is over. */
export const groupTopics: Readonly<Record<string, readonly string[]>> = {
  frequency: ['ad-beacons'],
  pacing: ['ad-beacons'],
  scoring: ['ad-beacons'],
  warehouse: ['ad-requests', 'ad-beacons'],
};

export interface SettleOptions {
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  /** Epoch ms: no decision was made later. */
  readonly lastDecisionAt: number;
  readonly tokenLifeMs: number;
  /** Gives up after this long past the last token. */
  readonly patienceMs: number;
  /** Called before each look; in virtual mode it moves the clock. */
  readonly step: () => Promise<void>;
  readonly report: (line: string) => void;
}

/**
 * Waits until every token of the run has expired, every group has applied all that was in the log then, and money is
 * closed past the last minute. Rejects with what is missing when that takes longer than `patienceMs`.
 */
export async function settle(options: SettleOptions): Promise<void> {
  const { clock, lastDecisionAt, tokenLifeMs, report } = options;
  const lastMinute = Math.floor(lastDecisionAt / MINUTE_MS);
  const lastTokenAt = (lastMinute + 1) * MINUTE_MS + tokenLifeMs;
  const giveUpAt = lastTokenAt + options.patienceMs;
  if (clock.now() <= lastTokenAt) {
    report(
      `waiting for the tokens of the last minute to end (${Math.ceil((lastTokenAt - clock.now()) / 1000)} s): until then an impression may still come, and its place and money are held`,
    );
  }
  while (clock.now() <= lastTokenAt) await pause(options);
  report('every token has ended: places without an impression are released, minutes are closed');
  const wanted = await endsOf(options.log);
  let closedReported = false;
  for (;;) {
    const behind = await missing(options, wanted, lastTokenAt);
    const closed = await closedUpTo(options.store);
    if (!closedReported && closed >= lastMinute) {
      closedReported = true;
      report('money is closed up to the last minute: what was billed has replaced what was taken');
    }
    if (behind.length === 0 && closed >= lastMinute) return;
    if (clock.now() > giveUpAt) {
      const money = closed >= lastMinute ? [] : [`money is closed up to minute ${closed}, not ${lastMinute}`];
      throw new Error(`the run does not settle: ${[...behind.slice(0, 5), ...money].join('; ')}`);
    }
    await pause(options);
  }
}

async function pause({ step, clock }: SettleOptions): Promise<void> {
  await step();
  await clock.sleep(POLL_MS);
}

async function endsOf(log: EventLog): Promise<ReadonlyMap<string, readonly number[]>> {
  const topics = new Set(Object.values(groupTopics).flat());
  const ends = new Map<string, readonly number[]>();
  for (const topic of topics) ends.set(topic, await log.ends(topic));
  return ends;
}

async function missing(
  { store }: SettleOptions,
  wanted: ReadonlyMap<string, readonly number[]>,
  lastTokenAt: number,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [group, topics] of Object.entries(groupTopics)) {
    for (const topic of topics) {
      const ends = wanted.get(topic) ?? [];
      const heads = await readHeads(
        store,
        group,
        ends.map((_, partition) => ({ topic, partition })),
      );
      for (const [partition, head] of heads.entries()) {
        const end = ends[partition] ?? 0;
        if (head.position < end) problems.push(`${group} is at ${head.position} of ${end} in ${topic}/${partition}`);
        else if (group === 'frequency' && head.watermark <= lastTokenAt) {
          problems.push(`${group}'s watermark in ${topic}/${partition} has not passed the last token`);
        }
      }
    }
  }
  return problems;
}

async function readHeads(store: StateStore, group: string, at: readonly TopicPartition[]) {
  const entries = await store.read(at.map(({ topic, partition }) => keys.head(group, topic, partition)));
  return entries.map(({ bytes }) =>
    bytes === null ? { position: 0, watermark: 0 } : decodeBare('head-record', bytes),
  );
}

async function closedUpTo(store: StateStore): Promise<number> {
  const [entry] = await store.read([keys.closed]);
  return entry?.bytes ? Number(entry.bytes.readBigUInt64BE(0)) : 0;
}
