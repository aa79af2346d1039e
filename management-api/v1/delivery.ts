import { type Micros, micros } from '../../domain/money.ts';
import { Problem } from '../../engines/http/problem.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';

/** A campaign is shown without its spending rather than late. */
const PATIENCE_MS = 1_500;

/** Micros by campaign since the stream counts; null: the warehouse is away or slow, and nothing else here needs it. */
export async function spentSince(
  parts: Pick<ManagementParts, 'warehouse' | 'clock'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Micros> | null> {
  const late = parts.clock.sleep(PATIENCE_MS).then(() => null);
  return await Promise.race([askSpent(parts, ids), late]);
}

async function askSpent(
  parts: Pick<ManagementParts, 'warehouse'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Micros> | null> {
  if (ids.length === 0) return new Map();
  try {
    const rows = await rowsOf<{ campaign: string; spend: string }>(
      parts,
      `SELECT campaign, sum(spend_micros) AS spend FROM breakwater.delivery_days FINAL
       WHERE campaign IN ({ids:Array(UUID)}) GROUP BY campaign`,
      { ids },
    );
    return new Map(rows.map(({ campaign, spend }) => [campaign, micros(Number(spend))]));
  } catch (error) {
    if (error instanceof Problem && error.status === 503) return null;
    throw error;
  }
}
