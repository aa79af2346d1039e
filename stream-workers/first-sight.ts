import { type Judgement, judge, mayClaim, outcomeOf } from '../domain/first-sight.ts';
import { EngineError } from '../engines/errors.ts';
import { BROOM_MS, decodeTokenLife, keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { AdBeacon } from '../schemas/records.ts';
import { isCaughtUp, readHeads } from './heads.ts';
import { update } from './swap.ts';
import type { Batch, Beat, BeatContext, Context } from './worker.ts';

/** A beacon with how it counts. */
export interface Judged {
  readonly offset: number;
  readonly appendedAt: number;
  readonly beacon: AdBeacon;
  readonly judgement: Judgement;
}

const BEACONS = 'ad-beacons';

/** Claims buckets of one group: what is first, and when a bucket can go. `fenced`: its worker has a fence. */
export interface FirstSight {
  /**
   * Judges the beacons that `wanted` picks, claiming their ids. Late and invalid ones claim nothing: they can bill nothing.
   * Rejects with EngineError `lease_lost` when another member has applied the batch.
   */
  judge(batch: Batch, context: Context, wanted?: (beacon: AdBeacon) => boolean): Promise<readonly Judged[]>;
  /** Drops buckets whose last token the group's watermark has passed: no replay can ask for them again. */
  readonly sweep: Beat;
}

export function createFirstSight(group: string, { fenced }: { readonly fenced: boolean }): FirstSight {
  /** Partition -> minutes that this process knows to be listed. */
  const listed = new Map<number, Set<number>>();

  async function claimMinute(batch: Batch, context: Context, minute: number, claims: readonly [string, number][]) {
    const known = listed.get(batch.partition) ?? new Set();
    listed.set(batch.partition, known);
    // Minutes that were struck long ago come again when a store forgot.
    const isListed = known.has(minute) && context.catchingUpSince === null;
    if (!isListed) await noteClaimed(context.store, group, batch.partition, [minute], context.stores);
    known.add(minute);
    return context.store.claim(
      keys.claims(group, batch.partition, minute),
      claims.map(([id]) => id),
      claims.map(([, offset]) => offset),
      BROOM_MS,
      ...(context.stores ? [context.stores] : []),
    );
  }

  return {
    async judge(batch, context, wanted = () => true) {
      const beacons = beaconsOf(batch).filter(({ beacon }) => wanted(beacon));
      const holders = new Map<number, readonly number[]>();
      const onTime = beacons.filter(({ beacon, appendedAt }) => mayClaim(beacon, appendedAt));
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
      // What is applied again because a store forgot lies before the head by intention; its claims are not dropped meanwhile.
      if (onTime.length > 0 && context.catchingUpSince === null) await checkOwnTurn(group, batch, context.store);
      return beacons.map((one) => ({
        ...one,
        judgement: judge(one.beacon, one.appendedAt, one.offset, holders.get(one.offset) ?? [one.offset]),
      }));
    },
    sweep: {
      everyMs: 2000,
      run: (context) => dropPassed(group, fenced, listed, context),
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

/** Lists minutes whose buckets are about to be claimed in, so that whoever holds the partition then drops them. */
export async function noteClaimed(
  store: StateStore,
  group: string,
  partition: number,
  minutes: readonly number[],
  stores: readonly string[] | null,
): Promise<void> {
  const add = (bytes: Buffer | null) => {
    const known = listedMinutes(bytes);
    const fresh = minutes.filter((minute) => !known.includes(minute));
    return fresh.length === 0 ? null : encodeBare('open-minutes-record', { minutes: [...known, ...fresh] });
  };
  await update(store, new Map([[keys.claimed(group, partition), add]]), BROOM_MS, stores);
}

function listedMinutes(bytes: Buffer | null | undefined): readonly number[] {
  return bytes ? decodeBare('open-minutes-record', bytes).minutes : [];
}

async function dropPassed(
  group: string,
  fenced: boolean,
  known: Map<number, Set<number>>,
  context: BeatContext,
): Promise<void> {
  const held = context.assigned().filter(({ topic }) => topic === BEACONS);
  if (held.length === 0) return;
  const lists = await context.store.read(held.map(({ partition }) => keys.claimed(group, partition)));
  const stores = await context.store.stores();
  const heads = await readHeads(context.store, group, held);
  const lifeMs = await tokenLifeMs(context);
  for (const [index, { partition }] of held.entries()) {
    const head = heads[index] ?? null;
    // A partition that is applied again asks for claims of minutes that its head has passed long ago.
    if (fenced && !isCaughtUp(head, stores)) continue;
    const watermark = head?.watermark ?? 0;
    const passed = listedMinutes(lists[index]?.bytes).filter((minute) => watermark > lastExpiry(minute, lifeMs));
    if (passed.length === 0) continue;
    for (const minute of passed) {
      await context.store.drop(keys.claims(group, partition, minute));
      known.get(partition)?.delete(minute);
    }
    await strikeClaimed(context.store, group, partition, passed);
  }
}

/** After their buckets are gone: a death in between drops them once more. */
async function strikeClaimed(store: StateStore, group: string, partition: number, passed: readonly number[]) {
  const strike = (bytes: Buffer | null) => {
    const left = listedMinutes(bytes).filter((minute) => !passed.includes(minute));
    return bytes && encodeBare('open-minutes-record', { minutes: left });
  };
  await update(store, new Map([[keys.claimed(group, partition), strike]]), BROOM_MS);
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
