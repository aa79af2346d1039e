import type { FrequencyEntry, FrequencyRecord } from '../../schemas/records.ts';

/** How much of the log an account of it covers, by beacon partition; epoch ms. */
export interface Covered {
  /** Everything appended before is in the account. */
  until(partition: number): number;
  /** Everything appended from then on is in the account; null: the account is in parts, and this is one. */
  from(partition: number): number | null;
  /** No on-time impression of a place that expires before can come any more. */
  watermark(partition: number): number;
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
  const kept = record.entries.flatMap((live): readonly FrequencyEntry[] => {
    const told = account.get(live.reservation);
    if (told) return [reconcile(live, told, covered)];
    return isInvented(live, covered) ? [] : [live];
  });
  const missing = [...account.values()].filter(
    (told) => !known.has(told.reservation) && (told.state === 'CONFIRMED' || !isOver(told, covered)),
  );
  const same = missing.length === 0 && kept.length === record.entries.length;
  if (same && kept.every((entry, at) => entry === record.entries[at])) return record;
  return { ...record, entries: [...kept, ...missing] };
}

function reconcile(live: FrequencyEntry, told: FrequencyEntry, covered: Covered): FrequencyEntry {
  if (told.state === 'OUTSTANDING') {
    // Released by the decider itself, or by a beacon after the account: the log has not told us yet.
    if (live.state !== 'CONFIRMED' || live.at >= covered.until(live.partition)) return live;
    return told;
  }
  return live.state === told.state && live.at === told.at && live.for_life === told.for_life ? live : told;
}

/** A view that would be in the account if the log had it. */
function isInvented({ state, at, partition }: FrequencyEntry, covered: Covered): boolean {
  const from = covered.from(partition);
  return state === 'CONFIRMED' && from !== null && at >= from && at < covered.until(partition);
}

function isOver({ expires_at, partition }: FrequencyEntry, covered: Covered): boolean {
  return covered.watermark(partition) > expires_at;
}
