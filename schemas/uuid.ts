import avro from 'avsc';
import type { Tap } from './quick-write.ts';

/** A UUID as text outside, 16 bytes inside. */
export class UuidType extends avro.types.LogicalType {
  protected override _fromValue(bytes: Buffer): string {
    return bytesToUuid(bytes);
  }

  protected override _toValue(text: string): Buffer | undefined {
    return uuidToBytes(text);
  }

  /** Straight into the bytes to be written: by way of a Buffer of its own, a UUID would be the dearest thing in a record. */
  protected _write(tap: Tap, text: string): void {
    if (tap.pos + 16 <= tap.buf.length) writeUuid(text, tap.buf, tap.pos);
    tap.pos += 16;
  }

  /** A writer's logical value arrives as text already, a plain fixed as bytes. */
  protected override _resolve(writer: avro.Type): ((value: string & Buffer) => string) | undefined {
    if (avro.Type.isType(writer, 'logical:uuid')) return (text) => text;
    return avro.Type.isType(writer, 'fixed') ? bytesToUuid : undefined;
  }
}

export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

function uuidToBytes(text: string): Buffer | undefined {
  if (!isUuid(text)) return undefined;
  const bytes = Buffer.alloc(16);
  writeUuid(text, bytes, 0);
  return bytes;
}

const dash = 45;
/** By character code: what a hexadecimal digit stands for, else 255. */
const digits = new Uint8Array(128).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) digits[digit.charCodeAt(0)] = value;
/** Where in the text each byte stands. */
const places = new Uint8Array([0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]);

/** Throws TypeError for what is not a UUID in lower case. */
function writeUuid(text: string, target: Buffer, from: number): void {
  if (typeof text !== 'string' || text.length !== 36) throw notUuid(text);
  // Whatever is wrong is gathered on the way and judged at the end: no byte has a branch of its own.
  let codes = 0;
  let values = 0;
  for (let byte = 0; byte < 16; byte++) {
    const place = places[byte] as number;
    const first = text.charCodeAt(place);
    const second = text.charCodeAt(place + 1);
    const high = digits[first & 127] as number;
    const low = digits[second & 127] as number;
    codes |= first | second;
    values |= high | low;
    target[from + byte] = (high << 4) | low;
  }
  const dashed = text.charCodeAt(8) === dash && text.charCodeAt(13) === dash;
  if (codes > 127 || values > 15 || !dashed || text.charCodeAt(18) !== dash || text.charCodeAt(23) !== dash) {
    throw notUuid(text);
  }
}

function notUuid(text: unknown): TypeError {
  return new TypeError(`not a UUID: ${text}`);
}
