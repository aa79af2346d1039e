import { confirm, emptyFrequency, type Place, release, restore } from '../domain/frequency/frequency.ts';
import { BROOM_MS, keys } from '../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { AdBeacon, FrequencyRecord, Identity, ServedAd } from '../schemas/records.ts';
import { mayStillCount } from './catch-up.ts';
import { createFirstSight, type Judged } from './first-sight.ts';
import { update } from './swap.ts';
import type { Batch, Context, Outcome, Worker } from './worker.ts';

type FrequencyOutcome =
  | 'passed_over'
  | 'restored'
  | 'confirmed'
  | 'released'
  | 'lost_to_earlier'
  | 'late'
  | 'uncapped'
  | 'not_decisive'
  | 'tick';
type Change = (record: FrequencyRecord) => FrequencyRecord;
type Changes = Map<string, Change[]>;

const DECISIVE: ReadonlySet<string> = new Set(['impression', 'notUsed', 'error']);

/** Turns outstanding places into confirmed or released ones, by the first decisive beacon of each reservation. */
export function frequencyWorker(): Worker {
  const firstSight = createFirstSight('frequency', { fenced: true });
  return {
    name: 'frequency',
    // Requests are read for one thing only: they know the places that a store forgot.
    reads: ['ad-beacons', 'ad-requests'],
    ticks: ['ad-beacons'],
    maxBatch: 500,
    fence: { restored: async () => {} },
    beats: [firstSight.sweep],
    async handle(batch, context) {
      if (batch.topic === 'ad-requests') return restorePlaces(batch, context);
      const capped = (beacon: AdBeacon) => beacon.identities.length > 0 && DECISIVE.has(beacon.event);
      const judged = await context.measure('claim', () => firstSight.judge(batch, context, capped));
      await context.measure('swap', () => applyChanges(judged, batch.partition, context));
      for (const { beacon, judgement } of judged) {
        if (judgement.decisive && !judgement.late) context.effect('window', beacon.received_at);
      }
      return outcomes(batch, judged);
    },
  };
}

async function applyChanges(judged: readonly Judged[], partition: number, context: Context): Promise<void> {
  const changes: Changes = new Map();
  for (const { beacon, appendedAt, judgement } of judged) {
    if (!judgement.decisive || judgement.late) continue;
    const change = changeOf(beacon, appendedAt, partition);
    for (const identity of beacon.identities) addChange(changes, identity, change);
  }
  await swapAll(changes, context);
}

/** Puts the places of requests back that a store forgot. Places that nobody confirms run out with their tokens. */
async function restorePlaces(batch: Batch, context: Context): Promise<readonly Outcome[]> {
  const since = context.catchingUpSince;
  const outcome = (restored: boolean): FrequencyOutcome => (restored ? 'restored' : 'passed_over');
  if (since === null) return batch.records.map(({ offset }) => ({ offset, outcome: outcome(false) }));
  const changes: Changes = new Map();
  const outcomes = batch.records.map(({ offset, record }): Outcome => {
    if (record.name !== 'ad-request') return { offset, outcome: outcome(false) };
    const { ads } = record.value;
    const live = ads.filter((ad) => ad.capped_by.length > 0 && mayStillCount(ad.expires_at, since, context.config));
    for (const ad of live) {
      // Deciders spread both topics alike, so this also holds where partitions were added since.
      const place = restoredPlace(ad, batch.partition);
      for (const identity of ad.capped_by) addChange(changes, identity, (known) => restore(known, place));
    }
    return { offset, outcome: outcome(live.length > 0) };
  });
  await context.measure('restore', () => swapAll(changes, context));
  return outcomes;
}

function addChange(changes: Changes, { scope, hash }: Identity, change: Change): void {
  const key = keys.frequency(scope, hash);
  const known = changes.get(key);
  if (known) known.push(change);
  else changes.set(key, [change]);
}

async function swapAll(changes: Changes, context: Context): Promise<void> {
  const swaps = [...changes].map(([key, ofKey]): [string, (bytes: Buffer | null) => Buffer] => [
    key,
    (bytes) => {
      const record = bytes ? decodeBare('frequency-record', bytes) : emptyFrequency();
      const changed = ofKey.reduce((current, change) => change(current), record);
      return encodeBare('frequency-record', changed);
    },
  ]);
  await update(context.store, new Map(swaps), BROOM_MS, context.stores);
}

function changeOf(beacon: AdBeacon, appendedAt: number, partition: number): Change {
  if (beacon.event !== 'impression') return (record) => release(record, beacon.reservation);
  return (record) => confirm(record, placeOf(beacon, partition), appendedAt);
}

function placeOf(beacon: AdBeacon, partition: number): Place {
  return {
    reservation: beacon.reservation,
    campaignId: beacon.campaign,
    creativeId: beacon.creative,
    partition,
    expiresAt: beacon.expires_at,
  };
}

function restoredPlace(ad: ServedAd, partition: number): Place {
  return {
    reservation: ad.reservation,
    campaignId: ad.campaign,
    creativeId: ad.creative,
    partition,
    expiresAt: ad.expires_at,
  };
}

function outcomes(batch: Batch, judged: readonly Judged[]): readonly Outcome[] {
  const byOffset = new Map(judged.map((one) => [one.offset, one]));
  return batch.records.map(({ offset, record }) => ({
    offset,
    outcome: outcomeFor(record.name, record.value, byOffset.get(offset)),
  }));
}

function outcomeFor(name: string, value: unknown, judged: Judged | undefined): FrequencyOutcome {
  if (name !== 'ad-beacon') return 'tick';
  if (!judged) return (value as AdBeacon).identities.length === 0 ? 'uncapped' : 'not_decisive';
  if (judged.judgement.late) return 'late';
  if (!judged.judgement.decisive) return 'lost_to_earlier';
  return judged.beacon.event === 'impression' ? 'confirmed' : 'released';
}
