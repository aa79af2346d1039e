import avro from 'avsc';
import { quickTypeOf } from '../../schemas/quick-write.ts';

/** Rows of one shape as an Avro object container, which `Warehouse.insertAvro` takes. */
export interface ContainerWriter<Row> {
  /** One block, uncompressed. */
  write(rows: readonly Row[]): Buffer;
}

const headerType = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
  ],
});
const longType = avro.Type.forSchema('long');

/** Divides blocks; any 16 bytes do, and always the same ones make equal rows equal bytes. */
const sync = Buffer.from('breakwater/block', 'latin1');

/** Rows are written here before it is known how many bytes they take; it grows to the largest block. */
let sheet: Buffer = Buffer.allocUnsafeSlow(256 * 1024);

/** Source: Avro 1.11 specification, "Object Container Files". */
export function containerWriter<Row>(schema: avro.Schema): ContainerWriter<Row> {
  const type = avro.Type.forSchema(schema, { typeHook: quickTypeOf });
  const header = headerType.toBuffer({
    magic: Buffer.from('Obj\x01', 'latin1'),
    // The schema as given: avsc's own form of it would lose the logical types.
    meta: { 'avro.schema': Buffer.from(JSON.stringify(schema)), 'avro.codec': Buffer.from('null') },
    sync,
  });
  return {
    write(rows) {
      if (rows.length === 0) return header;
      let end = 0;
      for (const row of rows) end = writeRow(type, row, end);
      const counts = [longType.toBuffer(rows.length), longType.toBuffer(end)];
      return Buffer.concat([header, ...counts, sheet.subarray(0, end), sync]);
    },
  };
}

/** Answers where the row ends. */
function writeRow(type: avro.Type, row: unknown, at: number): number {
  for (;;) {
    const end = type.encode(row, sheet, at);
    if (end >= 0) return end;
    // A negative answer says how many bytes were missing.
    const larger = Buffer.allocUnsafeSlow(2 * sheet.length - end);
    sheet.copy(larger, 0, 0, at);
    sheet = larger;
  }
}
