import { emptyMark } from '../domain/catalog-mark.ts';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import type { OutRecord } from '../engines/event-log/event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { keys } from '../engines/state-store/keys.ts';
import type { Entry } from '../engines/state-store/state-store.ts';
import type { Ask } from './asking/ask.ts';
import { treatmentOf } from './asking/features.ts';
import type { Reader } from './asking/readers.ts';
import type { Tokens } from './beacons/tokens.ts';
import { decide } from './decide.ts';
import type { DecidingParts, Decision } from './decision.ts';
import { type Draft, draftOf, emptyDraft, type Warning } from './draft.ts';
import type { StoreGate } from './holding/store-gate.ts';
import { isAway } from './http/deadline.ts';
import type { Journal } from './journal/journal.ts';
import type { Stint } from './journal/stints.ts';
import type { Metrics } from './metrics.ts';
import {
  answerKey,
  decodeAnswer,
  encodeAnswer,
  hashBody,
  type KeptAnswer,
  keepAnswer,
  type RecentAnswers,
} from './recording/answers.ts';
import { checkBody } from './recording/check-body.ts';
import { countDecision } from './recording/count-decision.ts';
import { explainDecision } from './recording/explain.ts';
import type { Explanation } from './recording/explanation.ts';
import { fitRecord } from './recording/fit-record.ts';
import type { RecentDecisions } from './recording/recent-decisions.ts';
import { noFillReason, recordOf } from './recording/record.ts';
import { giveUp } from './steps/reserve.ts';

export interface ServingParts extends DecidingParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly gate: StoreGate;
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly answers: RecentAnswers;
  readonly recent: RecentDecisions;
  readonly partitions: { readonly requests: number; readonly beacons: number };
  readonly catalogStale: (now: number) => boolean;
}

export interface Served {
  readonly draft: Draft;
  readonly explain: Explanation | null;
  /** An answer that was kept from before. */
  readonly repeated: boolean;
}

export interface Asked {
  readonly ask: Ask;
  readonly body: unknown;
  readonly warnings: readonly Warning[];
  /** Who is told why; null: nobody asked, or nobody may. */
  readonly explain: Reader | null;
}

/**
 * Answers one request: the kept answer of a repeated request_id, else a decision that is written to the log before it is
 * answered. Throws Problem 409 when the id came before with another body. Never fails because an engine is away.
 */
export async function serve(asked: Asked, parts: ServingParts): Promise<Served> {
  if (!parts.journal.worthTrying()) return unlogged(asked, parts);
  const stint = parts.journal.enter();
  try {
    return await decided(asked, parts, stint);
  } finally {
    parts.journal.leave(stint);
  }
}

/**
 * `again`: the state store failed when the answer was to be kept. Who retries elsewhere may get another one, so that at most one of
 * them may hold what has a limit: decided anew, this one finds the store away, or the answer kept after all.
 */
async function decided(asked: Asked, parts: ServingParts, stint: Stint, again = false): Promise<Served> {
  const { ask } = asked;
  const decision = begin(ask, parts);
  const key = ask.repeatable ? answerKey(ask.keptBy, ask.organisation) : null;
  const read = look(decision, key, parts).then((entry) => ({ entry, kept: keptAnswer(key, entry, parts) }));
  const known = read.then(({ kept }) => (kept ? 'stop' : 'decide'));
  await decide(decision, known, parts, parts.clock);
  const { entry, kept } = await read;
  if (kept) return repeat(asked, kept, parts);
  const noFill = noFillReason(decision);
  const draft = draftOf(decision, noFill, asked.warnings, parts.tokens, parts.config);
  const record = toRecord(decision, noFill, parts);
  if (key !== null) {
    const first = await keep(key, entry, { bodyHash: hashBody(asked.body), draft, record }, parts, again);
    if (first === 'unkept') return decided(asked, parts, stint, true);
    if (first) {
      // Ours may be handed out by another instance if the store did take it: then its places and money stay held.
      if (first.oursIsGone) await giveUp(decision, parts, 'all');
      return repeat(asked, first.answer, parts);
    }
  }
  try {
    await parts.journal.append('ad-requests', [record], 'requests', stint);
  } catch (error) {
    if (!isAway(error)) throw error;
    // A kept answer may be repeated, and after a time-out the record may be there: then places and money stay held.
    if (key === null && error.code !== 'timeout') await giveUp(decision, parts, 'all');
    // Repeated by us after the store forgot, it would come behind our journal's word that all from before is there.
    if (key !== null) parts.answers.forget(key);
    return unlogged(asked, parts);
  }
  const { catalog } = decision;
  parts.recent.keep({ requestId: ask.requestId, organisation: ask.organisation, record: record.value, catalog });
  countDecision(decision, parts.metrics);
  parts.metrics.requests.inc({ outcome: noFill === null ? 'filled' : 'empty' });
  return { draft, explain: asked.explain ? explainDecision(decision, parts, asked.explain) : null, repeated: false };
}

