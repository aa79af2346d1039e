import { hash } from 'node:crypto';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { EngineError } from '../../engines/errors.ts';
import type { OutRecord } from '../../engines/event-log/event-log.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { Entry } from '../../engines/state-store/state-store.ts';
import type { KeptBy } from '../asking/ask.ts';
import { type Draft, draftText } from '../draft.ts';
import type { StoreGate } from '../holding/store-gate.ts';
import { limits } from '../limits.ts';
import { ByteRing } from './byte-ring.ts';

/** What is kept for a repeated request_id: the answer, and the very bytes of its record in the log. */
export interface KeptAnswer {
  readonly bodyHash: Buffer;
  readonly draft: Draft;
  readonly record: OutRecord;
}

const HASH_BYTES = 16;
const HEADER_BYTES = HASH_BYTES + 12;

/** Each name is hashed alone: of joined ones, `a/b` and `c` would be `a` and `b/c`. */
export function answerKey({ id, pod }: KeptBy, organisation: string): string {
  return keys.answer(nameOf(pod === null ? id : [...id, pod], organisation));
}

/** A name among those of all organisations: nothing that a caller calls its own is another's. */
export function nameOf(names: readonly string[], organisation: string): string {
  const name = names.map((each) => hash('sha256', each, 'base64url')).join('/');
  return organisation === HOUSE_ORGANISATION ? name : `${organisation}:${name}`;
}

/** Keeps an encoded answer where there is none. Somebody else's, kept first, is answered. Rejects with EngineError. */
export async function keepAnswer(gate: StoreGate, key: string, absent: Entry, answer: Buffer): Promise<Buffer | null> {
  const { ok, entry } = await gate.swap(key, absent, answer, limits.answerKeptMs);
  if (ok) return null;
  // It refused for its own sake: what was read before was another one's, and here is nobody's answer.
  if (entry.bytes === null)
    throw new EngineError('store_lost_writes', 'the store is another than the one that was read');
  return entry.bytes;
}

/** The newest answers of this process: what a retry gets while the store cannot be asked, or could not keep them. */
export class RecentAnswers {
  readonly #answers = new ByteRing(limits.answersBytes);

  remember(key: string, answer: Buffer): void {
    this.#answers.put(key, answer);
  }

  /** Nobody was given it. */
  forget(key: string): void {
    this.#answers.delete(key);
  }

  recall(key: string): KeptAnswer | null {
    const bytes = this.#answers.get(key);
    return bytes === undefined ? null : decodeAnswer(bytes);
  }
}

/** What stands under the id of several pods: with which body it came. Decodes as an answer that is nobody's. */
export function encodeMark(bodyHash: Buffer): Buffer {
  const nothing = '{}';
  const bytes = Buffer.alloc(HEADER_BYTES + nothing.length);
  bodyHash.copy(bytes, 0, 0, HASH_BYTES);
  bytes.writeUInt32BE(nothing.length, HASH_BYTES + 8);
  bytes.write(nothing, HEADER_BYTES);
  return bytes;
}

/** Hash | partition | length of key | length of draft | key | draft as JSON | record. */
export function encodeAnswer({ bodyHash, draft, record }: KeptAnswer): Buffer {
  const key = record.key;
  const keyBytes = Buffer.byteLength(key);
  const json = draftText(draft);
  const jsonBytes = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + keyBytes + jsonBytes + record.value.length);
  bodyHash.copy(bytes, 0, 0, HASH_BYTES);
  bytes.writeUInt32BE(record.partition, HASH_BYTES);
  bytes.writeUInt32BE(keyBytes, HASH_BYTES + 4);
  bytes.writeUInt32BE(jsonBytes, HASH_BYTES + 8);
  bytes.write(key, HEADER_BYTES);
  bytes.write(json, HEADER_BYTES + keyBytes);
  bytes.set(record.value, HEADER_BYTES + keyBytes + jsonBytes);
  return bytes;
}

export function decodeAnswer(bytes: Buffer): KeptAnswer {
  const keyEnds = HEADER_BYTES + bytes.readUInt32BE(HASH_BYTES + 4);
  const jsonEnds = keyEnds + bytes.readUInt32BE(HASH_BYTES + 8);
  return {
    bodyHash: Buffer.from(bytes.subarray(0, HASH_BYTES)),
    draft: JSON.parse(bytes.toString('utf8', keyEnds, jsonEnds)) as Draft,
    record: {
      partition: bytes.readUInt32BE(HASH_BYTES),
      key: bytes.subarray(HEADER_BYTES, keyEnds).toString(),
      value: Buffer.from(bytes.subarray(jsonEnds)),
    },
  };
}

/** A hash of what a body says, whatever the order of its keys. */
export function hashBody(body: unknown): Buffer {
  return hash('sha256', canonical(body), 'buffer').subarray(0, HASH_BYTES);
}

function canonical(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    text += `${text.length === 1 ? '' : ','}${quoted(key)}:${canonical((value as Record<string, unknown>)[key])}`;
  }
  return `${text}}`;
}

/** Most keys are words, which stand in JSON as they are. */
function quoted(key: string): string {
  return /^\w+$/.test(key) ? `"${key}"` : JSON.stringify(key);
}
