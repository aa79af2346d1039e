import { buffer } from 'node:stream/consumers';
import { ClickHouseError, type ClickHouseSettings } from '@clickhouse/client';
import { engineErrorOf, newClient } from './clickhouse-warehouse.ts';
import type { Parameter } from './warehouse.ts';

/** What one statement of a report may cost. */
export interface ReadLimits {
  readonly seconds: number;
  readonly memoryBytes: number;
  /** More rows than this are an error, never a silent cut. */
  readonly rows: number;
  /** Told to the server with the statement, so that it can be found among those that run; null: nothing. */
  readonly comment?: string;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** Reads for reports: every statement is read-only and bounded by the server itself. Errors as `Warehouse.query`. */
export interface ReportReader {
  query<Row>(sql: string, parameters: Parameters, limits?: Partial<ReadLimits>): Promise<Row[]>;
  /** The answer in a format of ClickHouse's, such as Parquet. */
  bytes(sql: string, parameters: Parameters, format: string, limits?: Partial<ReadLimits>): Promise<Buffer>;
  /** Idempotent. */
  close(): Promise<void>;
}

const usual: ReadLimits = { seconds: 20, memoryBytes: 1_500_000_000, rows: 200_001 };

/** ClickHouse's numbers for a statement that asked for more than it may: time, memory, rows. */
const tooMuch: ReadonlySet<string> = new Set(['158', '159', '160', '241', '307', '396']);

/** Whether an error of a reader says that the statement asked for too much; a smaller one may be answered. */
export function isTooMuch(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof ClickHouseError && tooMuch.has(cause.code);
}

/** Whether the server does not take a value that the statement was given, such as a time zone newer than its table of zones. */
export function isBadArgument(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof ClickHouseError && cause.code === '36';
}

/**
 * A reader at ClickHouse's HTTP interface, a server's or the embedded engine's. `rowPolicies`: the server keeps organisations
 * apart too, and is told with each statement whose rows it may read (compose/clickhouse/reports-user.sql).
 */
export function openReportReader(options: { readonly url: string; readonly rowPolicies?: boolean }): ReportReader {
  const client = newClient({ url: options.url, database: 'breakwater' }, usual.seconds * 1000);
  let closed = false;

  async function bounded<T>(
    parameters: Parameters,
    given: Partial<ReadLimits> | undefined,
    run: (settings: ClickHouseSettings, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limits = { ...usual, ...given };
    const timeoutMs = (limits.seconds + 2) * 1000;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      // A user who may only read may set limits and the organisation, but not `readonly` itself.
      const user =
        options.rowPolicies === true
          ? { SQL_organisation: `'${parameters.organisation ?? ''}'` }
          : { readonly: '1' as const };
      return await run({ ...settingsOf(limits), ...user } as ClickHouseSettings, signal);
    } catch (error) {
      throw engineErrorOf(error, signal.aborted, timeoutMs);
    }
  }

  return {
    query: <Row>(sql: string, parameters: Parameters, limits?: Partial<ReadLimits>) =>
      bounded(parameters, limits, async (clickhouse_settings, abort_signal) => {
        const query_params = { ...parameters };
        const asked = { query: sql, format: 'JSONEachRow' as const, query_params, clickhouse_settings, abort_signal };
        return await (await client.query(asked)).json<Row>();
      }),
    bytes: (sql, parameters, format, limits) =>
      bounded(parameters, limits, async (clickhouse_settings, abort_signal) => {
        const query = `${sql}\nFORMAT ${formatName(format)}`;
        const { stream } = await client.exec({
          query,
          query_params: { ...parameters },
          clickhouse_settings,
          abort_signal,
        });
        return await buffer(stream);
      }),
    async close() {
      if (closed) return;
      closed = true;
      await client.close();
    },
  };
}

function settingsOf({ seconds, memoryBytes, rows, comment }: ReadLimits): ClickHouseSettings {
  return {
    max_execution_time: seconds,
    max_memory_usage: String(memoryBytes),
    max_result_rows: String(rows),
    result_overflow_mode: 'throw',
    // Rows that replace each other share their month: a key column is the minute itself.
    do_not_merge_across_partitions_select_final: 1,
    ...(comment === undefined ? {} : { log_comment: comment }),
  };
}

function formatName(format: string): string {
  if (!/^[A-Za-z]+$/.test(format)) throw new Error(`${format} is no format`);
  return format;
}
