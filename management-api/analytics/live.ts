import { keys } from '../../engines/state-store/keys.ts';
import { decode, decodeBare } from '../../schemas/codec.ts';
import type { CampaignSignal, CampaignSums, MoneyRecord } from '../../schemas/records.ts';
import type { AnalyticsParts } from './parts.ts';

/**
 * How far a worker is, epoch ms: everything appended to the topic before is in its effects. A partition whose end is
 * applied is as fresh as the question; of one that lags, the watermark says it. Null: a partition was never applied.
 */
export async function appliedUpTo(
  group: string,
  topic: string,
  analytics: AnalyticsParts,
  now: number,
): Promise<number | null> {
  const asked = now - analytics.logClockMarginMs;
  const each = (await headsOf(group, topic, analytics)).map(({ end, position, watermark }) => {
    if (position >= end) return asked;
    return watermark === 0 ? null : watermark;
  });
  return each.reduce<number | null>((low, at) => (low === null || at === null ? null : Math.min(low, at)), asked);
}

/** How many records of the topic the group has not applied yet. */
export async function lagOf(group: string, topic: string, analytics: AnalyticsParts): Promise<number> {
  const heads = await headsOf(group, topic, analytics);
  return heads.reduce((total, { end, position }) => total + Math.max(0, end - position), 0);
}

async function headsOf(group: string, topic: string, { store, log }: AnalyticsParts) {
  const ends = await log.ends(topic);
  const entries = await store.read(ends.map((_, partition) => keys.head(group, topic, partition)));
  return ends.map((end, partition) => {
    const bytes = entries[partition]?.bytes;
    const { position, watermark } = bytes ? decodeBare('head-record', bytes) : { position: 0, watermark: 0 };
    return { end, position, watermark };
  });
}

/** What the pacing worker has counted of one campaign: everything it ever billed, and all events of the minutes still open. */
export interface Live {
  readonly impressions: number;
  readonly spend_micros: number;
  /** By day of the campaign's zone, closed and open minutes; money belongs to the decision's minute. */
  spentOn(day: string): number;
  /** Decision minutes that are not closed, so about the last quarter of an hour. */
  readonly open: Omit<CampaignSums, 'campaign'>;
  readonly pacing: CampaignSignal | null;
  readonly score: CampaignSignal | null;
}

/** One read for the lists of open minutes, one for all else. `dayOf`: the day of a decision minute in the campaign's zone. */
export async function readLive(
  ids: readonly string[],
  { store, log }: AnalyticsParts,
  dayOf: (campaign: string, minute: number) => string,
): Promise<ReadonlyMap<string, Live>> {
  const partitions = await log.partitions('ad-beacons');
  const lists = await store.read(Array.from({ length: partitions }, (_, p) => keys.openMinutes(p)));
  const open = lists.flatMap(({ bytes }, partition) =>
    (bytes ? decodeBare('open-minutes-record', bytes).minutes : []).map((minute) => ({ partition, minute })),
  );
  const [money, pacing, score, sums] = await Promise.all([
    store.read(ids.map(keys.money)),
    store.read(ids.map((id) => keys.signal('PACING', id))),
    store.read(ids.map((id) => keys.signal('SCORE', id))),
    store.read(open.map(({ partition, minute }) => keys.sums(partition, minute))),
  ]);
  const ofCampaign = new Map(ids.map((id): [string, OfMinute[]] => [id, []]));
  for (const [index, { minute }] of open.entries()) {
    const bytes = sums[index]?.bytes;
    for (const one of bytes ? decodeBare('sums-record', bytes).campaigns : []) {
      ofCampaign.get(one.campaign)?.push({ minute, one });
    }
  }
  return new Map(
    ids.map((id, index) => {
      const bytes = money[index]?.bytes;
      const record = bytes ? decodeBare('money-record', bytes) : null;
      const own = (ofCampaign.get(id) ?? []).filter(({ minute }) => minute > (record?.closed_up_to ?? 0));
      const signals = { pacing: signalOf(pacing[index]?.bytes), score: signalOf(score[index]?.bytes) };
      return [id, { ...liveOf(record, own, (minute) => dayOf(id, minute)), ...signals }];
    }),
  );
}

function signalOf(bytes: Buffer | null | undefined): CampaignSignal | null {
  if (!bytes) return null;
  const { signal } = decodeBare('signal-state-record', bytes);
  const decoded = decode(signal);
  return decoded.name === 'campaign-signal' ? decoded.value : null;
}

type OfMinute = { readonly minute: number; readonly one: CampaignSums };

function liveOf(
  record: MoneyRecord | null,
  own: readonly OfMinute[],
  dayOf: (minute: number) => string,
): Omit<Live, 'pacing' | 'score'> {
  const sum = (of: (sums: CampaignSums) => number) => own.reduce((total, { one }) => total + of(one), 0);
  const open = {
    billed_micros: sum((one) => one.billed_micros),
    impressions: sum((one) => one.impressions),
    starts: sum((one) => one.starts),
    completes: sum((one) => one.completes),
    clicks: sum((one) => one.clicks),
    errors: sum((one) => one.errors),
  };
  return {
    impressions: (record?.billed_impressions ?? 0) + open.impressions,
    spend_micros: (record?.billed_micros ?? 0) + open.billed_micros,
    open,
    spentOn: (day) =>
      (record?.days.find((one) => one.day === day)?.micros ?? 0) +
      own.reduce((total, { minute, one }) => (dayOf(minute) === day ? total + one.billed_micros : total), 0),
  };
}
