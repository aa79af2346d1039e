import { readFileSync } from 'node:fs';
import type avro from 'avsc';
import type { EventName, EventShapes } from './events.ts';
import { events } from './events.ts';
import type { StateShapes } from './records.ts';
import { parseType, registry, schemaOf } from './registry.ts';

const WIRE_HEADER_BYTES = 5;

/** Every record shape by the name of its .avsc file. */
export type Shapes = EventShapes & StateShapes;

/** A record from a topic: its name says which shape it has. */
export type Decoded = { [N in EventName]: { readonly name: N; readonly value: EventShapes[N] } }[EventName];

/** The bytes are not a record of ours: too short, wrong magic byte, unknown id, or not what the schema says. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

const current = new Map<string, { readonly type: avro.Type; readonly id: number }>();
const readers = new Map<number, { readonly name: EventName; readonly read: (bytes: Buffer) => unknown }>();

for (const entry of registry) {
  const known = current.get(entry.name);
  if (known && known.id > entry.id) continue;
  const schema = JSON.parse(readFileSync(new URL(`${entry.name}.avsc`, import.meta.url), 'utf8'));
  current.set(entry.name, { type: parseType(schema), id: entry.id });
}

function typeOf(name: string): { readonly type: avro.Type; readonly id: number } {
  const found = current.get(name);
  if (!found) throw new Error(`no schema named ${name} in schemas/registry.json`);
  return found;
}

/** Avro without a header, for state records and tokens, whose reader is always this release's schema. */
export function encodeBare<N extends keyof StateShapes>(name: N, value: StateShapes[N]): Buffer {
  return write(typeOf(name).type, value, 0);
}

export function decodeBare<N extends keyof StateShapes>(name: N, bytes: Buffer): StateShapes[N] {
  try {
    return typeOf(name).type.fromBuffer(bytes) as StateShapes[N];
  } catch (cause) {
    throw new UndecodableError(`not a ${name}`, { cause });
  }
}

const SHEET_BYTES = 64 * 1024;
/** With less room than this a new sheet is begun: a record that does not fit has been written in vain. Most are shorter. */
const ROOM_BYTES = 4 * 1024;
/** Records are written one behind the other on a sheet and handed out as views of it: what is written is copied no more. */
let sheet: Buffer = Buffer.allocUnsafeSlow(SHEET_BYTES);
let written = 0;

/**
 * Confluent wire format: 0x00, the schema's id as int32 big endian, Avro. A record that is kept keeps its sheet in memory, as with
 * Node's own pool of buffers.
 */
export function encode<N extends EventName>(name: N, value: EventShapes[N]): Buffer {
  const { type, id } = typeOf(name);
  const bytes = write(type, value, WIRE_HEADER_BYTES);
  bytes[0] = 0;
  bytes[1] = id >>> 24;
  bytes[2] = id >>> 16;
  bytes[3] = id >>> 8;
  bytes[4] = id;
  return bytes;
}

/** The value behind `head` bytes that are left to the caller. */
function write(type: avro.Type, value: unknown, head: number): Buffer {
  if (sheet.length - written < ROOM_BYTES) beginSheet(SHEET_BYTES);
  for (;;) {
    const begin = written;
    const end = type.encode(value, sheet, begin + head);
    if (end >= 0) {
      written = end;
      return sheet.subarray(begin, end);
    }
    // A negative answer says how many bytes were missing.
    beginSheet(Math.max(SHEET_BYTES, sheet.length - begin - end));
  }
}

function beginSheet(bytes: number): void {
  sheet = Buffer.allocUnsafeSlow(bytes);
  written = 0;
}

/** Reads any version of any event record as this release's shape. Throws UndecodableError. */
export function decode(bytes: Buffer): Decoded {
  if (bytes.length < WIRE_HEADER_BYTES) throw new UndecodableError(`${bytes.length} bytes are too few for a record`);
  if (bytes[0] !== 0) throw new UndecodableError(`the first byte is ${bytes[0]}, not 0`);
  const reader = readerOf(bytes.readInt32BE(1));
  try {
    return { name: reader.name, value: reader.read(bytes.subarray(WIRE_HEADER_BYTES)) } as Decoded;
  } catch (cause) {
    throw new UndecodableError(`not a valid ${reader.name}: ${(cause as Error).message}`, { cause });
  }
}

/** `decode`, for a record that is to be of the event that `topic` is for, or a tick. */
export function decodeOf(topic: string, bytes: Buffer): Decoded {
  const record = decode(bytes);
  const { topic: home } = events[record.name];
  if (home !== null && home !== topic) throw new UndecodableError(`${topic} is no place for a record ${record.name}`);
  return record;
}

function readerOf(id: number): { readonly name: EventName; readonly read: (bytes: Buffer) => unknown } {
  const cached = readers.get(id);
  if (cached) return cached;
  const entry = registry.find((candidate) => candidate.id === id);
  if (!entry || !(entry.name in events)) throw new UndecodableError(`no event schema has the id ${id}`);
  const { type } = typeOf(entry.name);
  const writer = parseType(schemaOf(entry));
  const resolver = typeOf(entry.name).id === id ? undefined : type.createResolver(writer);
  const made = { name: entry.name as EventName, read: (bytes: Buffer) => type.fromBuffer(bytes, resolver) };
  readers.set(id, made);
  return made;
}
