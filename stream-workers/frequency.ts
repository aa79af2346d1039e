import type { SeparationScope } from '../domain/campaign.ts';
import type { Place } from '../domain/frequency/frequency.ts';
import { apartOf, type StreamAd } from '../domain/separation-stream.ts';
import type { AdBeacon, AdRequest, ServedAd } from '../schemas/records.ts';
import { mayStillCount } from './catch-up.ts';
import { createFirstSight, type Judged } from './first-sight.ts';
import { type PlaceChange, PlaceChanges } from './frequency-changes.ts';
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
      const judged = await context.measure('claim', () => firstSight.judge(batch, context, claimsForFrequency));
      await context.measure('swap', () => applyChanges(judged, batch.partition, context));
      for (const { beacon, judgement } of judged) {
        if (judgement.decisive && !judgement.late) context.effect('window', beacon.received_at);
      }
      return outcomes(batch, judged);
    },
  };
}

/** Whether a beacon decides about places, and so claims its id here. */
export function claimsForFrequency({ identities, event }: AdBeacon): boolean {
  return identities.length > 0 && DECISIVE.has(event);
}

async function applyChanges(judged: readonly Judged[], partition: number, context: Context): Promise<void> {
  const changes = new PlaceChanges();
  for (const { beacon, appendedAt, judgement } of judged) {
    if (!judgement.decisive || judgement.late) continue;
    const change = changeOf(beacon, appendedAt, partition, isUnsaid(beacon, context));
    for (const identity of beacon.identities) changes.add(identity, change);
  }
  await changes.apply(context.store, context.stores);
}

/** Puts the places of requests back that a store forgot. Places that nobody confirms run out with their tokens. */
async function restorePlaces(batch: Batch, context: Context): Promise<readonly Outcome[]> {
  const since = context.catchingUpSince;
  const outcome = (restored: boolean): FrequencyOutcome => (restored ? 'restored' : 'passed_over');
  if (since === null) return batch.records.map(({ offset }) => ({ offset, outcome: outcome(false) }));
  const changes = new PlaceChanges();
  const outcomes = batch.records.map(({ offset, record, appendedAt }): Outcome => {
    if (record.name !== 'ad-request') return { offset, outcome: outcome(false) };
    const { ads } = record.value;
    const live = ads.filter((ad) => ad.capped_by.length > 0 && mayStillCount(ad.expires_at, since, context.config));
    for (const ad of live) {
      // Deciders spread both topics alike, so this also holds where partitions were added since.
      const change = restored(record.value, ad, batch.partition, appendedAt);
      for (const identity of ad.capped_by) changes.add(identity, change);
    }
    return { offset, outcome: outcome(live.length > 0) };
  });
  await context.measure('restore', () => changes.apply(context.store, context.stores));
  return outcomes;
}

/** While a store is caught up, a release may be met before its request, which would restore the place. */
function isUnsaid(beacon: AdBeacon, { catchingUpSince, config }: Context): boolean {
  return catchingUpSince !== null && mayStillCount(beacon.expires_at, catchingUpSince, config);
}

/** `unsaid`: the place need not be known to be released. */
function changeOf(beacon: AdBeacon, appendedAt: number, partition: number, unsaid: boolean): PlaceChange {
  const place = placeOf(beacon, partition);
  if (beacon.event === 'impression') return { kind: 'confirmed', place, appendedAt };
  return { kind: 'released', reservation: beacon.reservation, unsaid: unsaid ? place : null };
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

/** A served ad as its decider reserved it. `partition`: where its beacons go; `servedAt`: when its request was appended. */
export function restored(request: AdRequest, ad: ServedAd, partition: number, servedAt: number): PlaceChange {
  const place: Place = {
    reservation: ad.reservation,
    campaignId: ad.campaign,
    creativeId: ad.creative,
    partition,
    expiresAt: ad.expires_at,
  };
  return { kind: 'restored', ad: streamAd(request, ad, place), forLife: ad.for_life, servedAt };
}

function streamAd(request: AdRequest, ad: ServedAd, place: Place): StreamAd {
  const scope: SeparationScope = request.separation_scope === 'stream' ? 'stream' : 'pod';
  const { separation, min_separation_seconds } = request;
  return {
    place,
    advertiserId: ad.advertiser,
    categories: ad.categories,
    ancestors: ad.ancestors,
    apartSeconds: apartOf({ separation, minSeparationSeconds: min_separation_seconds, separationScope: scope }),
    at: {
      breakIndex: request.break_index,
      breakOffsetMs: request.break_offset_ms,
      startMs: ad.start_seconds * 1000,
      endMs: (ad.start_seconds + ad.duration_seconds) * 1000,
      podMs: request.filled_seconds * 1000,
    },
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
