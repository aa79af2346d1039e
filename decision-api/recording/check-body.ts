import { Problem } from '../../engines/http/problem.ts';
import type { StoreGate } from '../holding/store-gate.ts';
import { isAway } from '../http/deadline.ts';
import type { Metrics } from '../metrics.ts';
import { answerKey, decodeAnswer, encodeMark, hashBody, keepAnswer, type RecentAnswers } from './answers.ts';

interface Parts {
  readonly gate: StoreGate;
  readonly answers: RecentAnswers;
  readonly metrics: Metrics;
}

/** Throws Problem 409 where an id came before with another body. */
export function checkBody(before: Buffer, now: Buffer, metrics: Metrics): void {
  if (before.equals(now)) return;
  metrics.requests.inc({ outcome: 'conflict' });
  throw new Problem(409, 'request_id already used', 'this request_id came before with another body', [
    { pointer: '/request_id', detail: 'use a new one for another request' },
  ]);
}

/**
 * Of several pods each answer is kept apart, so the id itself keeps with which body it came, before the first of them is decided. One
 * pod's answer stands there itself, and needs no round more. Throws Problem 409 as `checkBody` does.
 */
export async function checkId(id: readonly string[], organisation: string, body: unknown, parts: Parts): Promise<void> {
  const now = hashBody(body);
  checkBody(await firstBody(answerKey({ id, pod: null }, organisation), now, parts), now, parts.metrics);
}

/** With which body the key came first: as this process knows, else as the store says; where that is away, with this one. */
async function firstBody(key: string, now: Buffer, { gate, answers }: Parts): Promise<Buffer> {
  const own = answers.recall(key);
  if (own !== null) return own.bodyHash;
  const mark = encodeMark(now);
  const first = await keptFirst(key, mark, gate).catch((error: unknown) => {
    if (!isAway(error)) throw error;
    return mark;
  });
  answers.remember(key, first);
  return decodeAnswer(first).bodyHash;
}

async function keptFirst(key: string, mark: Buffer, gate: StoreGate): Promise<Buffer> {
  const [seen] = await gate.read([key]);
  if (!seen) return mark;
  return seen.bytes ?? (await keepAnswer(gate, key, seen, mark)) ?? mark;
}
