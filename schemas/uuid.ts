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

  /** Straight from the bytes: `pos` beyond the end is what avsc calls truncated. */
  protected _read(tap: Tap): string {
    const from = tap.pos;
    tap.pos += 16;
    return tap.pos > tap.buf.length ? '' : readUuid(tap.buf, from);
  }

  /** A writer's logical value arrives as text already, a plain fixed as bytes. */
  protected override _resolve(writer: avro.Type): ((value: string & Buffer) => string) | undefined {
    if (avro.Type.isType(writer, 'logical:uuid')) return (text) => text;
    return avro.Type.isType(writer, 'fixed') ? bytesToUuid : undefined;
  }
}

export function bytesToUuid(bytes: Uint8Array): string {
  return readUuid(bytes, 0);
}

/** The text is put together as bytes: of parts of text it would be a tree of strings, which whoever compares it has to flatten. */
function readUuid(bytes: Uint8Array, from: number): string {
  let at = 0;
  for (let byte = 0; byte < 16; byte++) {
    const value = bytes[from + byte] as number;
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) page[at++] = dash;
    page[at] = hexCodes[value >>> 4] as number;
    page[at + 1] = hexCodes[value & 15] as number;
    at += 2;
  }
  return page.latin1Slice(0, 36);
}

/** The bytes of UUIDs, one behind the other. Throws TypeError for what is not a UUID in lower case. */
export function bytesOfUuids(texts: readonly string[]): Buffer {
  const bytes = Buffer.alloc(16 * texts.length);
  for (const [at, text] of texts.entries()) writeUuid(text, bytes, 16 * at);
  return bytes;
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
const hexCodes = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const page = Buffer.alloc(36) as Buffer & { latin1Slice(from: number, to: number): string };
/** The text as bytes: reading it character by character would take twice as long. Room for any 36 characters and a pair. */
const scratch = Buffer.alloc(36 * 3 + 4) as Room;
/** The same bytes by twos, in the machine's order. */
const twos = new Uint16Array(scratch.buffer, scratch.byteOffset, 56);
/** By byte: what a hexadecimal digit stands for; 256: it is none. */
const digits = new Uint16Array(256).fill(256);
/** By two bytes as the machine reads them: what two digits stand for; 256: they are not two digits. */
const pairs = new Uint16Array(65_536).fill(256);
for (const [high, first] of [...'0123456789abcdef'].entries()) {
  digits[first.charCodeAt(0)] = high;
  for (const [low, second] of [...'0123456789abcdef'].entries()) {
    textBytes(first + second, scratch, 0);
    pairs[twos[0] as number] = (high << 4) | low;
  }
}

const pairOf = (two: number): number => pairs[twos[two] as number] as number;
/** Two digits that do not begin at an even place. */
const oddPair = (place: number): number =>
  ((digits[scratch[place] as number] as number) << 4) | (digits[scratch[place + 1] as number] as number);

function put(target: Buffer, at: number, value: number): number {
  target[at] = value;
  return value;
}

/** Throws TypeError for what is not a UUID in lower case. */
function writeUuid(text: string, target: Buffer, from: number): void {
  if (typeof text !== 'string' || text.length !== 36) throw notUuid(text);
  const isAscii = textBytes(text, scratch, 0) === 36;
  // Whatever is wrong is gathered on the way and judged at the end: no byte has a branch of its own.
  let values = 0;
  for (let byte = 0; byte < 4; byte++) values |= put(target, from + byte, pairOf(byte));
  values |= put(target, from + 4, oddPair(9));
  values |= put(target, from + 5, oddPair(11));
  values |= put(target, from + 6, pairOf(7));
  values |= put(target, from + 7, pairOf(8));
  values |= put(target, from + 8, oddPair(19));
  values |= put(target, from + 9, oddPair(21));
  for (let byte = 10; byte < 16; byte++) values |= put(target, from + byte, pairOf(byte + 2));
  const dashed = scratch[8] === dash && scratch[13] === dash && scratch[18] === dash && scratch[23] === dash;
  if (!isAscii || values > 255 || !dashed) throw notUuid(text);
}

function notUuid(text: unknown): TypeError {
  return new TypeError(`not a UUID: ${text}`);
}
