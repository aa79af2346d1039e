import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Where ids and jitter come from; seeded in virtual mode so that a run repeats. */
export interface Random {
  /** A UUIDv7: sorts by time (RFC 9562, section 5.7). */
  uuid(): string;
  /** Uniform in [0, 1). */
  unit(): number;
}

export function systemRandom(clock: Clock): Random {
  // Asking the system each time costs more than all else about an id, so it is asked for many ids' worth at once.
  const pool = Buffer.alloc(ID_BYTES * 512);
  let used = pool.length;
  const bytes = () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return pool.subarray(used - ID_BYTES, used);
  };
  return { uuid: () => uuidv7(clock.now(), bytes()), unit: Math.random };
}

/** The random part of an id. */
const ID_BYTES = 10;

/** Repeats for a seed (mulberry32). */
export function seededRandom(clock: Clock, seed: number): Random {
  let state = seed >>> 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const bytes = () => Buffer.from(Array.from({ length: ID_BYTES }, () => Math.floor(unit() * 256)));
  return { uuid: () => uuidv7(clock.now(), bytes()), unit };
}

function uuidv7(nowMs: number, random: Buffer): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  random.copy(bytes, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
