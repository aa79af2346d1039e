import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaType } from './avro.ts';
import type { CallFact, SeedCampaign, SeenAd, Settings, TokenFact } from './facts.ts';

/** One line of viewers.jsonl, as far as the audit reads it. */
export interface Line {
  readonly seq: number;
  readonly kind: 'ad-request' | 'beacon';
  readonly intent: string;
  readonly url: string;
  readonly body: unknown;
  readonly status: number | null;
  readonly error: string | null;
  readonly answer: {
    readonly request_id?: string;
    readonly pod?: { readonly ads?: readonly SeenAd[] };
    readonly backups?: readonly Omit<SeenAd, 'position' | 'start_seconds'>[];
  } | null;
  readonly cb: string | null;
  readonly event: string | null;
  readonly ad_id: string | null;
  readonly request_id: string | null;
}

interface Body {
  readonly request_id?: unknown;
  readonly user?: { readonly id?: unknown; readonly household_id?: unknown };
  readonly beacons?: readonly { url?: unknown; event?: unknown; t?: unknown; cb?: unknown }[];
}

/** Reads DIR/viewers.jsonl, which the simulator alone has written. A last line cut short by a kill is left out. */
export function readViewers(dir: string): CallFact[] {
  const lines = readFileSync(join(dir, 'viewers.jsonl'), 'utf8').split('\n');
  return lines.slice(0, -1).flatMap((line) => (line === '' ? [] : callsOf(JSON.parse(line) as Line)));
}

/** One line is one call, except that a POST of many beacons counts as one call for each. */
export function callsOf(line: Line): CallFact[] {
  const body = (typeof line.body === 'object' && line.body !== null ? line.body : {}) as Body;
  const id = line.answer?.request_id;
  const call: CallFact = {
    seq: line.seq,
    kind: line.kind,
    intent: line.intent,
    status: line.status,
    error: line.error,
    url: line.url,
    requestId: line.request_id ?? (line.kind === 'ad-request' ? text(body.request_id) : null),
    userId: text(body.user?.id),
    householdId: text(body.user?.household_id),
    answer: id === undefined ? null : { request_id: id, ...podOf(line.answer) },
    cb: line.cb,
    event: line.event,
    adId: line.ad_id,
  };
  if (line.kind !== 'beacon' || !Array.isArray(body.beacons)) return [call];
  return body.beacons.map((beacon) => ({ ...call, ...beaconOf(beacon) }));
}

function podOf(answer: Line['answer']): Pick<NonNullable<CallFact['answer']>, 'ads' | 'backups'> {
  const backups = (answer?.backups ?? []).map((ad) => ({ ...ad, position: 0, start_seconds: 0 }));
  return { ads: answer?.pod?.ads ?? [], ...(backups.length > 0 ? { backups } : {}) };
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

/** The signed facts of a tracking URL: `t` is <key id>.<facts>.<signature>, the facts base64url of Avro, then `~` and why the request was invalid traffic. */
export function readToken(url: string): TokenFact | null {
  const facts = /[?&]t=[^.&]+\.([A-Za-z0-9_-]+)(?:~\w+)?\./.exec(url)?.[1];
  if (facts === undefined) return null;
  try {
    return schemaType('tracking-token').fromBuffer(Buffer.from(facts, 'base64url')) as TokenFact;
  } catch {
    return null;
  }
}
