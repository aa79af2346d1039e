import { EngineError } from '../engines/errors.ts';
import { Problem } from '../engines/http/problem.ts';
import type { Parameter } from '../engines/warehouse/warehouse.ts';
import type { ManagementParts } from './parts.ts';

/** Asks the warehouse for rows; 64-bit integers arrive as text. Throws Problem 503 where it is away or none is configured. */
export async function rowsOf<Row>(
  { warehouse }: Pick<ManagementParts, 'warehouse'>,
  sql: string,
  parameters?: Readonly<Record<string, Parameter>>,
): Promise<Row[]> {
  if (warehouse === null) throw new Problem(503, 'No warehouse', 'WAREHOUSE is not set for this process');
  try {
    return await warehouse.query<Row>(sql, parameters);
  } catch (error) {
    if (error instanceof EngineError && error.retryable) {
      throw new Problem(503, 'The warehouse is away', 'numbers cannot be read now; try again in a few seconds');
    }
    throw error;
  }
}
