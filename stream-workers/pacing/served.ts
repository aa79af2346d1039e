import type { Campaign } from '../../domain/campaign.ts';
import { emptyMoney, emptySums, takeAtLeast } from '../../domain/ledger.ts';
import { dayOf } from '../../domain/zone.ts';
import { BROOM_MS, keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { CampaignSums, ServedAd, SumsRecord } from '../../schemas/records.ts';
import { mayStillCount, takenBy } from '../catch-up.ts';
import { FirstOfEach } from '../first-of-each.ts';
import { lastExpiry, tokenLifeMs } from '../first-sight.ts';
import { requireKnown, update } from '../swap.ts';
import type { Batch, Context } from '../worker.ts';
import { readOpenSums } from './sums.ts';

const MINUTE_MS = 60_000;

/** What was met of each partition since its store is caught up: in another go the log is read from another place. */
export class ServedPlaces {
  readonly #partitions = new Map<number, { readonly since: number; readonly firsts: FirstOfEach }>();

  /** `since`: append time from which the store is caught up; null: it is not. */
  of(partition: number, since: number | null): FirstOfEach {
    const known = this.#partitions.get(partition);
    if (known !== undefined && known.since === since) return known.firsts;
    const firsts = new FirstOfEach();
    if (since === null) this.#partitions.delete(partition);
    else this.#partitions.set(partition, { since, firsts });
    return firsts;
  }
}

/**
 * While a store is caught up: adds what requests served in minutes that may be open to the sums of their partition.
 * `billed_micros` holds the full price of each ad, `impressions` counts them.
 */
export async function addServed(batch: Batch, context: Context, places: ServedPlaces): Promise<void> {
  const since = context.catchingUpSince;
  const firsts = places.of(batch.partition, since);
  if (since === null) return;
  const end = (batch.records.at(-1)?.offset ?? -1) + 1;
  const served = batch.records.flatMap(({ offset, record }) =>
    record.name === 'ad-request' ? takenBy(record.value).map((ad) => ({ offset, ad })) : [],
  );
  // An exchange may want a place for a shorter time than the money of its minute is waited for.
  const lifeMs = await tokenLifeMs(context);
  const open = served.filter(
    ({ offset, ad }) =>
      mayStillCount(Math.max(ad.expires_at, lastExpiry(ad.minute, lifeMs)), since, context.config) &&
      firsts.isFirst(offset, ad),
  );
  const changes = [...Map.groupBy(open, ({ ad }) => ad.minute)].map(
    ([minute, ofMinute]): [string, (bytes: Buffer | null) => Buffer | null] => [
      keys.served(batch.partition, minute),
      (bytes) => {
        const record = bytes ? decodeBare('sums-record', bytes) : { position: 0, campaigns: [] };
        return record.position >= end ? null : encodeBare('sums-record', grow(record, ofMinute, end));
      },
    ],
  );
  await update(context.store, new Map(changes), BROOM_MS, context.stores);
}

/** Offsets below the record's position are in it already. */
function grow(
  record: SumsRecord,
  served: readonly { readonly offset: number; readonly ad: ServedAd }[],
  end: number,
): SumsRecord {
  const campaigns = new Map(record.campaigns.map((sums) => [sums.campaign, sums]));
  for (const { offset, ad } of served) {
    if (offset < record.position) continue;
    const sums = campaigns.get(ad.campaign) ?? emptySums(ad.campaign);
    const micros = pricedAt(ad);
    campaigns.set(ad.campaign, {
      ...sums,
      billed_micros: sums.billed_micros + micros,
      impressions: sums.impressions + 1,
    });
  }
  return { position: end, campaigns: [...campaigns.values()] };
}

/**
 * Takes for every campaign with a limit at least what was served in the minutes that are not closed, over all partitions
 * of requests, and at least what they billed: the requests of a lost journal are known by their beacons alone. The partition
 * that is restored last sees the sums of all of them.
 */
export async function takeServed(context: Context, campaigns: ReadonlyMap<string, Campaign>): Promise<void> {
  const since = context.catchingUpSince;
  if (since === null) return;
  const { logClockMarginMs } = context.config;
  const last = Math.floor((context.clock.now() + logClockMarginMs) / MINUTE_MS) + 1;
  const first = Math.floor((since - (await tokenLifeMs(context)) - logClockMarginMs) / MINUTE_MS) - 3;
  const minutes = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const partitions = await context.log.partitions('ad-requests');
  const served = await readServed(context, minutes, partitions);
  const billed = await readBilled(context);
  const all = [...served, ...billed].map(([id]) => id);
  const changes = [...new Set(all)].flatMap((id): [string, (bytes: Buffer | null) => Buffer | null][] => {
    const ofCampaign = [...(served.get(id) ?? []), ...(billed.get(id) ?? [])];
    const campaign = campaigns.get(id);
    if (!campaign || !isLimited(campaign)) return [];
    const change = (bytes: Buffer | null) => {
      const record = bytes ? decodeBare('money-record', bytes) : emptyMoney();
      const next = ofCampaign.reduce((current, { minute, micros, impressions }) => {
        const day = dayOf(minute * MINUTE_MS, campaign.timeZone);
        return takeAtLeast(current, { minute, day, micros, impressions });
      }, record);
      return next === record ? null : encodeBare('money-record', next);
    };
    return [[keys.money(id), change]];
  });
  await update(context.store, new Map(changes), MONEY_KEPT_MS, context.stores);
}

interface ServedMinute {
  readonly minute: number;
  readonly micros: number;
  readonly impressions: number;
}

/** Campaign -> what each open minute has billed, over all partitions. */
async function readBilled(context: Context): Promise<ReadonlyMap<string, readonly ServedMinute[]>> {
  const all = new Map<string, ServedMinute[]>();
  const minutes = await readOpenSums(context, await context.log.partitions('ad-beacons'), context.stores);
  for (const [minute, sums] of minutes) {
    for (const { campaign, billed_micros: micros, impressions } of sums.values()) {
      all.set(campaign, [...(all.get(campaign) ?? []), { minute, micros, impressions }]);
    }
  }
  return all;
}

/** Campaign -> what each minute served, over all partitions. */
async function readServed(
  context: Context,
  minutes: readonly number[],
  partitions: number,
): Promise<ReadonlyMap<string, readonly ServedMinute[]>> {
  const all = new Map<string, ServedMinute[]>();
  for (const minute of minutes) {
    const names = Array.from({ length: partitions }, (_, partition) => keys.served(partition, minute));
    const entries = await context.store.read(names);
    const sums = entries.flatMap((entry): readonly CampaignSums[] => {
      requireKnown(entry, context.stores);
      return entry.bytes ? decodeBare('sums-record', entry.bytes).campaigns : [];
    });
    for (const [id, own] of Map.groupBy(sums, ({ campaign }) => campaign)) {
      const micros = own.reduce((sum, one) => sum + one.billed_micros, 0);
      const impressions = own.reduce((sum, one) => sum + one.impressions, 0);
      all.set(id, [...(all.get(id) ?? []), { minute, micros, impressions }]);
    }
  }
  return all;
}

/** What is taken for an ad when it is served: its full price, whatever event bills it. */
export function pricedAt({ pricing_model, price_micros }: ServedAd): number {
  return pricing_model === 'flat' ? 0 : price_micros;
}

/** Money (or impressions) are taken for such campaigns only. */
export function isLimited(campaign: Campaign): boolean {
  return (
    campaign.totalBudgetMicros !== null || campaign.dailyBudgetMicros !== null || campaign.goalImpressions !== null
  );
}
