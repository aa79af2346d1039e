import avro from 'avsc';

/** Buffers have a way to write text that their type does not tell of. */
export type Room = Buffer & Record<'utf8Write' | 'latin1Write', (text: string, at: number) => number>;

/** Writes as much of a text as there is room for; answers the bytes: as many as it has characters, if all of them are ASCII. */
export function textBytes(text: string, room: Room, at: number): number {
  return room.utf8Write(text, at);
}

/** Where avsc writes to. `pos` may pass the end of `buf`: then avsc answers that the room was too small. */
export interface Tap {
  readonly buf: Room;
  pos: number;
}

/** How every type of avsc writes, inside. */
interface Writer {
  _write(tap: Tap, value: unknown): void;
}

/** Up to here a loop is faster than a call out of JavaScript. */
const loopedText = 24;
/** Its length takes one byte, and so does each character. */
const shortText = 63;
const slowText = avro.types.StringType.prototype as unknown as Writer;

/** Text, with the bytes that avsc writes: a short ASCII one in one loop, where avsc measures it first. */
class QuickText extends avro.types.StringType {
  _write(tap: Tap, value: unknown): void {
    if (!writeShort(tap, value)) slowText._write.call(this, tap, value);
  }
}

/** False: not short, not ASCII, no room or no text. Nothing was moved then. */
function writeShort(tap: Tap, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const { buf, pos } = tap;
  const { length } = value;
  if (length > shortText || pos + 1 + length > buf.length) return false;
  if (length > loopedText) {
    if (pos + 1 + 3 * length > buf.length || textBytes(value, buf, pos + 1) !== length) return false;
  } else
    for (let at = 0; at < length; at++) {
      const code = value.charCodeAt(at);
      if (code > 127) return false;
      buf[pos + 1 + at] = code;
    }
  buf[pos] = length << 1;
  tap.pos = pos + 1 + length;
  return true;
}

const slowLong = avro.types.LongType.prototype as unknown as Writer;
const lowest = 2 ** 28;
const longest = 2 ** 52;

/** A number that is not negative: its lowest 28 bits are written as an integer, avsc divides for each seven. */
class QuickLong extends avro.types.LongType {
  _write(tap: Tap, value: unknown): void {
    const { buf, pos } = tap;
    const able = typeof value === 'number' && value >= 0 && value < longest && Math.floor(value) === value;
    if (!able || pos + 8 > buf.length) {
      slowLong._write.call(this, tap, value);
      return;
    }
    if (value < lowest) {
      let end = pos;
      let rest = value << 1;
      for (; rest > 127; rest >>= 7) buf[end++] = (rest & 127) | 128;
      buf[end] = rest;
      tap.pos = end + 1;
      return;
    }
    const high = Math.floor((value * 2) / lowest);
    const low = value * 2 - high * lowest;
    buf[pos] = (low & 127) | 128;
    buf[pos + 1] = ((low >> 7) & 127) | 128;
    buf[pos + 2] = ((low >> 14) & 127) | 128;
    buf[pos + 3] = (low >> 21) | 128;
    let at = pos + 4;
    let left = high;
    for (; left > 127; left >>= 7) buf[at++] = (left & 127) | 128;
    buf[at] = left;
    tap.pos = at + 1;
  }
}

/** "Null or something", without looking up which of them a value is. */
class QuickOptional extends avro.types.UnwrappedUnionType {
  _write(tap: Tap, value: unknown): void {
    // Beyond the end nothing is stored, and avsc sees from `pos` that the room was too small.
    tap.buf[tap.pos++] = value === null ? 0 : 2;
    if (value !== null) (this.types[1] as unknown as Writer)._write(tap, value);
  }
}

const slowInt = avro.types.IntType.prototype as unknown as Writer;

/** A small number that is not negative, in one or two bytes; most are. */
class QuickInt extends avro.types.IntType {
  _write(tap: Tap, value: unknown): void {
    const { buf, pos } = tap;
    if (typeof value !== 'number' || value !== (value | 0) || value < 0 || value > 8_191 || pos + 2 > buf.length) {
      slowInt._write.call(this, tap, value);
      return;
    }
    if (value < 64) {
      buf[pos] = value << 1;
      tap.pos = pos + 1;
    } else {
      buf[pos] = ((value << 1) & 127) | 128;
      buf[pos + 1] = value >> 6;
      tap.pos = pos + 2;
    }
  }
}

const slowArray = avro.types.ArrayType.prototype as unknown as Writer;

/** A short list: its length takes one byte. */
class QuickArray extends avro.types.ArrayType {
  _write(tap: Tap, value: unknown): void {
    if (!Array.isArray(value) || value.length > 63) {
      slowArray._write.call(this, tap, value);
      return;
    }
    const items = this.itemsType as unknown as Writer;
    if (value.length > 0) tap.buf[tap.pos++] = value.length << 1;
    for (const item of value) items._write(tap, item);
    tap.buf[tap.pos++] = 0;
  }
}

/** What a candidate may carry besides its fields: the bytes of its two ids, a character for each. */
export interface WithIds {
  readonly ids?: string;
}

/** A candidate whose ids are at hand as bytes: they are copied. There are dozens in a request, and ids are the dearest part of one. */
class QuickCandidate extends avro.types.RecordType {
  protected _createWriter(): Writer['_write'] {
    const compose = (fields: readonly object[]): Writer['_write'] =>
      (avro.types.RecordType.prototype as unknown as Composing)._createWriter.call({
        fields,
        _getConstructorName: () => 'Candidate',
      });
    const whole = compose(this.fields);
    const behindIds = compose(this.fields.slice(2));
    return (tap, value) => {
      const { ids } = value as WithIds;
      if (ids === undefined || tap.pos + ids.length > tap.buf.length) {
        whole(tap, value);
        return;
      }
      tap.pos += tap.buf.latin1Write(ids, tap.pos);
      behindIds(tap, value);
    };
  }
}

/** How avsc's records make what writes them, inside. */
interface Composing {
  _createWriter(this: { readonly fields: readonly object[]; _getConstructorName(): string }): Writer['_write'];
}

/** For avsc's type hook: the quick type of a schema that has one. */
export function quickTypeOf(schema: avro.Schema, options: avro.ForSchemaOptions): avro.Type | undefined {
  const primitive = primitiveOf(schema, options);
  if (primitive === 'string') return new QuickText();
  if (primitive === 'long') return new QuickLong();
  if (primitive === 'int') return new QuickInt();
  if (isCandidate(schema)) return new QuickCandidate(schema as never, options as never);
  if (isArray(schema)) return new QuickArray(schema as never, options as never);
  const optional = Array.isArray(schema) && schema.length === 2 && schema[0] === 'null';
  return optional ? new QuickOptional(schema as never, options as never) : undefined;
}

/** Also of one with a logical type that nobody reads here. */
function primitiveOf(schema: avro.Schema, { logicalTypes }: avro.ForSchemaOptions): unknown {
  const { type, logicalType } = (schema ?? {}) as { readonly type?: unknown; readonly logicalType?: string };
  if (logicalType === undefined) return schema;
  return logicalTypes !== undefined && logicalType in logicalTypes ? undefined : type;
}

function isCandidate(schema: avro.Schema): boolean {
  const { type, name } = (schema ?? {}) as { readonly type?: string; readonly name?: string };
  return type === 'record' && name === 'Candidate';
}

function isArray(schema: avro.Schema): boolean {
  return typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'array';
}
