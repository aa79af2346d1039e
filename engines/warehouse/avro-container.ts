import avro from 'avsc';

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

/** Source: Avro 1.11 specification, "Object Container Files". */
export function containerWriter<Row>(schema: avro.Schema): ContainerWriter<Row> {
  const type = avro.Type.forSchema(schema);
  const header = headerType.toBuffer({
    magic: Buffer.from('Obj\x01', 'latin1'),
    // The schema as given: avsc's own form of it would lose the logical types.
    meta: { 'avro.schema': Buffer.from(JSON.stringify(schema)), 'avro.codec': Buffer.from('null') },
    sync,
  });
  return {
    write(rows) {
      if (rows.length === 0) return header;
      const encoded = rows.map((row) => type.toBuffer(row));
      const bytes = encoded.reduce((sum, buffer) => sum + buffer.length, 0);
      return Buffer.concat([header, longType.toBuffer(rows.length), longType.toBuffer(bytes), ...encoded, sync]);
    },
  };
}
