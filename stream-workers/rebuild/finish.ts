import { BROOM_MS, decodeTokenLife, encodeTokenLife, keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import { noteClaimed } from '../first-sight.ts';
import { moveHead } from '../heads.ts';
import { keepJournals, unsure } from '../journals.ts';
import { update } from '../swap.ts';
import { type Reading, type RebuildEngines, watermarkOf } from './reading.ts';

const CLAIMS_AT_ONCE = 1_000;

/** What was written beside the records. */
export interface Finished {
  /** Ids claimed for first sight in minutes whose tokens may still come. */
  readonly claims: number;
  /** Of them, held by another offset than the log says. */
  readonly claimsThatDiffer: number;
  /** Heads that now say the group is done. */
  readonly heads: number;
}

/**
 * Makes a store that forgot believed again, once its records are right: claims, the longest token life, heads last. Workers
 * that start from the heads go on as if nothing had been; those that are catching up meanwhile do the same work twice.
 */
export async function finish(engines: RebuildEngines, reading: Reading): Promise<Finished> {
  if (reading.believed || !engines.write) return { claims: 0, claimsThatDiffer: 0, heads: 0 };
  const claimed = await claimAll(engines, reading);
  await noteTokenLife(engines, reading);
  return { ...claimed, heads: await moveHeads(engines, reading) };
}

async function claimAll({ store, config, progress }: RebuildEngines, reading: Reading) {
  const { group, stores } = reading;
  let claims = 0;
  let claimsThatDiffer = 0;
  for (const [partition, read] of reading.beacons.entries()) {
    progress.work('claims', partition, reading.beacons.length);
    const open = reading.claims[partition]?.open(watermarkOf(read, config)) ?? new Map();
    await noteClaimed(store, group, partition, [...open.keys()], stores);
    for (const [minute, bucket] of open) {
      const wanted = [...bucket];
      for (let from = 0; from < wanted.length; from += CLAIMS_AT_ONCE) {
        const some = wanted.slice(from, from + CLAIMS_AT_ONCE);
        const ids = some.map(([id]) => id);
        const offsets = some.map(([, offset]) => offset);
        const held = await store.claim(keys.claims(group, partition, minute), ids, offsets, BROOM_MS, stores);
        claims += held.length;
        claimsThatDiffer += held.filter((offset, at) => offset !== offsets[at]).length;
      }
    }
  }
  return { claims, claimsThatDiffer };
}

async function noteTokenLife({ store }: RebuildEngines, { lifeMs, stores }: Reading): Promise<void> {
  const raise = (bytes: Buffer | null) => (decodeTokenLife(bytes) >= lifeMs ? null : encodeTokenLife(lifeMs));
  await update(store, new Map([[keys.tokenLife, raise]]), MONEY_KEPT_MS, stores);
}

/** Where a journal may still hold decisions from before, workers go on waiting for it. */
async function moveHeads({ store, config }: RebuildEngines, reading: Reading): Promise<number> {
  const { group, stores, journals } = reading;
  let heads = 0;
  // Beacons last: money closes once all of their heads are there.
  for (const topic of ['ad-requests', 'ad-beacons'] as const) {
    const reads = topic === 'ad-requests' ? reading.requests : reading.beacons;
    for (const [partition, read] of reads.entries()) {
      const open = topic === 'ad-requests' ? (journals[partition] ?? []) : [];
      if (open.length > 0) await keepJournals(store, group, partition, open, stores);
      const caughtUp = unsure(open, stores).length === 0;
      const to = { position: read.position, watermark: watermarkOf(read, config), stores, caughtUp };
      await moveHead(store, group, { topic, partition }, 0, to);
      if (caughtUp) heads++;
    }
  }
  return heads;
}
