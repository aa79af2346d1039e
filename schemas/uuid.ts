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

/** Throws TypeError for what is not a UUID in lower case. */
function writeUuid(text: string, target: Buffer, from: number): void {
  let at = from;
  let wrong = typeof text !== 'string' || text.length !== 36;
  for (let char = 0; char < 36 && !wrong; char += 2) {
    if (char === 8 || char === 13 || char === 18 || char === 23) {
      wrong = text.charCodeAt(char) !== dash;
      char += 1;
    }
    const high = digits[text.charCodeAt(char)] ?? 255;
    const low = digits[text.charCodeAt(char + 1)] ?? 255;
    wrong ||= (high | low) > 15;
    target[at++] = (high << 4) | low;
  }
  if (wrong) throw new TypeError(`not a UUID: ${text}`);
}
