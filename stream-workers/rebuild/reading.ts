import type { Clock } from '../../engines/clock.ts';
import type { Config } from '../../engines/config.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import type { AdBeacon, AdRequest } from '../../schemas/records.ts';
import { IN_FLIGHT_MS, takenBy } from '../catch-up.ts';
import { type Judged, tokenLifeMs } from '../first-sight.ts';
import { isCaughtUp, readHeads, readHeadsIfAny } from '../heads.ts';
import { type Journals, withMarks } from '../journals.ts';
import type { WorkerRecord } from '../worker.ts';
import { OwnClaims } from './own-claims.ts';
import type { Progress } from './progress.ts';
import { type PartitionRead, readTopic } from './read-topic.ts';

/** Workers that are further behind than this are stopped or in trouble. */
const PASSED_MS = 15_000;
const LOOK_MS = 200;

/** What a rebuild is given. */
export interface RebuildEngines {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly store: StateStore;
  readonly progress: Progress;
  /** False: only say what differs. */
  readonly write: boolean;
}

export type RebuiltGroup = 'frequency' | 'pacing';

/** One ad request; when it was appended, epoch ms. */
export interface ReadRequest {
  readonly offset: number;
  readonly appendedAt: number;
  readonly request: AdRequest;
}

/** What becomes of the records, in batches of one partition; every request comes before the first beacon. */
export interface Takers {
  requests(partition: number, requests: readonly ReadRequest[]): void | Promise<void>;
  beacons(partition: number, judged: readonly Judged[]): void | Promise<void>;
  /** Which beacons claim first sight in this group. */
  wanted(beacon: AdBeacon): boolean;
}

/** What was read, and how the store stood before. */
export interface Reading {
  readonly group: RebuiltGroup;
  readonly requests: readonly PartitionRead[];
  readonly beacons: readonly PartitionRead[];
  readonly claims: readonly OwnClaims[];
  /** By partition of requests: the journals whose decisions may still come. */
  readonly journals: readonly Journals[];
  /** The longest life of any token: noted, configured or met in the log. */
  readonly lifeMs: number;
  /** The only stores that may be written to. */
  readonly stores: readonly string[];
  /** Deciders and workers believe the store: every head is there and knows it. */
  readonly believed: boolean;
}

/** Reads what a group reads, from the beginning: requests, then beacons, so that a place is known before its outcome. */
export async function readGroup(group: RebuiltGroup, engines: RebuildEngines, takers: Takers): Promise<Reading> {
  const { log, store, config, clock, progress } = engines;
  const stores = await store.stores();
  const believed = await isBelieved(group, engines, stores);
  // A decision that took its places before the store forgot is written down by then, or nobody was served.
  if (!believed) await clock.sleep(IN_FLIGHT_MS);
  let lifeMs = await tokenLifeMs({ store, config });
  const journals = Array.from({ length: await log.partitions('ad-requests') }, (): Journals => []);
  const requests = await readTopic({
    log,
    clock,
    progress,
    topic: 'ad-requests',
    take(partition, records) {
      const found = records.flatMap(requestOf);
      journals[partition] = withMarks(journals[partition] ?? [], records);
      for (const { request } of found) for (const ad of takenBy(request)) lifeMs = Math.max(lifeMs, lifeOf(ad));
      return takers.requests(partition, found);
    },
  });
  const claims = Array.from({ length: await log.partitions('ad-beacons') }, () => new OwnClaims(lifeMs));
  const beacons = await readTopic({
    log,
    clock,
    progress,
    topic: 'ad-beacons',
    take: (partition, records) =>
      takers.beacons(partition, claims[partition]?.judge(records, (beacon) => takers.wanted(beacon)) ?? []),
  });
  const reading = { group, requests, beacons, claims, journals, lifeMs, stores, believed };
  if (believed) await untilPassed(engines, reading);
  return reading;
}

/** Gives running workers the time to apply what was read: it would look as if records lacked it. */
async function untilPassed({ store, clock }: RebuildEngines, { group, requests, beacons }: Reading): Promise<void> {
  const topics = [
    ['ad-requests', requests],
    ['ad-beacons', beacons],
  ] as const;
  for (let waited = 0; waited < PASSED_MS; waited += LOOK_MS) {
    let behind = false;
    for (const [topic, reads] of topics) {
      const all = reads.map((_, partition) => ({ topic, partition }));
      const heads = await readHeads(store, group, all);
      behind ||= heads.some(({ position }, partition) => position < (reads[partition]?.position ?? 0));
    }
    if (!behind) return;
    await clock.sleep(LOOK_MS);
  }
}

/** Epoch ms up to which a partition of beacons is read, by the workers' reckoning. */
export function watermarkOf({ lastAt }: PartitionRead, { logClockMarginMs }: Config): number {
  return lastAt === 0 ? 0 : lastAt - logClockMarginMs;
}

async function isBelieved(group: RebuiltGroup, { store, log }: RebuildEngines, stores: readonly string[]) {
  for (const topic of ['ad-beacons', 'ad-requests']) {
    const partitions = await log.partitions(topic);
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const heads = await readHeadsIfAny(store, group, all);
    if (!heads.every((head) => isCaughtUp(head, stores))) return false;
  }
  const [noted] = await store.read([keys.tokenLife]);
  return noted?.bytes !== null;
}

function requestOf({ record, offset, appendedAt }: WorkerRecord): readonly ReadRequest[] {
  return record.name === 'ad-request' ? [{ request: record.value, offset, appendedAt }] : [];
}

function lifeOf({ minute, expires_at }: { readonly minute: number; readonly expires_at: number }): number {
  return expires_at - (minute + 1) * 60_000;
}
