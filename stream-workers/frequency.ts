import type { FrequencyCap, SeparationScope } from '../domain/campaign.ts';
import { cameAt } from '../domain/frequency/forget.ts';
import { countsForLife, type Place } from '../domain/frequency/frequency.ts';
import { countedMs, LONGEST_WINDOW_MS } from '../domain/frequency/kept.ts';
import { apartOf, STREAM_KEPT_MS, type StreamAd } from '../domain/separation-stream.ts';
import type { AdBeacon, AdRequest, Identity, ServedAd } from '../schemas/records.ts';
import { mayStillCount, mayStillStand, takenBy } from './catch-up.ts';
import { Erased } from './erased.ts';
import { createFirstSight, type Judged } from './first-sight.ts';
import { type Erasures, type PlaceChange, PlaceChanges } from './frequency-changes.ts';
import type { Batch, Context, Outcome, Worker } from './worker.ts';
import type { WorkerNeeds } from './workers.ts';

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

interface FrequencyNeeds extends Pick<WorkerNeeds, 'suppressions'> {
  readonly view: Pick<WorkerNeeds['view'], 'campaigns'>;
}

/**
 * Turns outstanding places into confirmed or released ones, by the first decisive beacon of each reservation. What a store forgot
 * is put back from the log, but for viewers who asked to be forgotten: the catalog knows them.
 */
export function frequencyWorker({ suppressions, view }: FrequencyNeeds): Worker {
  const firstSight = createFirstSight('frequency', { fenced: true });
  const erased = new Erased(suppressions);
  // A cap may have come since the place was given.
  const capsNow: CapsNow = (campaign) => view.campaigns.get(campaign)?.caps ?? [];
  return {
    name: 'frequency',
    // Requests are read for one thing only: they know the places that a store forgot.
    reads: ['ad-beacons', 'ad-requests'],
    ticks: ['ad-beacons'],
    maxBatch: 500,
    fence: { restored: (at, context) => erased.tellAgain(at, context) },
    beats: [firstSight.sweep],
    async handle(batch, context) {
      if (batch.topic === 'ad-requests') return restorePlaces(batch, context, await erased.known(context), capsNow);
      const judged = await context.measure('claim', () => firstSight.judge(batch, context, claimsForFrequency));
      const erasures = await erased.known(context);
      await context.measure('swap', () => applyChanges(judged, batch.partition, context, erasures, capsNow));
      for (const { beacon, judgement } of judged) {
        if (judgement.decisive && !judgement.late) context.effect('window', beacon.received_at);
      }
      return outcomes(batch, judged);
    },
  };
}

type CapsNow = (campaign: string) => readonly FrequencyCap[];

/** Whether a beacon decides about places, and so claims its id here. */
export function claimsForFrequency({ identities, event }: AdBeacon): boolean {
  return identities.length > 0 && DECISIVE.has(event);
}

async function applyChanges(
  judged: readonly Judged[],
  partition: number,
  context: Context,
  erasures: Erasures | null,
  capsNow: CapsNow,
): Promise<void> {
  const changes = new PlaceChanges();
  for (const { beacon, appendedAt, judgement } of judged) {
    if (!judgement.decisive || judgement.late) continue;
    for (const identity of beacon.identities) {
      if (isForgotten(identity, appendedAt, context)) continue;
      changes.add(identity, changeOf({ beacon, appendedAt }, identity, partition, context, capsNow));
    }
  }
  await changes.apply(context.store, context.stores, erasures);
}

/** Puts the places of requests back that a store forgot. Places that nobody confirms run out with their tokens. */
async function restorePlaces(
  batch: Batch,
  context: Context,
  erasures: Erasures | null,
  capsNow: CapsNow,
): Promise<readonly Outcome[]> {
  const since = context.catchingUpSince;
  const outcome = (restored: boolean): FrequencyOutcome => (restored ? 'restored' : 'passed_over');
  if (since === null) return batch.records.map(({ offset }) => ({ offset, outcome: outcome(false) }));
  const changes = new PlaceChanges();
  const outcomes = batch.records.map(({ offset, record, appendedAt }): Outcome => {
    if (record.name !== 'ad-request') return { offset, outcome: outcome(false) };
    let live = false;
    for (const ad of takenBy(record.value)) {
      for (const identity of ad.capped_by) {
        // Whether a view counts for life is known from its request alone, however old it is.
        const forLife = ad.for_life && identity.scope !== 'stream';
        if (!forLife && !mayStillStand(identity, ad.expires_at, since, context.config)) continue;
        // Deciders spread both topics alike, so this also holds where partitions were added since.
        const keptMs = countedMs(capsNow(ad.campaign), identity.scope);
        const place = { ...placeOf(ad, batch.partition), keptMs };
        changes.add(identity, restored(record.value, ad, place, cameAt(appendedAt, record.value.received_at)));
        live = true;
      }
    }
    return { offset, outcome: outcome(live) };
  });
  await context.measure('restore', () => changes.apply(context.store, context.stores, erasures));
  return outcomes;
}

/** While a store is caught up, a release may be met before its request, which would restore the place. */
function isUnsaid(identity: Identity, beacon: AdBeacon, { catchingUpSince, config }: Context): boolean {
  return catchingUpSince !== null && mayStillStand(identity, beacon.expires_at, catchingUpSince, config);
}

/** While a store is caught up: so old that its stream has forgotten it. */
function isForgotten({ scope }: Identity, appendedAt: number, { catchingUpSince, config }: Context): boolean {
  if (scope !== 'stream' || catchingUpSince === null) return false;
  return !mayStillCount(appendedAt + STREAM_KEPT_MS, catchingUpSince, config);
}

/** What a decisive beacon changes in the record of one of its identities. */
function changeOf(
  { beacon, appendedAt }: Pick<Judged, 'beacon' | 'appendedAt'>,
  identity: Identity,
  partition: number,
  context: Context,
  capsNow: CapsNow,
): PlaceChange {
  const caps = capsNow(beacon.campaign);
  const place = { ...placeOf(beacon, partition), keptMs: countedMs(caps, identity.scope) };
  const seenAt = cameAt(appendedAt, beacon.received_at);
  if (beacon.event !== 'impression') {
    const unsaid = isUnsaid(identity, beacon, context) ? place : null;
    return { kind: 'released', reservation: beacon.reservation, unsaid, seenAt };
  }
  const forLife = countsForLife(caps, identity.scope, appendedAt);
  const mayBeInTotal = appendedAt < (context.catchingUpSince ?? 0) - LONGEST_WINDOW_MS;
  return { kind: 'confirmed', place, appendedAt, seenAt, forLife, mayBeInTotal };
}

/** The place of a served ad, or of the one that a beacon is about. */
export function placeOf(
  of: Pick<AdBeacon, 'reservation' | 'campaign' | 'creative' | 'expires_at'>,
  partition: number,
): Place {
  return {
    reservation: of.reservation,
    campaignId: of.campaign,
    creativeId: of.creative,
    partition,
    expiresAt: of.expires_at,
  };
}

/** A served ad as its decider reserved it. `servedAt`: when its request came, see `cameAt`. */
function restored(request: AdRequest, ad: ServedAd, place: Place, servedAt: number): PlaceChange {
  return { kind: 'restored', ad: streamAd(request, ad, place), forLife: ad.for_life, servedAt };
}

/** A served ad as it stands in its stream. */
export function streamAd(request: AdRequest, ad: ServedAd, place: Place): StreamAd {
  const isBackup = ad.position === 0;
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
      // A backup may play in the place of any.
      endMs: (isBackup ? request.filled_seconds : ad.start_seconds + ad.duration_seconds) * 1000,
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
