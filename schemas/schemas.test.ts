import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { decode, decodeBare, encode, encodeBare, type Shapes, UndecodableError } from './codec.ts';
import { type EventName, events } from './events.ts';
import { parseType, registry, schemaOf } from './registry.ts';

const here = new URL('./', import.meta.url);
const text = (file: string) => readFileSync(new URL(file, here), 'utf8');
const names = [...new Set(registry.map(({ name }) => name))];
const eventNames = Object.keys(events) as EventName[];
const stateNames = names.filter((name) => !(name in events)) as Exclude<keyof Shapes, EventName>[];

interface Node {
  readonly type: unknown;
  readonly name?: string;
  readonly default?: unknown;
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[];
}

/** Every named or composite schema inside a schema, itself included. */
function nodesOf(schema: unknown): Node[] {
  if (Array.isArray(schema)) return schema.flatMap(nodesOf);
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Node & { items?: unknown; values?: unknown };
  const inner = [node.items, node.values, typeof node.type === 'object' ? node.type : null];
  return [node, ...inner.flatMap(nodesOf), ...(node.fields ?? []).flatMap((field) => nodesOf(field.type))];
}

/** Values of a record of today, made up by avsc. */
function samplesOf(name: string): unknown[] {
  const type = parseType(JSON.parse(text(`${name}.avsc`)));
  return Array.from({ length: 20 }, () => type.random());
}

const letter: Shapes['conversion'] = {
  arrival_id: '01890a5d-ac96-774b-bcce-b302099a8057',
  conversion_id: 'order 7',
  received_at: 1_800_000_000_123,
  occurred_at: 1_800_000_000_000,
  viewer: 'viewer',
  advertiser: 'ffffffff-ffff-4fff-bfff-ffffffffffff',
  type: 'purchase',
  value_micros: Number.MAX_SAFE_INTEGER - 1,
  source: 'server',
  identities: [{ scope: 'user', hash: 'h' }],
  reservation: '01890a5d-ac96-774b-bcce-b302099a8058',
  invalid: null,
};

describe('the codec', () => {
  it.each(eventNames)('%s comes back as it went in, under its own name', (name) => {
    for (const value of samplesOf(name)) expect(decode(encode(name, value as never))).toEqual({ name, value });
  });

  it.each(stateNames)('%s comes back as it went in, without a header', (name) => {
    for (const value of samplesOf(name)) expect(decodeBare(name, encodeBare(name, value as never))).toEqual(value);
  });

  it('takes 16 bytes for a UUID and gives it back as text', () => {
    const bytes = encode('conversion', letter);
    expect(bytes.subarray(5, 21).toString('hex')).toBe('01890a5dac96774bbcceb302099a8057');
    expect(decode(bytes)).toEqual({ name: 'conversion', value: letter });
  });

  it('begins with 0 and the newest id of the record, big endian', () => {
    const bytes = encode('tick', { group: 'frequency' });
    const newest = registry.filter(({ name }) => name === 'tick').at(-1);
    expect([bytes[0], bytes.readInt32BE(1)]).toEqual([0, newest?.id]);
  });

  it.each(registry.filter(({ name }) => name in events))('reads $name as version $version wrote it', (entry) => {
    const writer = parseType(schemaOf(entry));
    const body = writer.random() as never;
    const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, 0]), writer.toBuffer(body)]);
    bytes.writeInt32BE(entry.id, 1);
    const { name, value } = decode(bytes);
    expect(name).toBe(entry.name);
    expect(parseType(JSON.parse(text(`${name}.avsc`))).isValid(value)).toBe(true);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['four bytes', Buffer.from([0, 0, 0, 0])],
    ['another magic byte', Buffer.from([1, 0, 0, 0, 8, 0])],
    ['an id nobody wrote', Buffer.from([0, 0, 1, 0, 0, 0])],
    [
      'the id of a state record',
      Buffer.from([0, 0, 0, 0, registry.find(({ name }) => name === 'head-record')?.id ?? 0]),
    ],
    ['a body that ends too early', encode('tick', { group: 'frequency' }).subarray(0, 8)],
    ['a body with bytes left over', Buffer.concat([encode('tick', { group: 'frequency' }), Buffer.from([1])])],
    ['garbage', Buffer.from('{"group":"frequency"}')],
  ])('%s is undecodable, and nothing else is thrown', (_, bytes) => {
    expect(() => decode(bytes)).toThrow(UndecodableError);
  });

  it.each(stateNames)('%s has one version: without a header nobody could tell another one apart', (name) => {
    expect(registry.filter((entry) => entry.name === name)).toHaveLength(1);
  });

  it('tells garbage in a state record the same way', () => {
    expect(() => decodeBare('head-record', Buffer.from([255, 255, 255]))).toThrow(UndecodableError);
  });

  it('refuses what is no UUID instead of writing something else', () => {
    expect(() => encode('conversion', { ...letter, advertiser: 'not-a-uuid' })).toThrow();
    expect(() => encode('conversion', { ...letter, advertiser: letter.advertiser.toUpperCase() })).toThrow();
  });
});

