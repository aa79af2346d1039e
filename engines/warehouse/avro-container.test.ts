import avro from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { containerWriter } from './avro-container.ts';

const uuid = { type: 'string', logicalType: 'uuid' };
const millis = { type: 'long', logicalType: 'timestamp-millis' };
const fields = {
  id: uuid,
  at: millis,
  text: 'string',
  age: ['null', 'int'],
  value: ['null', 'long'],
  ids: { type: 'array', items: uuid },
  counts: { type: 'array', items: 'long' },
  words: { type: 'map', values: 'string' },
  is: 'boolean',
};
const schema = {
  type: 'record',
  name: 'drawn',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
} as avro.Schema;

const whole = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
const row = fc.record({
  id: fc.uuid(),
  at: fc.nat({ max: 2 ** 45 }),
  text: fc.string({ unit: 'binary', maxLength: 200 }),
  age: fc.option(fc.integer()),
  value: fc.option(whole),
  ids: fc.array(fc.uuid(), { maxLength: 100 }),
  counts: fc.array(whole, { maxLength: 100 }),
  words: fc.dictionary(fc.string(), fc.string()),
  is: fc.boolean(),
});

/** What avsc itself makes of rows, block by block. */
function plain(rows: readonly unknown[]): Buffer {
  const type = avro.Type.forSchema(schema);
  const long = avro.Type.forSchema('long');
  const encoded = Buffer.concat(rows.map((each) => type.toBuffer(each)));
  return Buffer.concat([long.toBuffer(rows.length), long.toBuffer(encoded.length), encoded]);
}

test('a block holds the bytes that Avro has for its rows', () => {
  const writer = containerWriter<unknown>(schema);
  const header = writer.write([]);
  const draws = fc.array(row, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(draws, (rows) => {
      const bytes = writer.write(rows);
      expect(bytes.subarray(0, header.length)).toEqual(header);
      expect(bytes.subarray(header.length, -16).equals(plain(rows))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a block is as large as its rows need', () => {
  const writer = containerWriter<unknown>(schema);
  const header = writer.write([]);
  const wide = {
    id: '00000000-0000-7000-8000-000000000001',
    at: 1,
    text: 'ä'.repeat(300_000),
    age: null,
    value: 7,
    ids: [],
    counts: [],
    words: {},
    is: true,
  };
  const rows = [wide, { ...wide, text: 'x' }, wide, wide];
  expect(writer.write(rows).subarray(header.length, -16).equals(plain(rows))).toBe(true);
});
