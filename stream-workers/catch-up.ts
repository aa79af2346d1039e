import { STREAM_KEPT_MS } from '../domain/separation-stream.ts';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import type { EventLog, TopicPartition } from '../engines/event-log/event-log.ts';
import { MARKED_TOPIC } from '../engines/journal/marks.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import type { AdRequest, Identity, ServedAd } from '../schemas/records.ts';
import { tokenLifeMs } from './first-sight.ts';
import { isCaughtUp, moveHead, readHeads, readHeadsIfAny } from './heads.ts';
import { type Journals, readJournals, unsure } from './journals.ts';
import { offsetBefore } from './marks.ts';
import type { Worker } from './worker.ts';

const MINUTE_MS = 60_000;

/** More than any store loses at once: what had not reached its disk or its replica. */
const LOSS_MS = 60_000;

/**
 * A decision of an instance without a journal, which took its places before the store forgot, is in the log after this time, or
 * nobody was served. Journals say themselves when all of theirs are there: see `unsure`.
 */
export const IN_FLIGHT_MS = 5_000;

/** Where a partition stands with the stores. */
export interface Standing {
  readonly position: number;
  readonly watermark: number;
  /** What effects may be written to; null: any. */
  readonly stores: readonly string[] | null;
  /** What must be applied before the partition has caught up; null: it has. */
  readonly catchUp: { readonly since: number; readonly position: number; readonly watermark: number } | null;
  /** Of a partition of requests: whose decisions may still come. */
  readonly journals: Journals;
}

type Engines = {
  readonly store: StateStore;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly config: Config;
};

/**
 * From where a partition goes on. A worker without a fence: from its head. With one, while the head knows all stores:
 * likewise. Else a store has forgotten: one token life before the head, or from the beginning where the group lost a head.
 */
export async function standingOf(worker: Worker, at: TopicPartition, engines: Engines): Promise<Standing> {
  const { store, log, clock, config } = engines;
  const stores = worker.fence ? await store.stores() : null;
  const [head = null] = await readHeadsIfAny(store, worker.name, [at]);
  const isMarked = worker.fence !== null && at.topic === MARKED_TOPIC;
  const journals = isMarked ? await readJournals(store, worker.name, at.partition) : [];
  const known = { position: head?.position ?? 0, watermark: head?.watermark ?? 0, stores, journals };
  if (stores === null || isCaughtUp(head, stores)) return { ...known, catchUp: null };
  const ends = await log.ends(at.topic);
  const isNew = head === null && (ends[at.partition] ?? 0) === 0 && (await othersCaughtUp(worker, engines, stores));
  if (isNew) {
    // Nobody could forget anything yet. Saying so at once lets deciders begin, or use a partition that was added.
    const empty = { position: 0, watermark: 0, stores, caughtUp: true };
    await moveHead(store, worker.name, at, 0, empty);
    return { ...known, catchUp: null };
  }
  const since = clock.now();
  const wiped = head === null || (await lostAHead(worker, engines));
  const from = head?.watermark ?? 0;
  const spanMs = reappliedMs(await tokenLifeMs({ store, config }));
  const position = wiped ? 0 : await offsetBefore(store, worker.name, at, from - spanMs);
  const settledAt = at.topic === MARKED_TOPIC ? since + IN_FLIGHT_MS : 0;
  return { ...known, position, catchUp: { since, position: ends[at.partition] ?? 0, watermark: settledAt } };
}

/** How far before a head its effects may be missing: the longest tokens of a whole minute, and what a store loses at once. */
export function reappliedMs(longestLifeMs: number): number {
  return longestLifeMs + MINUTE_MS + LOSS_MS;
}

/** Whether a place or money of a decision that expires then can still matter to a catch-up that began at `since`. */
export function mayStillCount(expiresAt: number, since: number, { logClockMarginMs }: Config): boolean {
  return expiresAt >= since - logClockMarginMs - LOSS_MS;
}

/** The same for a place under an identity: in a stream, what ran out unseen keeps competitors away for a day. */
export function mayStillStand({ scope }: Identity, expiresAt: number, since: number, config: Config): boolean {
  return mayStillCount(scope === 'stream' ? expiresAt + STREAM_KEPT_MS : expiresAt, since, config);
}

/** Everything that a decision took places and money for: the pod's ads and those beside it. */
export function takenBy({ ads, backups }: AdRequest): readonly ServedAd[] {
  return backups.length === 0 ? ads : [...ads, ...backups];
}

/** All partitions that hold anything are caught up: where there are none, the log is new. */
async function othersCaughtUp(worker: Worker, { store, log }: Engines, stores: readonly string[]): Promise<boolean> {
  for (const topic of worker.reads) {
    const ends = await log.ends(topic);
    const used = ends.flatMap((end, partition) => (end > 0 ? [{ topic, partition }] : []));
    const heads = await readHeadsIfAny(store, worker.name, used);
    if (!heads.every((known) => isCaughtUp(known, stores))) return false;
  }
  return true;
}

/** A partition that has records and no head: a store came back without anything, not only without its last moments. */
async function lostAHead(worker: Worker, { store, log }: Engines): Promise<boolean> {
  for (const topic of worker.reads) {
    const ends = await log.ends(topic);
    const used = ends.flatMap((end, partition) => (end > 0 ? [{ topic, partition }] : []));
    const heads = await readHeadsIfAny(store, worker.name, used);
    if (heads.includes(null)) return true;
  }
  return false;
}

/** The standing after everything before `position` was applied. `over`: no token of a decision from before can still be paid. */
export function advanced(
  standing: Standing,
  position: number,
  watermark: number,
  journals: Journals,
  over: boolean,
): Standing {
  const { catchUp, stores } = standing;
  const sure = over || unsure(journals, stores ?? []).length === 0;
  // Who has a journal says so; without any the log has to be given the time that a decision takes.
  const landed = journals.length > 0 || watermark >= (catchUp?.watermark ?? 0);
  const done = catchUp === null || (position >= catchUp.position && landed && sure);
  return { position, watermark, stores, catchUp: done ? null : catchUp, journals };
}

/**
 * Whether every token from before the catch-up has ended, and all that came in time is applied: what a lost journal held then can
 * neither be billed nor fill a cap any more. `watermark`: of the partition's requests.
 */
export async function tokensAreOver(
  group: string,
  partition: number,
  { catchUp }: Standing,
  watermark: number,
  { store, config }: Pick<Engines, 'store' | 'config'>,
): Promise<boolean> {
  if (catchUp === null) return false;
  const lastToken = catchUp.since + MINUTE_MS + (await tokenLifeMs({ store, config }));
  if (watermark <= lastToken) return false;
  const [beacons] = await readHeads(store, group, [{ topic: 'ad-beacons', partition }]);
  return (beacons?.watermark ?? 0) > lastToken;
}

/** One of the stores of today is unknown to a partition that minds. */
export function isOutdated({ stores }: Standing, today: readonly string[]): boolean {
  return stores !== null && !today.every((id) => stores.includes(id));
}
