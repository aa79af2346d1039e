/** A scalar or list bound to `{name:Type}` in a statement; never spliced into SQL text. */
export type Parameter = string | number | boolean | null | readonly (string | number)[];

/** The ClickHouse dialect over HTTP: one code path for a server and for the embedded engine. */
export interface Warehouse {
  /** Rows of a SELECT as objects; 64-bit integers arrive as text. EngineError `unavailable`, `timeout`, or `refused` with the engine's message. */
  query<Row>(sql: string, parameters?: Readonly<Record<string, Parameter>>): Promise<Row[]>;
  /** Runs a statement that answers nothing (DDL, INSERT … SELECT). */
  run(sql: string, parameters?: Readonly<Record<string, Parameter>>): Promise<void>;
  /** Inserts an Avro object container; resolves once the rows are readable and survive a kill. */
  insertAvro(table: string, container: Buffer): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
