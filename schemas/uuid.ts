import avro from 'avsc';
import { type Room, type Tap, textBytes } from './quick-write.ts';

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
/** The text as bytes: reading it character by character would take twice as long. */
const scratch = Buffer.alloc(36 * 3) as Room;
/** By byte: what a hexadecimal digit stands for, else 255. */
const digits = new Uint8Array(256).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) digits[digit.charCodeAt(0)] = value;
/** Where in the text each byte stands. */
const places = new Uint8Array([0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]);

/** Throws TypeError for what is not a UUID in lower case. */
function writeUuid(text: string, target: Buffer, from: number): void {
  if (typeof text !== 'string' || text.length !== 36) throw notUuid(text);
  // Whatever is wrong is gathered on the way and judged at the end: no byte has a branch of its own.
  const isAscii = textBytes(text, scratch, 0) === 36;
  let values = 0;
  for (let byte = 0; byte < 16; byte++) {
    const place = places[byte] as number;
    const high = digits[scratch[place] as number] as number;
    const low = digits[scratch[place + 1] as number] as number;
    values |= high | low;
    target[from + byte] = (high << 4) | low;
  }
  const dashed = scratch[8] === dash && scratch[13] === dash && scratch[18] === dash && scratch[23] === dash;
  if (!isAscii || values > 15 || !dashed) throw notUuid(text);
}

function notUuid(text: unknown): TypeError {
  return new TypeError(`not a UUID: ${text}`);
}
