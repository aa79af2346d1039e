import type { Campaign } from '../../domain/campaign.ts';
import { type BilledMinute, close, emptyMoney } from '../../domain/ledger.ts';
import { keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import type { Entry } from '../../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import { lastExpiry, tokenLifeMs } from '../first-sight.ts';
import { lowestWatermark } from '../heads.ts';
import { update } from '../swap.ts';
import type { BeatContext } from '../worker.ts';
import { forgetMinutes, type OpenSums, readOpenMinutes, readSums } from './sums.ts';

/** The last decision minute whose tokens have all expired at `watermark` (epoch ms). */
export function closableMinute(watermark: number, tokenLifeMs: number): number {
  const minute = Math.ceil((watermark - tokenLifeMs) / 60_000) - 2;
  return lastExpiry(minute, tokenLifeMs) < watermark ? minute : minute - 1;
}

/** The minute up to which everything is closed; 0 before the first. */
export function closedMinute(entry: Entry | undefined): number {
  return entry?.bytes ? Number(entry.bytes.readBigInt64BE()) : 0;
}

/**
 * Closes what the lowest watermark has passed: in every campaign what was billed replaces what was taken. The shared mark
 * moves last, so a death on the way repeats the round, and each record knows which minutes it has already.
 */
export async function closeMinutes(
  context: BeatContext,
  campaigns: ReadonlyMap<string, Campaign>,
  dayOf: (minute: number, campaign: Campaign | undefined) => string,
): Promise<number> {
  const partitions = await context.log.partitions('ad-beacons');
  const stores = await context.store.stores();
  const watermark = await lowestWatermark(context.store, stores, 'pacing', 'ad-beacons', partitions);
  const [mark] = await context.store.read([keys.closed]);
  const upTo = closableMinute(watermark, await tokenLifeMs(context));
  if (!mark || upTo < 1) return closedMinute(mark);

  const listed = await readOpenMinutes(context, partitions, stores);
  // A shard that forgot a closed minute has it listed again, though the shared mark has passed it.
  const listedAgain = listed.some((minutes) => minutes.some((minute) => minute <= upTo));
  if (upTo <= closedMinute(mark) && !listedAgain) return closedMinute(mark);
  const open = await readSums(context, listed, stores);
  const ids = new Set([...campaigns.keys(), ...[...open.values()].flatMap((sums) => [...sums.keys()])]);
  const changes = [...ids].map((id): [string, (bytes: Buffer | null) => Buffer | null] => [
    keys.money(id),
    (bytes) => {
      const record = bytes ? decodeBare('money-record', bytes) : emptyMoney();
      const billed = billedMinutes(open, id, (minute) => dayOf(minute, campaigns.get(id)));
      return record.closed_up_to >= upTo ? null : encodeBare('money-record', close(record, upTo, billed));
    },
  ]);
  await update(context.store, new Map(changes), MONEY_KEPT_MS, stores);

  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(upTo));
  const raise = (now: Buffer | null) => (isBelow(now, upTo) ? bytes : null);
  await update(context.store, new Map([[keys.closed, raise]]), MONEY_KEPT_MS, stores);
  await forgetMinutes(context, listed, upTo, stores);
  return Math.max(upTo, closedMinute(mark));
}

function isBelow(bytes: Buffer | null, minute: number): boolean {
  return bytes === null || Number(bytes.readBigInt64BE()) < minute;
}

function billedMinutes(open: OpenSums, campaignId: string, dayOf: (minute: number) => string): readonly BilledMinute[] {
  return [...open].flatMap(([minute, sums]) => {
    const own = sums.get(campaignId);
    return own ? [{ minute, day: dayOf(minute), micros: own.billed_micros, impressions: own.impressions }] : [];
  });
}
