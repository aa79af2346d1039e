import type { FrequencyEntry, FrequencyRecord, StreamEntry, StreamRecord, ViewTotal } from '../../schemas/records.ts';
import { STREAM_KEPT_MS } from '../separation-stream.ts';
import { addToTotal, type Counted } from './frequency.ts';
import { keptMsOf, LONGEST_WINDOW_MS } from './kept.ts';

/** How much of the log an account of it covers, by beacon partition; epoch ms. */
export interface Covered {
  /** Everything appended before is in the account. */
  until(partition: number): number;
  /** Everything appended from then on is in the account; null: the account is in parts, and this is one. */
  from(partition: number): number | null;
  /** No on-time impression of a place that expires before can come any more. */
  watermark(partition: number): number;
  /** The lowest watermark that any decider may have swept a record with. */
  readonly lowest: number;
}

/**
 * Makes a record say what the log says, `account`, and keeps what the log cannot know: places of decisions that are not
 * written down yet, and what was applied after the account was read. Safe beside deciders and workers; repeating it
 * changes nothing. Answers the same object when there is nothing to change.
 */
export function putRight(
  record: FrequencyRecord,
  account: ReadonlyMap<string, FrequencyEntry>,
  covered: Covered,
): FrequencyRecord {
  const known = new Set(record.entries.map(({ reservation }) => reservation));
  // So old and not an entry: a decider may have put it into a total, which does not say what is in it.
  const old = [...account.values()].filter((told) => isFolded(told, covered) && !known.has(told.reservation));
  const left = new Map(account);
  for (const { reservation } of old) left.delete(reservation);
  const entries = putEntriesRight(record.entries, left, covered, {
    matters: (told) => told.state === 'CONFIRMED' || !isOver(told, covered),
    complete: (told, live) => ({
      ...told,
      for_life: told.for_life || live.for_life,
      ...(told.state === 'CONFIRMED'
        ? { expires_at: told.at + keptMsOf({ entries: [told, live] }, live.campaign) }
        : {}),
    }),
    isSame: (told, live) => live.for_life === told.for_life,
  });
  const totals = raise(record.totals, old);
  return entries === record.entries && totals === record.totals ? record : { ...record, entries, totals };
}

/** The same for the record of a stream. What ran out unseen counts on there for a day. */
export function putStreamRight(
  record: StreamRecord,
  account: ReadonlyMap<string, StreamEntry>,
  covered: Covered,
): StreamRecord {
  const entries = putEntriesRight(record.entries, account, covered, {
    matters: (told) =>
      told.state === 'RELEASED'
        ? !isOver(told, covered)
        : Math.max(told.at, told.expires_at) >= covered.lowest - STREAM_KEPT_MS,
    // A beacon knows nothing of when its ad plays.
    complete: (told, live) => (told.advertiser === null ? { ...live, state: told.state, at: told.at } : told),
    isSame: (told, live) => standsAsTold(live, told),
  });
  return entries === record.entries ? record : { ...record, entries };
}

function standsAsTold(live: StreamEntry, told: StreamEntry): boolean {
  const { state: _, at: __, ...rest } = told;
  const stands = new Map<string, unknown>(Object.entries(live));
  return Object.entries(rest).every(([name, value]) => JSON.stringify(stands.get(name)) === JSON.stringify(value));
}

interface Rules<E> {
  /** It counts, or keeps from being counted, if the record does not have it. */
  matters(told: E): boolean;
  /** What the account says, with what only the record can say. */
  complete(told: E, live: E): E;
  /** Beside state and time. */
  isSame(told: E, live: E): boolean;
}

/** The same list where nothing is to be changed. */
function putEntriesRight<E extends Counted>(
  entries: readonly E[],
  account: ReadonlyMap<string, E>,
  covered: Covered,
  rules: Rules<E>,
): readonly E[] {
  const known = new Set(entries.map(({ reservation }) => reservation));
  const kept = entries.flatMap((live): readonly E[] => {
    const told = account.get(live.reservation);
    if (told) return [reconcile(live, rules.complete(told, live), covered, rules)];
    return isInvented(live, covered) ? [] : [live];
  });
  const missing = [...account.values()].filter((told) => !known.has(told.reservation) && rules.matters(told));
  const same = missing.length === 0 && kept.length === entries.length;
  return same && kept.every((entry, at) => entry === entries[at]) ? entries : [...kept, ...missing];
}

function reconcile<E extends Counted>(live: E, told: E, covered: Covered, rules: Rules<E>): E {
  const same = rules.isSame(told, live);
  if (told.state === 'OUTSTANDING') {
    // Released by the decider itself, or by a beacon after the account: the log has not told us yet.
    if (live.state === 'CONFIRMED' && live.at < covered.until(live.partition)) return told;
    return same ? live : { ...told, state: live.state, at: live.at };
  }
  return live.state === told.state && live.at === told.at && same ? live : told;
}

/** A view that would be in the account if the log had it. */
function isInvented({ state, at, partition }: Counted, covered: Covered): boolean {
  const from = covered.from(partition);
  return state === 'CONFIRMED' && from !== null && at >= from && at < covered.until(partition);
}

function isOver({ expires_at, partition }: Counted, covered: Covered): boolean {
  return covered.watermark(partition) > expires_at;
}

function isFolded({ state, at, for_life }: FrequencyEntry, { lowest }: Covered): boolean {
  return for_life && state === 'CONFIRMED' && at < lowest - LONGEST_WINDOW_MS;
}

/** Totals hold what the log holds, at least: what they count besides is older than the log, or in it. */
function raise(totals: readonly ViewTotal[], old: readonly FrequencyEntry[]): readonly ViewTotal[] {
  let raised = totals;
  for (const told of old.reduce(addToTotal, [] as readonly ViewTotal[])) {
    const isOf = ({ campaign, creative }: ViewTotal) => campaign === told.campaign && creative === told.creative;
    const known = raised.find(isOf);
    if (!known) raised = [...raised, told];
    else if (known.views < told.views || known.last_at < told.last_at) {
      const views = Math.max(known.views, told.views);
      const last_at = Math.max(known.last_at, told.last_at);
      raised = raised.map((total) => (total === known ? { ...known, views, last_at } : total));
    }
  }
  return raised;
}
