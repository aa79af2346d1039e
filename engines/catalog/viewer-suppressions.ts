import type pg from 'pg';
import type { Noted } from './desk.ts';
import { asEngineErrors, openPool } from './postgres-client.ts';
import { writeAsSystem } from './postgres-desk.ts';

/** A pseudonym that asked to be forgotten. */
export interface Suppression {
  readonly scope: string;
  readonly hash: string;
  /** Epoch ms: nothing appended up to then may be remembered. */
  readonly erasedAt: number;
}

/** Who asked to be forgotten. Rebuilds ask it before they remember anything. Rejects with EngineError. */
export interface ViewerSuppressions {
  /** Notes all that one viewer is known by; of two for one pseudonym the later one stands. */
  note(suppressions: readonly Suppression[], noted: Noted<void>): Promise<void>;
  all(): Promise<readonly Suppression[]>;
  /** Those of up to then, epoch ms, whose raw rows are still somebody's. */
  withRows(until: number): Promise<readonly Suppression[]>;
  /** The raw rows of these pseudonyms up to `erasedAt` are nobody's now. */
  rowsErased(hashes: readonly string[], erasedAt: number): Promise<void>;
  close(): Promise<void>;
}

interface Row {
  readonly scope: string;
  readonly hash: string;
  readonly erased_at: Date;
}

const suppressionOf = ({ scope, hash, erased_at }: Row) => ({ scope, hash, erasedAt: erased_at.getTime() });

/** In the catalog of this URL, which has to be migrated. Connects when first asked. */
export function openPostgresSuppressions(url: string): ViewerSuppressions {
  const pool = openPool(url, 2);
  return {
    note(suppressions, noted) {
      const write = async (client: pg.PoolClient) => {
        for (const { scope, hash, erasedAt } of suppressions) {
          await client.query(
            `INSERT INTO viewer_suppressions (scope, hash, erased_at) VALUES ($1, $2, $3)
             ON CONFLICT (scope, hash) DO UPDATE
             SET erased_at = GREATEST(viewer_suppressions.erased_at, excluded.erased_at), rows_erased_at = NULL`,
            [scope, hash, new Date(erasedAt)],
          );
        }
      };
      return writeAsSystem(pool, write, noted);
    },
    all: () =>
      asEngineErrors(async () => {
        const { rows } = await pool.query<Row>('SELECT scope, hash, erased_at FROM viewer_suppressions ORDER BY 1, 2');
        return rows.map(suppressionOf);
      }),
    withRows: (until) =>
      asEngineErrors(async () => {
        const { rows } = await pool.query<Row>(
          'SELECT scope, hash, erased_at FROM viewer_suppressions WHERE rows_erased_at IS NULL AND erased_at <= $1',
          [new Date(until)],
        );
        return rows.map(suppressionOf);
      }),
    rowsErased: (hashes, erasedAt) =>
      asEngineErrors(async () => {
        await pool.query(
          'UPDATE viewer_suppressions SET rows_erased_at = NOW() WHERE hash = ANY ($1::text[]) AND erased_at <= $2',
          [hashes, new Date(erasedAt)],
        );
      }),
    close: () => pool.end(),
  };
}
