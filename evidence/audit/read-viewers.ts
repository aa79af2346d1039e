import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { CallFact, SeenAd } from './calls.ts';
import type { SeedCampaign, Settings } from './facts.ts';
import { answersOf, overtaken, refusedByWord } from './read-answers.ts';
import { readToken } from './read-token.ts';

/** One line of viewers.jsonl, as far as the audit reads it. */
export interface Line {
  readonly seq: number;
  /** `break`: told of a break and of no ad, so that the log holds nothing of it. */
  readonly kind: 'ad-request' | 'beacon' | 'break';
  readonly intent: string;
  readonly url: string;
  readonly body: unknown;
  readonly status: number | null;
  readonly error: string | null;
  /** Absent: JSON. */
  readonly dialect?: string;
  /** JSON as its value, XML as its text. */
  readonly answer: unknown;
  /** Why an exchange was given no bid. */
  readonly no_bid?: string;
  readonly cb: string | null;
  readonly event: string | null;
  readonly ad_id: string | null;
  readonly request_id: string | null;
}

interface PlainAnswer {
  readonly request_id?: string;
  readonly pod?: { readonly ads?: readonly SeenAd[] };
  readonly backups?: readonly Omit<SeenAd, 'position' | 'start_seconds'>[];
}

interface Body {
  readonly request_id?: unknown;
  readonly user?: { readonly id?: unknown; readonly household_id?: unknown };
  readonly beacons?: readonly { url?: unknown; event?: unknown; t?: unknown; cb?: unknown }[];
}

/** Reads DIR/viewers.jsonl, which the simulator alone has written. A last line cut short by a kill is left out. */
export function readViewers(dir: string): CallFact[] {
  const calls: CallFact[] = [];
  for (const line of wholeLines(join(dir, 'viewers.jsonl'))) {
    if (line !== '') calls.push(...callsOf(JSON.parse(line) as Line));
  }
  return calls;
}

const CHUNK_BYTES = 4 * 1024 * 1024;

/** The lines of a file that end, piece by piece: a long run's are more than one string can hold. */
export function* wholeLines(file: string, chunkBytes: number = CHUNK_BYTES): Iterable<string> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let rest: Buffer = Buffer.alloc(0);
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      const end = bytes.lastIndexOf(10);
      rest = bytes.subarray(end + 1);
      if (end >= 0) yield* bytes.toString('utf8', 0, end).split('\n');
    }
  } finally {
    closeSync(descriptor);
  }
}

/** One line is one call, except that a POST of many beacons counts as one for each, and a request for many pods likewise. */
export function callsOf(line: Line): CallFact[] {
  if (line.kind === 'break') return [];
  const body = (typeof line.body === 'object' && line.body !== null ? line.body : {}) as Body;
  const call: CallFact = {
    seq: line.seq,
    kind: line.kind,
    intent: line.intent,
    status: line.status,
    error: line.error,
    url: line.url,
    dialect: line.dialect ?? 'json',
    requestId: line.request_id ?? (line.kind === 'ad-request' ? text(body.request_id) : null),
    ...viewerOf(line, body),
    answer: plainAnswer(line),
    cb: line.cb,
    event: line.event,
    adId: line.ad_id,
  };
  if (line.kind === 'beacon') {
    return Array.isArray(body.beacons) ? body.beacons.map((beacon) => ({ ...call, ...beaconOf(beacon) })) : [call];
  }
  if (call.dialect === 'json') return [call];
  return answersOf(line).map((answer) => ({
    ...call,
    ...answer,
    ...(refusedByWord(line) ? { refused: true } : {}),
    ...(overtaken(line) ? { overtaken: true } : {}),
  }));
}

/** Who watches, as a body says it or the parameters do, whatever a player calls them. */
function viewerOf(line: Line, { user }: Body): Pick<CallFact, 'userId' | 'householdId'> {
  if (line.kind !== 'ad-request' || line.body !== null) {
    return { userId: text(user?.id), householdId: text(user?.household_id) };
  }
  const query = new URL(line.url).searchParams;
  const first = (...names: readonly string[]) => text(names.map((name) => query.get(name)).find((value) => value));
  return { userId: first('user_id', 'ppid', 'uid'), householdId: first('household_id', 'hhid') };
}

function plainAnswer(line: Line): CallFact['answer'] {
  if (line.kind !== 'ad-request' || (line.dialect ?? 'json') !== 'json') return null;
  const answer = line.answer as PlainAnswer | null;
  const id = answer?.request_id;
  if (!answer || id === undefined) return null;
  const backups = (answer.backups ?? []).map((ad) => ({ ...ad, position: 0, start_seconds: 0 }));
  return { request_id: id, ads: answer.pod?.ads ?? [], ...(backups.length > 0 ? { backups } : {}) };
}

/** A beacon of a POST: its tracking URL, or the parts of one. */
function beaconOf(beacon: {
  url?: unknown;
  event?: unknown;
  t?: unknown;
  cb?: unknown;
}): Pick<CallFact, 'cb' | 'event' | 'adId'> {
  const url = text(beacon.url);
  if (url === null) {
    return {
      cb: text(beacon.cb),
      event: text(beacon.event),
      adId: readToken(`?t=${String(beacon.t)}`)?.reservation ?? null,
    };
  }
  return {
    cb: new URL(url).searchParams.get('cb'),
    event: /\/beacons\/(\w+)/.exec(url)?.[1] ?? null,
    adId: readToken(url)?.reservation ?? null,
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function readSeed(dir: string): Map<string, SeedCampaign> {
  const campaigns = JSON.parse(readFileSync(join(dir, 'seed.json'), 'utf8')) as SeedCampaign[];
  return new Map(campaigns.map((campaign) => [campaign.id, campaign]));
}

export function readSettings(dir: string): Settings {
  return JSON.parse(readFileSync(join(dir, 'settings.json'), 'utf8')) as Settings;
}
