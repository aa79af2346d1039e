import { MARK_FORGOTTEN_MS } from '../engines/journal/marks.ts';
import { BROOM_MS, keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { OpenJournal } from '../schemas/records.ts';
import { update } from './swap.ts';
import type { WorkerRecord } from './worker.ts';

/** The journals that may still ship decisions into a partition, as far as it has been read. */
export type Journals = readonly OpenJournal[];

/** With what the marks among these records say: the newest of each journal counts; a closed one is gone. */
export function withMarks(journals: Journals, records: readonly WorkerRecord[]): Journals {
  let known = journals;
  for (const { record, appendedAt: at } of records) {
    if (record.name !== 'journal-mark') continue;
    const { journal, stores, closed } = record.value;
    const others = known.filter((one) => one.journal !== journal && one.at > at - MARK_FORGOTTEN_MS);
    known = closed ? others : [...others, { journal, stores, at }];
  }
  return known;
}

/** Those that may hold decisions which took places or money in another store than these. */
export function unsure(journals: Journals, stores: readonly string[]): Journals {
  return journals.filter((journal) => !stores.every((id) => journal.stores.includes(id)));
}

export async function readJournals(store: StateStore, group: string, partition: number): Promise<Journals> {
  const [entry] = await store.read([keys.journals(group, partition)]);
  return entry?.bytes ? decodeBare('journals-record', entry.bytes).journals : [];
}

/** Keeps the list: who resumes later begins behind these marks. Rejects as `update` does. */
export async function keepJournals(
  store: StateStore,
  group: string,
  partition: number,
  journals: Journals,
  stores: readonly string[] | null,
): Promise<void> {
  const bytes = encodeBare('journals-record', { journals });
  await update(store, new Map([[keys.journals(group, partition), () => bytes]]), BROOM_MS, stores);
}
