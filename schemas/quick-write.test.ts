import { readdirSync, readFileSync } from 'node:fs';
import avro from 'avsc';
import { expect, test } from 'vitest';
import { parseType } from './registry.ts';
import { bytesOfUuids, isUuid, UuidType } from './uuid.ts';

const here = new URL('./', import.meta.url);
const schemas = readdirSync(here).filter((file) => file.endsWith('.avsc'));
/** Avsc's own, but for UUIDs, which are bytes to it. */
const slowly = (schema: avro.Schema) => avro.Type.forSchema(schema, { typeHook: uuids });
function uuids(schema: unknown, options: avro.ForSchemaOptions) {
  const fixed = schema as { type?: string; name?: string; logicalType?: string };
  if (fixed.type !== 'fixed' || fixed.name !== 'Uuid' || fixed.logicalType) return undefined;
  return new UuidType({ ...fixed, logicalType: 'uuid' } as never, options as never);
}
const read = (file: string) => JSON.parse(readFileSync(new URL(file, here), 'utf8'));

test.each(schemas)('%s is written as avsc itself writes it', (file) => {
  const slow = slowly(read(file));
  const quick = parseType(read(file));
  for (let times = 0; times < 200; times++) {
    const value = slow.random();
    expect(quick.toBuffer(value).equals(slow.toBuffer(value))).toBe(true);
  }
});

const schema = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'a', type: ['null', 'string'] },
    { name: 'b', type: 'string' },
  ],
};

test.each(['', 'a', 'é', '日本', '😀', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(5_000), `${'x'.repeat(40)}ß`])(
  'text of any length and alphabet: %s',
  (text) => {
    const slow = slowly(schema as never);
    const quick = parseType(schema as never);
    for (const a of [null, text]) {
      const value = { a, b: text };
      expect(quick.toBuffer(value).equals(slow.toBuffer(value))).toBe(true);
      const room = Buffer.alloc(3);
      expect(Math.sign(quick.encode(value, room, 0))).toBe(Math.sign(slow.encode(value, room, 0)));
    }
  },
);

test('whole numbers of every size', () => {
  const [slow, quick] = [slowly('long'), parseType('long')];
  for (let power = 0; power <= 52; power++) {
    for (const near of [-1, 0, 1, 2 ** power / 3]) {
      for (const value of [Math.floor(2 ** power + near), -Math.floor(2 ** power + near)]) {
        expect(quick.toBuffer(value).equals(slow.toBuffer(value)), `${value}`).toBe(true);
      }
    }
  }
  expect(() => quick.toBuffer(2 ** 30 + 0.5)).toThrow(/invalid/);
});

test.each([
  { a: 1, b: '' },
  { a: undefined, b: '' },
  { a: null, b: null },
  { a: null, b: 7 },
])('%j is refused', (value) => {
  const quick = parseType(schema as never);
  expect(() => quick.toBuffer(value)).toThrow(/invalid/);
});

const good = '01890a5d-ac96-774b-bcce-b302099a8057';

test('a UUID is written, and nothing that is none', () => {
  const uuid = parseType({ type: 'fixed', name: 'Uuid', size: 16 } as never);
  expect(uuid.toBuffer(good).toString('hex')).toBe(good.replaceAll('-', ''));
  for (let at = 0; at < 36; at++) {
    for (const wrong of ['g', '-', 'A', '0', 'ı', '☃']) {
      const text = good.slice(0, at) + wrong + good.slice(at + 1);
      if (isUuid(text)) continue;
      expect(() => uuid.toBuffer(text), text).toThrow(/not a UUID/);
    }
  }
  for (const text of ['', good.slice(1), `${good}0`, null, 7]) expect(() => uuid.toBuffer(text)).toThrow(/not a UUID/);
});

test('a candidate whose ids are at hand as bytes is written as one that has them as text, also where there is hardly room', () => {
  const { fields } = read('ad-request.avsc') as { fields: Field[] };
  const list = fields.find(({ name }) => name === 'candidates')?.type as { items: { fields: Field[] } } | undefined;
  const fieldsOfOne = withUuid(list?.items.fields ?? []);
  const items = parseType({ ...list?.items, fields: fieldsOfOne } as never);
  for (let times = 0; times < 100; times++) {
    const value = items.random() as unknown as { campaign: string; creative: string };
    const ids = bytesOfUuids([value.campaign, value.creative]).toString('latin1');
    const whole = items.toBuffer(value);
    expect(items.toBuffer({ ...value, ids }).equals(whole)).toBe(true);
    const room = Buffer.alloc(whole.length - 1);
    expect(items.encode({ ...value, ids }, room, 0)).toBeLessThan(0);
    expect(items.encode({ ...value, ids }, Buffer.alloc(20), 0)).toBeLessThan(0);
  }
});

interface Field {
  readonly name: string;
  readonly type: unknown;
}

/** The first that names a UUID says what it is. */
function withUuid(fields: readonly Field[]): readonly Field[] {
  return fields.map((field, at) => (at === 0 ? { ...field, type: { type: 'fixed', name: 'Uuid', size: 16 } } : field));
}
