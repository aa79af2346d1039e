import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditOptions, audit, type Verdicts } from '../audit/audit.ts';
import { schemaType, toWire } from '../audit/avro.ts';
import { type Bridge, startBridge } from '../audit/bridge.ts';
import type { Position, Run } from '../audit/facts.ts';
import { openLogFile, splitRecord } from '../audit/read-log.ts';
import { readRun } from '../audit/read-run.ts';
import { openStateFile } from '../audit/read-state.ts';
import { ask } from '../audit/read-warehouse.ts';

/** What of a kept folder the audit reads; the catalog and the logs of processes are left where they are. */
const parts = ['viewers.jsonl', 'seed.json', 'settings.json', 'log', 'state', 'warehouse'];

/** A copy of a finished run with its warehouse open, for planting faults into. */
export class RunCopy {
  readonly dir: string;
  readonly #bridge: Bridge;

  constructor(dir: string, bridge: Bridge) {
    this.dir = dir;
    this.#bridge = bridge;
  }

  static async of(source: string): Promise<RunCopy> {
    const dir = mkdtempSync(join(tmpdir(), 'breakwater-prove-'));
    for (const part of parts) {
      if (existsSync(join(source, part))) cpSync(join(source, part), join(dir, part), { recursive: true });
    }
    try {
      return new RunCopy(dir, await startBridge(dir));
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Where its warehouse answers. */
  get warehouseUrl(): string {
    return this.#bridge.url;
  }

  read(): Promise<Run> {
    return readRun(this.dir, { warehouse: this.#bridge.url });
  }

  async audit(options: AuditOptions): Promise<Verdicts> {
    return audit(await this.read(), options);
  }

  sql<Row = unknown>(statement: string): Promise<Row[]> {
    return ask<Row>(this.#bridge.url, statement);
  }

  /** Rows of a raw table again, with other values: the newest of a position is the one that is read. */
  async replaceRows(table: string, where: string, values: Readonly<Record<string, string>>): Promise<void> {
    const replaced = Object.entries(values).map(([column, value]) => `${value} AS ${column}`);
    await this.sql(
      `INSERT INTO breakwater.${table} SELECT t.* REPLACE (${replaced.join(', ')})
       FROM (SELECT * FROM breakwater.${table} AS t FINAL WHERE ${where}) AS t`,
    );
  }

  async deleteRows(table: string, where: string): Promise<void> {
    await this.sql(`ALTER TABLE breakwater.${table} DELETE WHERE ${where} SETTINGS mutations_sync = 2`);
  }

  /** Puts another value where a record of the log stands; null takes it away and leaves a gap. */
  async setRecord(at: Position, name: string, value: unknown): Promise<void> {
    const log = openLogFile(this.dir, false);
    const key: [string, number, number] = [at.topic, at.partition, at.offset];
    const stored = log.records.get(key);
    if (!stored) throw new RangeError(`the log has no ${key.join('/')}`);
    if (value === null) await log.records.remove(key);
    else {
      const head = Buffer.from(stored.subarray(0, stored.length - splitRecord(stored).value.length));
      await log.records.put(key, Buffer.concat([head, toWire(name, value)]));
    }
    await log.close();
  }

  /** A tick where a record stood, as if that record had never come: no gap shows it. */
  hideRecord(at: Position): Promise<void> {
    return this.setRecord(at, 'tick', { group: 'prove' });
  }

  /** Appends a record to a partition at the time of its last one. Answers where it is. */
  async append(
    topic: string,
    partition: number,
    key: string,
    name: string,
    value: unknown,
  ): Promise<Position & { readonly appendedAt: number }> {
    const log = openLogFile(this.dir, false);
    const end = log.ends.get([topic, partition]);
    if (!end) throw new RangeError(`the log has no ${topic}/${partition}`);
    const offset = Number(end.readBigInt64BE(0));
    const head = Buffer.alloc(10);
    end.copy(head, 0, 8, 16);
    head.writeUInt16BE(Buffer.byteLength(key), 8);
    await log.records.put([topic, partition, offset], Buffer.concat([head, Buffer.from(key), toWire(name, value)]));
    const grown = Buffer.from(end);
    grown.writeBigInt64BE(BigInt(offset + 1), 0);
    await log.ends.put([topic, partition], grown);
    await log.close();
    return { topic, partition, offset, appendedAt: Number(end.readBigInt64BE(8)) };
  }

  /** Changes a record of the state store, behind its version and expiry. */
  async setState<T>(key: string, schema: string, change: (record: T) => T): Promise<void> {
    const state = openStateFile(this.dir, false);
    const stored = state.records.get(key);
    if (!stored) throw new RangeError(`the state store has no ${key}`);
    const type = schemaType(schema);
    const record = change(type.fromBuffer(Buffer.from(stored.subarray(16))) as T);
    await state.records.put(key, Buffer.concat([Buffer.from(stored.subarray(0, 16)), type.toBuffer(record)]));
    await state.close();
  }

  /** Rewrites the lines of viewers.jsonl: each may be changed, dropped or followed by others. */
  editViewers(change: (line: ViewerLine) => readonly ViewerLine[]): void {
    const file = join(this.dir, 'viewers.jsonl');
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    writeFileSync(
      file,
      lines.flatMap((line) => change(JSON.parse(line)).map((one) => `${JSON.stringify(one)}\n`)).join(''),
    );
  }

  editSeed(change: (campaign: Record<string, unknown>) => Record<string, unknown>): void {
    const file = join(this.dir, 'seed.json');
    const seed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>[];
    writeFileSync(file, JSON.stringify(seed.map(change)));
  }

  async close(): Promise<void> {
    await this.#bridge.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A line of viewers.jsonl, as far as faults are planted in it. */
export interface ViewerLine {
  readonly seq: number;
  readonly kind: string;
  readonly intent: string;
  readonly cb: string | null;
  readonly answer: {
    readonly request_id?: string;
    readonly pod?: { readonly ads: readonly Record<string, unknown>[] };
  } | null;
  readonly [field: string]: unknown;
}
