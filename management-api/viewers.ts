import { emptyFrequency } from '../domain/frequency/frequency.ts';
import { type Viewing, viewingsOf } from '../domain/frequency/viewing.ts';
import { emptyStream, STREAM_KEPT_MS } from '../domain/separation-stream.ts';
import type { ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import type { Clock } from '../engines/clock.ts';
import { EngineError } from '../engines/errors.ts';
import { addressOf, pseudonym } from '../engines/pseudonym.ts';
import type { Random } from '../engines/random.ts';
import { BROOM_MS, keys, MONEY_KEPT_MS } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { FrequencyEntry, StreamEntry } from '../schemas/records.ts';
import { audit } from './audit.ts';

/** Whom a record can be about. */
export const viewerScopes = ['user', 'device', 'household', 'ip', 'stream'] as const;
export type ViewerScope = (typeof viewerScopes)[number];

export interface ViewerParts {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly pepper: string;
  /** Peppers that came before and are still read. */
  readonly peppersBefore?: readonly string[];
}

/** What is kept of one viewer. */
export interface ViewerShown {
  readonly scope: ViewerScope;
  /** The pseudonym under which it is kept. */
  readonly hash: string;
  /** ISO 8601; null: never. */
  readonly erased_at: string | null;
  readonly viewings: readonly Viewing[];
}

/** What the viewer of this id (`viewerId`) has seen, by campaign and creative, with the counts of every window. Rejects with EngineError. */
export async function showViewer(scope: ViewerScope, id: string, parts: ViewerParts): Promise<ViewerShown> {
  const hash = pseudonym(parts.pepper, scope, id);
  // While two peppers live, what is reserved stands under both: the older one's record knows all.
  const [oldest = hash] = hashesOf(scope, id, parts);
  const [entry] = await parts.store.read([keyOf(scope, oldest)]);
  const record = recordOf(scope, entry?.bytes ?? null);
  return {
    scope,
    hash,
    erased_at: record.erased_at === 0 ? null : new Date(record.erased_at).toISOString(),
    viewings: viewingsOf(record, parts.clock.now()),
  };
}

const TRIES = 20;

export interface EraseParts extends ViewerParts {
  readonly suppressions: ViewerSuppressions;
  readonly random: Random;
  /** Who erases, as the audit has it. */
  readonly actor: string;
}

/**
 * Forgets this viewer: notes the suppression, which rebuilds obey, and in the audit that somebody was erased, not who; then leaves nothing of the record but when it was erased, so that
 * a worker that lags writes nothing back. What was served before and is seen after counts for what the viewer is then: somebody
 * new. Repeating it is harmless. Rejects with EngineError; then it may be half done, and is to be repeated.
 */
export async function eraseViewer(
  scope: ViewerScope,
  id: string,
  parts: EraseParts,
): Promise<{ readonly hash: string; readonly forgotten: number; readonly erasedAt: number }> {
  const erasedAt = parts.clock.now();
  const hashes = hashesOf(scope, id, parts);
  const change = { at: erasedAt, actor: parts.actor, resource: 'viewer', id: parts.random.uuid() };
  await parts.suppressions.note(
    hashes.map((hash) => ({ scope, hash, erasedAt })),
    (sql) => audit(sql, { ...change, action: 'delete', before: { scope }, after: null }),
  );
  let most = 0;
  for (const hash of hashes) most = Math.max(most, await forget(scope, hash, erasedAt, parts));
  return { hash: pseudonym(parts.pepper, scope, id), forgotten: most, erasedAt };
}

/** The id that a pseudonym is made of, of one as requests say it: an address may have a port. Null: no request can have said it. */
export function viewerId(scope: ViewerScope, said: string): string | null {
  return scope === 'ip' ? addressOf(said) : said;
}

/** Every pseudonym under which a viewer may be kept: those of peppers that came before first. */
export function hashesOf(
  scope: ViewerScope,
  id: string,
  { pepper, peppersBefore = [] }: ViewerParts,
): readonly string[] {
  return [...peppersBefore, pepper].map((each) => pseudonym(each, scope, id));
}

/** Answers how many places were forgotten. */
async function forget(scope: ViewerScope, hash: string, erasedAt: number, { store }: ViewerParts): Promise<number> {
  const key = keyOf(scope, hash);
  let [entry] = await store.read([key]);
  for (let tries = 0; entry && tries < TRIES; tries++) {
    const forgotten = recordOf(scope, entry.bytes).entries.length;
    const swapped = await store.swap(key, entry, erasedRecord(scope, erasedAt), lifeOf(scope));
    if (swapped.ok) return forgotten;
    entry = swapped.entry;
  }
  throw new EngineError('conflict', `the record of this ${scope} changed ${TRIES} times meanwhile`);
}

function keyOf(scope: ViewerScope, hash: string): string {
  return scope === 'stream' ? keys.stream(hash) : keys.frequency(scope, hash);
}

function recordOf(scope: ViewerScope, bytes: Buffer | null) {
  if (scope !== 'stream') return bytes ? decodeBare('frequency-record', bytes) : emptyFrequency();
  const stream = bytes ? decodeBare('stream-record', bytes) : emptyStream();
  return {
    erased_at: stream.erased_at,
    totals: [],
    entries: stream.entries.map((entry) => ({ ...entry, for_life: false, ...keptInStream(entry) })),
  };
}

/** As an identity's record says it: a stream remembers every ad for a day. */
function keptInStream({ state, at, expires_at }: StreamEntry): Pick<FrequencyEntry, 'at' | 'expires_at'> {
  if (state === 'CONFIRMED') return { at, expires_at: at + STREAM_KEPT_MS };
  return { at: STREAM_KEPT_MS, expires_at };
}

function erasedRecord(scope: ViewerScope, erasedAt: number): Buffer {
  if (scope === 'stream') return encodeBare('stream-record', { ...emptyStream(), erased_at: erasedAt });
  return encodeBare('frequency-record', { ...emptyFrequency(), erased_at: erasedAt });
}

/** Kept at least as long as the log that could bring it back. */
function lifeOf(scope: ViewerScope): number {
  return scope === 'stream' ? BROOM_MS : MONEY_KEPT_MS;
}
