import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { quickTypeOf } from './quick-write.ts';
import { UuidType } from './uuid.ts';

/** One version of one record: the id on the wire, the file that holds it. */
export interface RegistryEntry {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly file: string;
}

const here = new URL('./', import.meta.url);

/** Every version ever written, oldest first; an id is never reused. */
export const registry: readonly RegistryEntry[] = JSON.parse(readFileSync(new URL('registry.json', here), 'utf8'));

export function schemaOf(entry: RegistryEntry): avro.Schema {
  return JSON.parse(readFileSync(new URL(entry.file, here), 'utf8'));
}

/** Parses a schema; every `fixed` named Uuid becomes text outside. */
export function parseType(schema: avro.Schema): avro.Type {
  return avro.Type.forSchema(schema, {
    typeHook(inner, options) {
      const quick = quickTypeOf(inner as avro.Schema, options);
      if (quick !== undefined) return quick;
      if (typeof inner !== 'object' || inner === null || !('type' in inner)) return undefined;
      const fixed = inner as { type: string; name?: string; logicalType?: string };
      if (fixed.type !== 'fixed' || fixed.name !== 'Uuid' || fixed.logicalType) return undefined;
      return new UuidType({ ...fixed, logicalType: 'uuid' } as never, options as never);
    },
  });
}
