import { cameAt } from '../../domain/frequency/forget.ts';
import type { ViewerSuppressions } from '../../engines/catalog/viewer-suppressions.ts';
import type { Clock } from '../../engines/clock.ts';
import { personal } from '../../engines/warehouse/erase-rows.ts';
import type { WorkerRecord } from '../worker.ts';
import type { Row } from './tables.ts';

/** Pseudonyms that are to be forgotten, with when (epoch ms). */
export type ForgottenAt = ReadonlyMap<string, number>;

/** Whoever erases a viewer waits for longer than this before rows are looked for. */
const KNOWN_MS = 5_000;

/** Who asked to be forgotten, read again every few seconds: what a worker writes anew must not bring them back. */
export class Forgotten {
  readonly #suppressions: Pick<ViewerSuppressions, 'all'>;
  #known: { readonly at: number; readonly forgotten: ForgottenAt } | null = null;

  constructor(suppressions: Pick<ViewerSuppressions, 'all'>) {
    this.#suppressions = suppressions;
  }

  /** With the catalog away nobody can ask to be forgotten either, so what was known goes on; rejects with EngineError where nothing was. */
  async known(clock: Clock): Promise<ForgottenAt> {
    const now = clock.now();
    if (this.#known !== null && now - this.#known.at < KNOWN_MS) return this.#known.forgotten;
    try {
      const forgotten = new Map<string, number>();
      for (const { hash, erasedAt } of await this.#suppressions.all())
        forgotten.set(hash, Math.max(erasedAt, forgotten.get(hash) ?? 0));
      this.#known = { at: now, forgotten };
      return forgotten;
    } catch (error) {
      if (this.#known === null) throw error;
      return this.#known.forgotten;
    }
  }
}

/** Whether a record is of somebody who asked, after it came, to be forgotten. */
export function isForgotten({ appendedAt, record }: WorkerRecord, forgotten: ForgottenAt): boolean {
  if (forgotten.size === 0 || !('received_at' in record.value)) return false;
  const at = cameAt(appendedAt, record.value.received_at);
  return hashesOf(record).some((hash) => at <= (forgotten.get(hash) ?? -1));
}

function hashesOf(record: WorkerRecord['record']): readonly string[] {
  switch (record.name) {
    case 'ad-request': {
      const { viewer, identities, session } = record.value;
      return [viewer, ...identities.map(({ hash }) => hash), ...(session === null ? [] : [session])];
    }
    case 'ad-beacon':
    case 'conversion':
      return [record.value.viewer, ...record.value.identities.map(({ hash }) => hash)];
    default:
      return [];
  }
}

/** The row without whose it was. */
export function nobodys(row: Row): Row {
  const taken = Object.entries(personal).flatMap(([column, { value }]) => (column in row ? [[column, value]] : []));
  return { ...row, ...Object.fromEntries(taken) };
}
