import type { Logger } from 'pino';
import type { ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import type { Clock } from '../engines/clock.ts';
import { eraseRows } from '../engines/warehouse/erase-rows.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import { startBeats } from './beats.ts';

const EVERY_MS = 5_000;
/** Workers know of an erasure by then and have written what they had begun; the command, which waits less, is done. */
export const ROWS_AFTER_MS = 30_000;

interface EraseDueParts {
  readonly suppressions: ViewerSuppressions;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
}

/** Makes the raw rows nobody's of viewers who were erased a while ago, and answers how many rows. Several processes may do it at once. */
export async function eraseDue({ suppressions, warehouse, clock }: EraseDueParts): Promise<number> {
  const due = await suppressions.withRows(clock.now() - ROWS_AFTER_MS);
  let rows = 0;
  for (const [erasedAt, together] of Map.groupBy(due, (each) => each.erasedAt)) {
    const hashes = together.map(({ hash }) => hash);
    rows += await eraseRows(warehouse, hashes, erasedAt);
    await suppressions.rowsErased(hashes, erasedAt);
  }
  return rows;
}

/** For as long as the process runs. `close` lets what is under way end. */
export function watchErasures(parts: EraseDueParts & { readonly logger: Logger }): { close(): Promise<void> } {
  const run = () => eraseDue(parts);
  return startBeats([{ everyMs: EVERY_MS, what: 'erasing the rows of viewers', run }], parts);
}
