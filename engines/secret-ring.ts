import { statSync } from 'node:fs';
import type { Config } from './config.ts';
import { EngineError } from './errors.ts';
import { type KeptSecrets, type KeptTokenKey, newSecret, readSecrets } from './secrets.ts';

/** Token keys and peppers that may change while the process runs. */
export class SecretRing {
  readonly #path: string | null;
  readonly #now: () => number;
  #kept: KeptSecrets;
  #mark = '';
  #lookedAt = 0;

  /** `config`: from `withSecrets`. Configured secrets never change; those of a file do. */
  constructor(config: Config, now: () => number) {
    this.#path = config.secretsFile;
    this.#now = now;
    const { tokenKeys, pepper, pepperBefore } = config;
    const before = pepperBefore === null ? [] : [{ pepper: pepperBefore, until: Number.POSITIVE_INFINITY }];
    this.#kept = { tokenKeys: tokenKeys ?? [], pepper: pepper ?? '', peppersBefore: before };
    this.refresh();
  }

  /** Whether there is a file to follow. */
  get follows(): boolean {
    return this.#path !== null;
  }

  /** The one that signs first. */
  get tokenKeys(): readonly KeptTokenKey[] {
    const { tokenKeys } = this.#kept;
    const signs = tokenKeys.find(({ from = 0 }) => from <= this.#now()) ?? tokenKeys[0];
    return signs ? [signs, ...tokenKeys.filter((key) => key !== signs)] : [];
  }

  get pepper(): string {
    return this.#kept.pepper;
  }

  /** Peppers that came before and are still read. */
  get peppersBefore(): readonly string[] {
    const { peppersBefore = [] } = this.#kept;
    if (peppersBefore.length === 0) return none;
    return peppersBefore.filter(({ until }) => until > this.#now()).map(({ pepper }) => pepper);
  }

  /** Reads the file again if it is another. What cannot be read leaves the last good secrets. */
  refresh(): void {
    if (this.#path === null) return;
    this.#lookedAt = this.#now();
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const mark = `${mtimeMs}/${size}/${ino}`;
      if (mark === this.#mark) return;
      this.#kept = readSecrets(this.#path);
      this.#mark = mark;
    } catch (error) {
      if (this.#mark === '') throw error;
    }
  }

  /** As `refresh`, for a token whose key nobody here knows: a neighbour may sign with a new one already. Not more often than this. */
  refreshSoon(): void {
    if (this.#now() - this.#lookedAt >= LOOK_MS || this.#now() < this.#lookedAt) this.refresh();
  }
}

const none: readonly string[] = [];
const LOOK_MS = 50;
const DAY_MS = 86_400_000;
/** The longest window of a cap, and a day in which every process has heard of it. */
export const PEPPER_OVERLAP_MS = 32 * DAY_MS;
/** Processes look once a second: by then all of them verify what the first one signs. */
const SIGNS_AFTER_MS = 2_000;

export interface Rotated {
  readonly secrets: KeptSecrets;
  readonly id: string;
  readonly from: number;
}

/**
 * A new key that signs from soon on; the one before it still verifies. Throws EngineError `refused` while beacons may come
 * that the oldest of two keys has signed: it would be dropped.
 */
export function rotateTokenKeys(secrets: KeptSecrets, now: number, tokenLifeMs: number): Rotated {
  const [newest, ...older] = secrets.tokenKeys;
  // Signed to the end of a minute and good for a token's life from there.
  const goneAt = (newest?.from ?? 0) + 60_000 + tokenLifeMs;
  if (older.length > 0 && now < goneAt) {
    const when = new Date(goneAt).toISOString();
    throw new EngineError(
      'refused',
      `two keys live: beacons of the older one may come until ${when}; rotate after that`,
    );
  }
  const numbers = secrets.tokenKeys.map(({ id }) => Number(/\d{1,6}$/.exec(id)?.[0] ?? 0));
  const id = `k${Math.max(0, ...numbers) + 1}`;
  const from = now + SIGNS_AFTER_MS;
  const tokenKeys = [{ id, secret: newSecret(), from }, ...(newest ? [newest] : [])];
  return { secrets: { ...secrets, tokenKeys }, id, from };
}

/** A new pepper; the one before is read for the longest window. Throws EngineError `refused` while an older one still is. */
export function rotatePepper(
  secrets: KeptSecrets,
  now: number,
): { readonly secrets: KeptSecrets; readonly until: number } {
  const live = (secrets.peppersBefore ?? []).find(({ until }) => until > now);
  if (live) {
    const when = new Date(live.until).toISOString();
    throw new EngineError('refused', `two peppers live: caps need the older one until ${when}; rotate after that`);
  }
  const until = now + PEPPER_OVERLAP_MS;
  const peppersBefore = [{ pepper: secrets.pepper, until }];
  return { secrets: { ...secrets, pepper: newSecret(), peppersBefore }, until };
}
