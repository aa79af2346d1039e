import { Readable } from 'node:stream';
import {
  type ClickHouseClientConfigOptions,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import type { Parameter, Warehouse } from './warehouse.ts';

export interface ClickHouseOptions {
  /** http://[user:password@]host:port[/database] */
  readonly url: string;
  /** A statement that takes longer rejects with `timeout`. Default 30 s. */
  readonly timeoutMs?: number;
  /** Added to every statement. */
  readonly settings?: ClickHouseSettings;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** ClickHouse's error numbers that say more than "refused". */
const byNumber: Readonly<Record<string, EngineErrorCode>> = {
  '159': 'timeout', // TIMEOUT_EXCEEDED
  '160': 'timeout', // TOO_SLOW
  '202': 'unavailable', // TOO_MANY_SIMULTANEOUS_QUERIES
  '209': 'timeout', // SOCKET_TIMEOUT
  '210': 'unavailable', // NETWORK_ERROR
  '236': 'unavailable', // ABORTED
  '241': 'unavailable', // MEMORY_LIMIT_EXCEEDED
  '242': 'unavailable', // TABLE_IS_READ_ONLY: the replica lost its keeper
  '243': 'full', // NOT_ENOUGH_SPACE
  '252': 'unavailable', // TOO_MANY_PARTS
  '319': 'unavailable', // UNKNOWN_STATUS_OF_INSERT
  '394': 'unavailable', // QUERY_WAS_CANCELLED
  '999': 'unavailable', // KEEPER_EXCEPTION
};

/** The warehouse behind ClickHouse's HTTP interface: a server's, or the embedded engine's bridge. */
export function openClickHouse(options: ClickHouseOptions): Warehouse {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const client = newClient(options, timeoutMs);
  let closed = false;

  async function bounded<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (closed) throw new EngineError('closed', 'the warehouse client is closed');
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await run(signal);
    } catch (error) {
      throw engineErrorOf(error, signal.aborted, timeoutMs);
    }
  }

  return {
    query: <Row>(sql: string, parameters?: Readonly<Record<string, Parameter>>) =>
      bounded(async (abort_signal) => {
        const result = await client.query({ query: sql, format: 'JSONEachRow', abort_signal, ...bound(parameters) });
        return await result.json<Row>();
      }),
    run: (sql, parameters) =>
      bounded(async (abort_signal) => {
        await client.command({ query: sql, abort_signal, ...bound(parameters) });
      }),
    insertAvro: (table, container) =>
      bounded(async (abort_signal) => {
        const query = `INSERT INTO ${tableName(table)} FORMAT Avro`;
        const { stream } = await client.exec({
          query,
          values: Readable.from([container]),
          abort_signal,
          // One insert may span many months; a batch that was refused for that could never be applied.
          clickhouse_settings: { max_partitions_per_insert_block: '0' },
        });
        for await (const _ of stream);
      }),
    async close() {
      if (closed) return;
      closed = true;
      await client.close();
    },
  };
}

/** EngineError `misconfigured` where the URL is none. It is not repeated: the library's own words may hold a part of a password. */
export function newClient(
  options: ClickHouseOptions & { readonly database?: string },
  timeoutMs: number,
): ReturnType<typeof createClient> {
  try {
    return createClient(clientOptions(options, timeoutMs));
  } catch {
    throw new EngineError(
      'misconfigured',
      "the warehouse's URL: expected http://user:password@host:port/database, with user and password percent-encoded",
    );
  }
}

/** What every client of ours is made with. */
function clientOptions(
  options: ClickHouseOptions & { readonly database?: string },
  timeoutMs: number,
): ClickHouseClientConfigOptions {
  return {
    url: options.url,
    ...(options.database === undefined ? {} : { database: options.database }),
    // Ours ends first, so that a time-out is known by its signal.
    request_timeout: timeoutMs + 5_000,
    max_open_connections: 8,
    // A keep-alive socket that the server is about to close fails the next statement.
    keep_alive: { enabled: true, idle_socket_ttl: 2_500 },
    use_multipart_params_auto: true,
    // Errors reach the caller, who logs them once.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      async_insert: 0,
      output_format_json_quote_64bit_integers: 1,
      max_execution_time: Math.ceil(timeoutMs / 1000),
      ...options.settings,
    },
  };
}

function bound(parameters: Readonly<Record<string, Parameter>> | undefined): {
  query_params?: Record<string, unknown>;
} {
  return parameters ? { query_params: { ...parameters } } : {};
}

/** A result with its columns in order; 64-bit integers and larger as text. */
export interface ResultTable {
  readonly names: readonly string[];
  /** ClickHouse types. */
  readonly types: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Runs one statement that answers rows and keeps the order and names of its columns. Errors as `Warehouse.query`. */
export async function readTable(
  options: ClickHouseOptions & { readonly database: string },
  sql: string,
): Promise<ResultTable> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const client = newClient(options, timeoutMs);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const result = await client.query({
      query: sql,
      format: 'JSONCompactEachRowWithNamesAndTypes',
      abort_signal: signal,
    });
    const [names = [], types = [], ...rows] = await result.json<unknown[]>();
    return { names: names.map(String), types: types.map(String), rows };
  } catch (error) {
    throw engineErrorOf(error, signal.aborted, timeoutMs);
  } finally {
    await client.close();
  }
}

/** Our own tables only: `name` or `database.name`. */
function tableName(table: string): string {
  if (!/^\w+(\.\w+)?$/.test(table)) throw new EngineError('refused', `${JSON.stringify(table)} is not a table's name`);
  return table;
}

/** By ClickHouse's number, never by its text. */
export function engineErrorOf(error: unknown, timedOut: boolean, timeoutMs: number): EngineError {
  if (error instanceof EngineError) return error;
  if (timedOut) return new EngineError('timeout', `the warehouse took more than ${timeoutMs} ms`, error);
  if (error instanceof ClickHouseError) {
    return new EngineError(byNumber[error.code] ?? 'refused', `${error.type ?? 'ERROR'} ${error.message}`, error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new EngineError('unavailable', `the warehouse cannot be reached: ${detail}`, error);
}
