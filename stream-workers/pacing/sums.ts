import { emptySums } from '../../domain/ledger.ts';
import { BROOM_MS, keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { CampaignSums, SumsRecord } from '../../schemas/records.ts';
import type { Judged } from '../first-sight.ts';
import { requireKnown, update } from '../swap.ts';
import type { Context } from '../worker.ts';

type Counted = Exclude<keyof CampaignSums, 'campaign' | 'billed_micros'>;

const counted: Readonly<Record<string, Counted>> = {
  impression: 'impressions',
  start: 'starts',
  complete: 'completes',
  click: 'clicks',
  error: 'errors',
};

/** Adds billable beacons to the sums of their decision minutes; `end` is the offset after the batch. */
export async function addToSums(
  judged: readonly Judged[],
  partition: number,
  end: number,
  context: Context,
): Promise<void> {
  const billable = judged.filter(({ judgement }) => judgement.billable);
  const minutes = Map.groupBy(billable, ({ beacon }) => beacon.minute);
  if (minutes.size === 0) return;
  await noteOpenMinutes(partition, [...minutes.keys()], context);
  const changes = [...minutes].map(([minute, ofMinute]): [string, (bytes: Buffer | null) => Buffer | null] => [
    keys.sums(partition, minute),
    (bytes) => {
      const record = bytes ? decodeBare('sums-record', bytes) : { position: 0, campaigns: [] };
      return record.position >= end ? null : encodeBare('sums-record', grow(record, ofMinute, end));
    },
  ]);
  await update(context.store, new Map(changes), BROOM_MS, context.stores);
}

/** Offsets below the record's position are in it already. */
function grow(record: SumsRecord, judged: readonly Judged[], end: number): SumsRecord {
  const campaigns = new Map(record.campaigns.map((sums) => [sums.campaign, sums]));
  for (const one of judged) {
    if (one.offset < record.position) continue;
    const { campaign } = one.beacon;
    campaigns.set(campaign, addTo(campaigns.get(campaign) ?? emptySums(campaign), one));
  }
  return { position: end, campaigns: [...campaigns.values()] };
}

/** The sums with one billable beacon more. */
export function addTo(sums: CampaignSums, { beacon, judgement }: Judged): CampaignSums {
  const count = counted[beacon.event];
  return {
    ...sums,
    billed_micros: sums.billed_micros + judgement.spend_micros,
    ...(count ? { [count]: sums[count] + 1 } : {}),
  };
}

/** Closing must find every minute that has sums, so the list is written before the sums are. */
export async function noteOpenMinutes(
  partition: number,
  minutes: readonly number[],
  context: Pick<Context, 'store' | 'stores'>,
): Promise<void> {
  await update(
    context.store,
    new Map([
      [
        keys.openMinutes(partition),
        (bytes) => {
          const known = bytes ? decodeBare('open-minutes-record', bytes).minutes : [];
          const fresh = minutes.filter((minute) => !known.includes(minute));
          if (fresh.length === 0) return null;
          return encodeBare('open-minutes-record', { minutes: [...known, ...fresh].sort((a, b) => a - b) });
        },
      ],
    ]),
    BROOM_MS,
    context.stores,
  );
}

/** Partition -> its minutes that have sums and are not closed yet. */
export type OpenMinutes = readonly (readonly number[])[];

/** Minute -> campaign -> sums, over all partitions. */
export type OpenSums = ReadonlyMap<number, ReadonlyMap<string, CampaignSums>>;

/** Only from `stores` (null: from all). */
export async function readOpenMinutes(
  context: Pick<Context, 'store'>,
  partitions: number,
  stores: readonly string[] | null = null,
): Promise<OpenMinutes> {
  const names = Array.from({ length: partitions }, (_, p) => keys.openMinutes(p));
  const lists = await readKnown(context.store, stores, names);
  return lists.map(({ bytes }) => (bytes ? decodeBare('open-minutes-record', bytes).minutes : []));
}

/** The sums of these minutes, likewise. */
export async function readSums(
  context: Pick<Context, 'store'>,
  listed: OpenMinutes,
  stores: readonly string[] | null = null,
): Promise<OpenSums> {
  const wanted = listed.flatMap((minutes, partition) => minutes.map((minute) => ({ partition, minute })));
  const names = wanted.map(({ partition, minute }) => keys.sums(partition, minute));
  const records = await readKnown(context.store, stores, names);
  const merged = new Map<number, Map<string, CampaignSums>>();
  for (const [index, { minute }] of wanted.entries()) {
    const bytes = records[index]?.bytes;
    const into = merged.get(minute) ?? new Map<string, CampaignSums>();
    merged.set(minute, into);
    for (const sums of bytes ? decodeBare('sums-record', bytes).campaigns : []) {
      into.set(sums.campaign, add(into.get(sums.campaign) ?? emptySums(sums.campaign), sums));
    }
  }
  return merged;
}

/** The sums of all minutes that are not closed yet. */
export async function readOpenSums(
  context: Pick<Context, 'store'>,
  partitions: number,
  stores: readonly string[] | null = null,
): Promise<OpenSums> {
  return await readSums(context, await readOpenMinutes(context, partitions, stores), stores);
}

/** Reads; an entry of another store: EngineError `store_lost_writes`. */
async function readKnown(store: StateStore, stores: readonly string[] | null, names: readonly string[]) {
  const entries = await store.read(names);
  for (const entry of entries) requireKnown(entry, stores);
  return entries;
}

function add(a: CampaignSums, b: CampaignSums): CampaignSums {
  return {
    campaign: a.campaign,
    billed_micros: a.billed_micros + b.billed_micros,
    impressions: a.impressions + b.impressions,
    starts: a.starts + b.starts,
    completes: a.completes + b.completes,
    clicks: a.clicks + b.clicks,
    errors: a.errors + b.errors,
  };
}

/** Takes minutes up to `closed` off the lists. */
export async function forgetMinutes(
  context: Pick<Context, 'store'>,
  listed: OpenMinutes,
  closed: number,
  stores: readonly string[],
): Promise<void> {
  const changes = listed.flatMap((minutes, partition): [string, (bytes: Buffer | null) => Buffer | null][] =>
    minutes.some((minute) => minute <= closed)
      ? [
          [
            keys.openMinutes(partition),
            (bytes) =>
              bytes &&
              encodeBare('open-minutes-record', {
                minutes: decodeBare('open-minutes-record', bytes).minutes.filter((minute) => minute > closed),
              }),
          ],
        ]
      : [],
  );
  await update(context.store, new Map(changes), BROOM_MS, stores);
}
