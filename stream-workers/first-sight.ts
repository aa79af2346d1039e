import { type Judgement, judge, outcomeOf } from '../domain/first-sight.ts';
import { EngineError } from '../engines/errors.ts';
import { BROOM_MS, decodeTokenLife, keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import type { AdBeacon } from '../schemas/records.ts';
import { readHeads } from './heads.ts';
import type { Batch, Beat, BeatContext, Context } from './worker.ts';

/** A beacon with how it counts. */
export interface Judged {
  readonly offset: number;
  readonly appendedAt: number;
  readonly beacon: AdBeacon;
  readonly judgement: Judgement;
}

const BEACONS = 'ad-beacons';

/** Claims buckets of one group: what is first, and when a bucket can go. */
export interface FirstSight {
  /**
   * Judges the beacons that `wanted` picks, claiming their ids. Late ones claim nothing: they can bill nothing.
   * Rejects with EngineError `lease_lost` when another member has applied the batch.
   */
  judge(batch: Batch, context: Context, wanted?: (beacon: AdBeacon) => boolean): Promise<readonly Judged[]>;
  /** Drops buckets whose last token the group's watermark has passed: no replay can ask for them again. */
  readonly sweep: Beat;
}

export function createFirstSight(group: string): FirstSight {
  const open = new Map<number, Set<number>>();

  async function claimMinute(batch: Batch, context: Context, minute: number, claims: readonly [string, number][]) {
    const minutes = open.get(batch.partition) ?? new Set();
    open.set(batch.partition, minutes.add(minute));
    return context.store.claim(
      keys.claims(group, batch.partition, minute),
      claims.map(([id]) => id),
      claims.map(([, offset]) => offset),
      BROOM_MS,
    );
  }

  return {
    async judge(batch, context, wanted = () => true) {
      const beacons = beaconsOf(batch).filter(({ beacon }) => wanted(beacon));
      const holders = new Map<number, readonly number[]>();
      const onTime = beacons.filter(({ beacon, appendedAt }) => appendedAt <= beacon.expires_at);
      for (const [minute, ofMinute] of Map.groupBy(onTime, ({ beacon }) => beacon.minute)) {
        const claims = ofMinute.flatMap(({ beacon, offset }) =>
          outcomeOf(beacon).map((id): [string, number] => [id, offset]),
        );
        const held = await claimMinute(batch, context, minute, claims);
        let next = 0;
        for (const { beacon, offset } of ofMinute) {
          const ids = outcomeOf(beacon).length;
          holders.set(offset, held.slice(next, next + ids));
          next += ids;
        }
      }
      if (onTime.length > 0) await checkOwnTurn(group, batch, context.store);
      return beacons.map((one) => ({
        ...one,
        judgement: judge(one.beacon, one.appendedAt, one.offset, holders.get(one.offset) ?? [one.offset]),
      }));
    },
    sweep: {
      everyMs: 2000,
      run: (context) => dropPassed(group, open, context),
    },
  };
}

/**
 * A member that slept while another went on may have claimed in a bucket that was dropped meanwhile: then everything looks
 * first. Buckets are dropped only after the head has passed them, so a head that has not moved proves the claims good.
 */
async function checkOwnTurn(group: string, batch: Batch, store: StateStore): Promise<void> {
  const [head] = await readHeads(store, group, [batch]);
  const [first] = batch.records;
  if (!head || !first || head.position <= first.offset) return;
  const detail = `the head of ${group} on ${batch.topic}/${batch.partition} is ${head.position}, past ${first.offset}`;
  throw new EngineError('lease_lost', detail);
}

async function dropPassed(group: string, open: Map<number, Set<number>>, context: BeatContext): Promise<void> {
  const held = context.assigned().filter(({ topic, partition }) => topic === BEACONS && open.has(partition));
  if (held.length === 0) return;
  const heads = await readHeads(context.store, group, held);
  const lifeMs = await tokenLifeMs(context);
  for (const [index, { partition }] of held.entries()) {
    const minutes = open.get(partition) ?? new Set();
    for (const minute of minutes) {
      if ((heads[index]?.watermark ?? 0) <= lastExpiry(minute, lifeMs)) continue;
      await context.store.drop(keys.claims(group, partition, minute));
      minutes.delete(minute);
    }
  }
}

/** The longest life that a token out there may have: this worker's setting need not be that of the instance that signed it. */
export async function tokenLifeMs({ store, config }: Pick<BeatContext, 'store' | 'config'>): Promise<number> {
  const [noted] = await store.read([keys.tokenLife]);
  return Math.max(config.tokenLifeMs, decodeTokenLife(noted?.bytes));
}

/** Epoch ms after which no beacon of a decision in this minute is on time. */
export function lastExpiry(minute: number, tokenLifeMs: number): number {
  return (minute + 1) * 60_000 + tokenLifeMs;
}

/** The beacons of a batch, ticks left out. */
export function beaconsOf(batch: Batch): readonly Omit<Judged, 'judgement'>[] {
  return batch.records.flatMap(({ record, offset, appendedAt }) =>
    record.name === 'ad-beacon' ? [{ offset, appendedAt, beacon: record.value }] : [],
  );
}
