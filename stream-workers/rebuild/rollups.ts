import { type RollUpFamily, recompute, type Slice } from '../../engines/warehouse/roll-ups.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { Progress } from './progress.ts';

/** Slices between two words of progress. */
const AT_ONCE = 600;

export interface RebuiltRollUps {
  /** (partition, minute) slices computed again, by family. */
  readonly requestSlices: number;
  readonly deliverySlices: number;
  /** Raw rows behind them. */
  readonly rows: number;
}

interface SliceRow {
  readonly partition: number;
  readonly minute: number;
  readonly rows: string;
}

const families = [
  { family: 'request', raw: 'requests', minutes: 'request_minutes' },
  { family: 'delivery', raw: 'beacons', minutes: 'delivery_minutes' },
] as const satisfies readonly { family: RollUpFamily; raw: string; minutes: string }[];

/**
 * Computes every roll-up again from raw rows: the statement of the warehouse worker over all minutes, so it may run beside
 * it. Minutes older than the oldest raw row of their partition keep what they say: their rows have been let go.
 */
export async function rebuildRollUps(warehouse: Warehouse, progress: Progress): Promise<RebuiltRollUps> {
  const counts = { request: 0, delivery: 0 };
  let rows = 0;
  for (const { family, raw, minutes } of families) {
    const found = await warehouse.query<SliceRow>(slicesOf(raw, minutes));
    rows += found.reduce((sum, slice) => sum + Number(slice.rows), 0);
    const slices: Slice[] = found.map(({ partition, minute }) => ({ partition, minute }));
    slices.sort((a, b) => a.minute - b.minute || a.partition - b.partition);
    for (let from = 0; from < slices.length; from += AT_ONCE) {
      progress.work(`${family} roll-ups`, from, slices.length);
      await recompute(warehouse, family, slices.slice(from, from + AT_ONCE));
    }
    progress.work(`${family} roll-ups`, slices.length, slices.length);
    counts[family] = slices.length;
  }
  return { requestSlices: counts.request, deliverySlices: counts.delivery, rows };
}

/** Slices that have raw rows, and those that have roll-ups and should have rows too. */
function slicesOf(raw: string, minutes: string): string {
  return `
    WITH oldest AS (SELECT source_partition, min(minute) AS oldest FROM breakwater.${raw} GROUP BY source_partition)
    SELECT source_partition AS partition, toUnixTimestamp(minute) AS minute, sum(found) AS rows FROM
    (
        SELECT source_partition, minute, count() AS found FROM breakwater.${raw} GROUP BY source_partition, minute
        UNION ALL
        SELECT s.source_partition, s.minute, toUInt64(0) AS found
        FROM breakwater.${minutes} AS s INNER JOIN oldest ON oldest.source_partition = s.source_partition
        WHERE s.minute >= oldest.oldest
        GROUP BY s.source_partition, s.minute
    )
    GROUP BY source_partition, minute`;
}