function begin(ask: Ask, { config, partitions, catalog, journal }: ServingParts): Decision {
  const treatment = treatmentOf(ask.viewer.drawnAs, config.features, catalog.experimentsOf(ask.organisation));
  const asked = { ...ask.rules, objective: treatment.objective ?? ask.rules.objective };
  const rules = treatment.features.has('pods') ? asked : { ...asked, maxAds: 1, minAds: Math.min(1, asked.minAds) };
  return {
    ask: { ...ask, rules },
    treatment,
    partition: partitionOf(ask.viewer.viewer, partitions.beacons),
    expiresAt: expiryOf(ask, config.tokenLifeMs),
    seen: null,
    stream: null,
    streamed: new Set(),
    catalogStale: false,
    journalFull: journal.full,
    entrants: [],
    notEntered: new Map(),
    catalog: [],
    mark: emptyMark,
    rotations: [],
    solution: null,
    conflictsRejected: 0,
    held: new Map(),
    timingsUs: {},
  };
}

/** A minute's money waits for the longest life, so that a shorter one is always in time. */
function expiryOf({ minute, receivedAt, holdMs }: Ask, tokenLifeMs: number): number {
  const longest = (minute + 1) * 60_000 + tokenLifeMs;
  return holdMs === null ? longest : Math.min(longest, receivedAt + holdMs);
}

/** Reads identities, the stream and the kept answer in one round. The store being away leaves `seen` and `stream` null. */
async function look(decision: Decision, key: string | null, parts: ServingParts): Promise<Entry | null> {
  decision.catalogStale = parts.catalogStale(decision.ask.receivedAt);
  try {
    const { identities, session } = decision.ask.viewer;
    const wanted = [...(session === null ? [] : [keys.stream(session)]), ...(key === null ? [] : [key])];
    const { seen, others } = await parts.reserver.look(identities, wanted);
    // Nothing to read says nothing of the store.
    if (!parts.gate.away) decision.seen = seen;
    const [first] = others;
    if (session !== null && first && !parts.gate.away) decision.stream = parts.streams.see(session, first);
    return key === null ? null : (others.at(-1) ?? null);
  } catch (error) {
    if (!isAway(error)) throw error;
    return null;
  }
}

function toRecord(decision: Decision, noFill: Draft['no_fill_reason'], parts: ServingParts): OutRecord {
  const { viewer } = decision.ask.viewer;
  const { value, cut } = fitRecord(recordOf(decision, parts.uuid(), noFill));
  if (cut) parts.metrics.recordsCut.inc({ topic: 'ad-requests' });
  return {
    partition: partitionOf(viewer, parts.partitions.requests),
    key: viewer,
    value,
  };
}

/** What was answered before: by this process, which may not have been able to tell the store, else by any. */
function keptAnswer(key: string | null, entry: Entry | null, { answers }: ServingParts): KeptAnswer | null {
  const own = key === null ? null : answers.recall(key);
  return own ?? (entry?.bytes ? decodeAnswer(entry.bytes) : null);
}

/** The answer that came first, and whether it is sure that nobody will ever be given ours. */
interface First {
  readonly answer: KeptAnswer;
  readonly oursIsGone: boolean;
}

/** Null: ours is kept, if only in this process. `unkept`: nobody knows whether it is; told unless that is so `again`. */
async function keep(
  key: string,
  absent: Entry | null,
  answer: KeptAnswer,
  parts: ServingParts,
  again: boolean,
): Promise<First | 'unkept' | null> {
  const bytes = encodeAnswer(answer);
  if (absent === null) return keepHere(key, bytes, true, parts);
  try {
    const first = await keepAnswer(parts.gate, key, absent, bytes);
    parts.answers.remember(key, first ?? bytes);
    return first && { answer: decodeAnswer(first), oursIsGone: true };
  } catch (error) {
    if (!isAway(error)) throw error;
    parts.metrics.engineFailures.inc({ engine: 'answers', code: error.code });
    return again ? keepHere(key, bytes, false, parts) : 'unkept';
  }
}

function keepHere(key: string, ours: Buffer, oursIsGone: boolean, { answers }: ServingParts): First | null {
  const first = answers.recall(key);
  if (first) return { answer: first, oursIsGone };
  answers.remember(key, ours);
  return null;
}

/** The same answer again; its record is appended again too, in case the first one never arrived. */
async function repeat(asked: Asked, kept: KeptAnswer, parts: ServingParts): Promise<Served> {
  checkBody(kept.bodyHash, hashBody(asked.body), parts.metrics);
  try {
    await parts.journal.append('ad-requests', [kept.record], 'requests');
  } catch (error) {
    if (!isAway(error)) throw error;
    return unlogged(asked, parts);
  }
  parts.metrics.requests.inc({ outcome: 'repeated' });
  return { draft: kept.draft, explain: null, repeated: true };
}

/** Nothing may be served that is not in the log: a valid pod without ads. */
function unlogged({ ask, warnings }: Asked, { metrics }: ServingParts): Served {
  metrics.logRefusals.inc();
  metrics.requests.inc({ outcome: 'log_unavailable' });
  return {
    draft: emptyDraft(ask.requestId, ask.rules.durationSeconds, 'log_unavailable', warnings),
    explain: null,
    repeated: false,
  };
}
