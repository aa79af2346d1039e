import { confirm, emptyFrequency, type Place, release } from '../domain/frequency/frequency.ts';
import { BROOM_MS, keys } from '../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { AdBeacon, FrequencyRecord } from '../schemas/records.ts';
import { createFirstSight, type Judged } from './first-sight.ts';
import { update } from './swap.ts';
import type { Batch, Context, Outcome, Worker } from './worker.ts';

type FrequencyOutcome = 'confirmed' | 'released' | 'lost_to_earlier' | 'late' | 'uncapped' | 'not_decisive' | 'tick';
type Change = (record: FrequencyRecord) => FrequencyRecord;

const DECISIVE: ReadonlySet<string> = new Set(['impression', 'notUsed', 'error']);

/** Turns outstanding places into confirmed or released ones, by the first decisive beacon of each reservation. */
export function frequencyWorker(): Worker {
  const firstSight = createFirstSight('frequency');
  return {
    name: 'frequency',
    reads: ['ad-beacons'],
    ticks: ['ad-beacons'],
    maxBatch: 500,
    beats: [firstSight.sweep],
    async handle(batch, context) {
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
  const changes = new Map<string, Change[]>();
  for (const { beacon, appendedAt, judgement } of judged) {
    if (!judgement.decisive || judgement.late) continue;
    const change = changeOf(beacon, appendedAt, partition);
    for (const { scope, hash } of beacon.identities) {
      const key = keys.frequency(scope, hash);
      const known = changes.get(key);
      if (known) known.push(change);
      else changes.set(key, [change]);
    }
  }
  const swaps = [...changes].map(([key, ofKey]): [string, (bytes: Buffer | null) => Buffer] => [
    key,
    (bytes) => {
      const record = bytes ? decodeBare('frequency-record', bytes) : emptyFrequency();
      return encodeBare(
        'frequency-record',
        ofKey.reduce((current, change) => change(current), record),
      );
    },
  ]);
  await update(context.store, new Map(swaps), BROOM_MS);
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