describe('the registry', () => {
  it('uses each id, each file and each version of a record once, and versions grow with the ids', () => {
    expect(new Set(registry.map(({ id }) => id)).size).toBe(registry.length);
    expect(new Set(registry.map(({ file }) => file)).size).toBe(registry.length);
    for (const name of names) {
      const entries = registry.filter((entry) => entry.name === name).toSorted((a, b) => a.id - b.id);
      expect(entries.map(({ version }) => version)).toEqual(entries.map((_, at) => at + 1));
    }
  });

  it('has every history file, and every history file is in it', () => {
    expect(registry.map(({ file }) => file).toSorted()).toEqual(
      readdirSync(new URL('history/', here))
        .map((file) => `history/${file}`)
        .toSorted(),
    );
    for (const { name, version, file } of registry) expect(file).toBe(`history/${name}.${version}.avsc`);
  });

  it('knows every .avsc file and every event', () => {
    const files = readdirSync(here).filter((file) => file.endsWith('.avsc'));
    expect(files.toSorted()).toEqual(names.map((name) => `${name}.avsc`).toSorted());
    for (const name of eventNames) expect(existsSync(new URL(`${name}.avsc`, here))).toBe(true);
  });

  it.each(names)('the newest version of %s is what its .avsc says today', (name) => {
    const newest = registry.filter((entry) => entry.name === name).toSorted((a, b) => b.version - a.version)[0];
    expect(newest && schemaOf(newest)).toEqual(JSON.parse(text(`${name}.avsc`)));
  });

  it.each(names)('every version of %s reads every other', (name) => {
    const versions = registry.filter((entry) => entry.name === name);
    for (const reader of versions) {
      for (const writer of versions) expect(readsAll(reader.id, writer.id)).toBe(true);
    }
  });

  it('gives every enum a default, so that a new symbol breaks no reader', () => {
    for (const entry of registry) {
      for (const node of nodesOf(schemaOf(entry))) {
        if (node.type === 'enum')
          expect([entry.file, node.name, typeof node.default]).toEqual([entry.file, node.name, 'string']);
      }
    }
  });
});

/** Whether one version resolves against another, and reads what it wrote. */
function readsAll(readerId: number, writerId: number): boolean {
  const typeOf = (id: number): avro.Type => {
    const entry = registry.find((candidate) => candidate.id === id);
    if (!entry) throw new Error(`no id ${id}`);
    return parseType(schemaOf(entry));
  };
  const [reader, writer] = [typeOf(readerId), typeOf(writerId)];
  return reader.isValid(reader.fromBuffer(writer.toBuffer(writer.random() as never), reader.createResolver(writer)));
}

describe('records.ts, request-records.ts and state-records.ts', () => {
  const shapes = new Map<string, string[]>();
  const source = text('records.ts') + text('request-records.ts') + text('state-records.ts');
  for (const [, name = '', body = ''] of source.matchAll(/export interface (\w+) \{\n([^}]*)\}/g)) {
    shapes.set(
      name,
      [...body.matchAll(/^ {2}readonly (\w+)\??: /gm)].map(([, field = '']) => field),
    );
  }

  it.each(names)('has the shapes of %s, field by field', (name) => {
    for (const node of nodesOf(JSON.parse(text(`${name}.avsc`)))) {
      if (node.type !== 'record') continue;
      expect([node.name, shapes.get(node.name ?? '')]).toEqual([node.name, node.fields?.map((field) => field.name)]);
    }
  });

  it('names the symbols of every enum', () => {
    for (const name of names) {
      for (const node of nodesOf(JSON.parse(text(`${name}.avsc`)))) {
        if (node.type !== 'enum') continue;
        const { symbols } = node as unknown as { symbols: string[] };
        expect(source).toContain(symbols.map((symbol) => `'${symbol}'`).join(' | '));
      }
    }
  });
});
