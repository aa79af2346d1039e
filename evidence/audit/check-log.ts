import type { LogFacts, Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { place } from './judge.ts';

export interface LogOptions {
  /** Dead letters that the run planted on purpose. */
  readonly deadLettersExpected: number;
}

/** The log itself: nothing missing in the row of offsets, time never going back, nothing unreadable left unexplained. */
export function checkLog(log: LogFacts, options: LogOptions): Fault[] {
  const gaps: string[] = [];
  const lostSignals: string[] = [];
  const backwards: string[] = [];
  for (const { topic, partition, next, offsets, times } of log.partitions) {
    const there = new Set(offsets);
    for (let offset = 0; offset < next; offset++) {
      if (there.has(offset)) continue;
      (topic === 'campaign-signals' ? lostSignals : gaps).push(place({ topic, partition, offset }));
    }
    for (const offset of offsets)
      if (offset >= next) gaps.push(`${place({ topic, partition, offset })} beyond the end`);
    for (let i = 1; i < times.length; i++) {
      if ((times[i] ?? 0) < (times[i - 1] ?? 0)) backwards.push(place({ topic, partition, offset: offsets[i] ?? -1 }));
    }
  }
  const explained = new Set(log.deadLetters.map(place));
  const letters = log.deadLetters.map((letter) => `${place(letter)} ${letter.reason}`);
  return [
    ...fault('record_missing', 'an offset below the end holds no record', gaps),
    ...fault('signal_lost', 'an offset of campaign-signals holds no record', lostSignals),
    ...fault('append_time_falls', 'appended earlier than the record before it', backwards),
    ...fault(
      'undecodable',
      'bytes that are no record, and no dead letter says so',
      log.undecodable.map(place).filter((at) => !explained.has(at)),
    ),
    ...(letters.length > options.deadLettersExpected
      ? fault('dead_letters', 'records that a worker could not use', letters)
      : []),
  ];
}

/** Every worker has applied the log to its end (ticks at the end carry nothing), and nothing beyond it. */
export function checkHeads(run: Pick<Run, 'log' | 'state'>): Fault[] {
  const partitions = new Map(run.log.partitions.map((fact) => [`${fact.topic}/${fact.partition}`, fact]));
  const behind: string[] = [];
  const beyond: string[] = [];
  for (const { group, topic, partition, position } of run.state.heads) {
    const fact = partitions.get(`${topic}/${partition}`);
    const id = `${group} at ${place({ topic, partition, offset: position })}, end ${fact?.next ?? 0}`;
    if (position > (fact?.next ?? 0)) beyond.push(id);
    if (fact && position <= fact.lastRecord) behind.push(id);
  }
  return [
    ...fault('head_beyond_end', 'a worker has applied what the log does not hold', beyond),
    ...fault('head_behind', 'a worker has not applied all of the log', behind),
  ];
}
