import { readFileSync } from 'node:fs';
import avro from 'avsc';

const schemas = new URL('../../schemas/', import.meta.url);

/** A `fixed` named Uuid: 16 bytes in the file, text here. */
class Uuid extends avro.types.LogicalType {
  protected override _fromValue(bytes: Buffer): string {
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  protected override _toValue(text: string): Buffer {
    return Buffer.from(text.replaceAll('-', ''), 'hex');
  }
}

/** A type from the text of a schema. */
export function parseSchema(text: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(text), {
    typeHook(schema, options) {
      const fixed = schema as { type?: unknown; name?: unknown; logicalType?: unknown };
      if (fixed.type !== 'fixed' || fixed.name !== 'Uuid' || fixed.logicalType !== undefined) return undefined;
      return new Uuid({ ...fixed, logicalType: 'uuid' } as never, options as never);
    },
  });
}

const byName = new Map<string, avro.Type>();

/** The type of `schemas/<name>.avsc`, for records without a header. */
export function schemaType(name: string): avro.Type {
  const known = byName.get(name);
  if (known) return known;
  const type = parseSchema(readFileSync(new URL(`${name}.avsc`, schemas), 'utf8'));
  byName.set(name, type);
  return type;
}

const registry: readonly { readonly id: number; readonly name: string; readonly file: string }[] = JSON.parse(
  readFileSync(new URL('registry.json', schemas), 'utf8'),
);
const byId = new Map<number, { readonly name: string; readonly type: avro.Type }>();

function wireType(id: number): { readonly name: string; readonly type: avro.Type } | null {
  const known = byId.get(id);
  if (known) return known;
  const entry = registry.find((candidate) => candidate.id === id);
  if (!entry) return null;
  const made = { name: entry.name, type: parseSchema(readFileSync(new URL(entry.file, schemas), 'utf8')) };
  byId.set(id, made);
  return made;
}

/** A record in the Confluent wire format: 0x00, the schema's id (int32 big endian), Avro. Null: it is none. */
export function fromWire(bytes: Buffer): { readonly name: string; readonly value: unknown } | null {
  if (bytes.length < 5 || bytes[0] !== 0) return null;
  const known = wireType(bytes.readInt32BE(1));
  if (!known) return null;
  try {
    return { name: known.name, value: known.type.fromBuffer(bytes.subarray(5)) };
  } catch {
    return null;
  }
}

/** The opposite of `fromWire`, with the newest id of the name. */
export function toWire(name: string, value: unknown): Buffer {
  const entry = registry.findLast((candidate) => candidate.name === name);
  if (!entry) throw new RangeError(`schemas/registry.json has no ${name}`);
  const head = Buffer.alloc(5);
  head.writeInt32BE(entry.id, 1);
  return Buffer.concat([head, schemaType(name).toBuffer(value)]);
}
