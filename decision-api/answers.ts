import { hash } from 'node:crypto';
import type { OutRecord } from '../engines/event-log/event-log.ts';
import { keys } from '../engines/state-store/keys.ts';
import type { Entry } from '../engines/state-store/state-store.ts';
import type { Draft } from './draft.ts';
import { limits } from './limits.ts';
import type { StoreGate } from './store-gate.ts';

/** What is kept for a repeated request_id: the answer, and the very bytes of its record in the log. */
export interface KeptAnswer {
  readonly bodyHash: Buffer;
  readonly draft: Draft;
  readonly record: OutRecord;
}

const HASH_BYTES = 16;
const HEADER_BYTES = HASH_BYTES + 12;

export function answerKey(requestId: string): string {
  return keys.answer(hash('sha256', requestId, 'base64url'));
}

/** Keeps an answer where there is none. Somebody else's, kept first, is answered. Rejects with EngineError. */
export async function keepAnswer(
  gate: StoreGate,
  key: string,
  absent: Entry,
  answer: KeptAnswer,
): Promise<KeptAnswer | null> {
  const { ok, entry } = await gate.swap(key, absent, encodeAnswer(answer), limits.answerKeptMs);
  return ok || !entry.bytes ? null : decodeAnswer(entry.bytes);
}

/** The newest answers of this process: what a retry gets while the store cannot be asked, or could not keep them. */
export class RecentAnswers {
  readonly #answers = new Map<string, KeptAnswer>();

  remember(key: string, answer: KeptAnswer): void {
    this.#answers.set(key, answer);
    if (this.#answers.size <= limits.answersRemembered) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }

  /** Nobody was given it. */
  forget(key: string): void {
    this.#answers.delete(key);
  }

  recall(key: string): KeptAnswer | null {
    return this.#answers.get(key) ?? null;
  }
}

/** Hash | partition | length of key | length of draft | key | draft as JSON | record. */
export function encodeAnswer({ bodyHash, draft, record }: KeptAnswer): Buffer {
  const key = Buffer.from(record.key);
  const json = Buffer.from(JSON.stringify(draft));
  const header = Buffer.alloc(HEADER_BYTES);
  bodyHash.copy(header, 0, 0, HASH_BYTES);
  header.writeUInt32BE(record.partition, HASH_BYTES);
  header.writeUInt32BE(key.length, HASH_BYTES + 4);
  header.writeUInt32BE(json.length, HASH_BYTES + 8);
  return Buffer.concat([header, key, json, record.value]);
}

export function decodeAnswer(bytes: Buffer): KeptAnswer {
  const keyEnds = HEADER_BYTES + bytes.readUInt32BE(HASH_BYTES + 4);
  const jsonEnds = keyEnds + bytes.readUInt32BE(HASH_BYTES + 8);
  return {
    bodyHash: Buffer.from(bytes.subarray(0, HASH_BYTES)),
    draft: JSON.parse(bytes.subarray(keyEnds, jsonEnds).toString()) as Draft,
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
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
