import { type Course, differenceInDifferences } from '../../domain/optimisation/effect.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';
import { evidenceMs } from './evidence.ts';
import { seconds } from './figures.ts';
import type { RunItem, RunRow } from './runs.ts';

/** What a kind of change did, against campaigns that were held out. */
export interface MeasuredEffect {
  readonly kind: string;
  readonly measure: string;
  readonly treated: number;
  readonly held_out: number;
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const measures = {
  completion_rate: 'completes / starts',
  impressions_per_day: 'impressions / days',
  spend_micros_per_day: 'micros / days',
} as const;

/** Each kind's effect since the run: how much more its campaigns changed than the held-out ones did. */
export async function measureRun(run: RunRow, parts: ManagementParts, now: number): Promise<readonly MeasuredEffect[]> {
  const looked = run.items.filter(({ outcome }) => outcome === 'applied' || outcome === 'held_out');
  const ids = [...new Set(looked.map(({ campaign_id }) => campaign_id))];
  if (ids.length === 0) return [];
  const until = run.reverted_at?.getTime() ?? now;
  const at = run.at.getTime();
  const rows = await rowsOf<Record<'campaign' | 'later' | 'impressions' | 'starts' | 'completes' | 'micros', string>>(
    parts,
    `SELECT campaign, minute >= toDateTime({at:UInt32}, 'UTC') AS later, sum(d.impressions) AS impressions,
       sum(d.starts) AS starts, sum(d.completes) AS completes, sum(d.spend_micros) AS micros
     FROM breakwater.delivery_minutes AS d FINAL
     WHERE campaign IN {ids:Array(UUID)} AND minute >= toDateTime({since:UInt32}, 'UTC') AND minute < toDateTime({until:UInt32}, 'UTC')
     GROUP BY campaign, later`,
    { ids, at: seconds(at), since: seconds(at - evidenceMs), until: seconds(until) },
  );
  const courseOf = (id: string, measure: RunItem['effect']['measure']): Course => {
    const of = (later: boolean): number | null => {
      const row = rows.find(
        (one) => one.campaign === id && (Number(one.later) === 1 || one.later === 'true') === later,
      );
      if (row === undefined) return null;
      const days = (later ? until - at : evidenceMs) / 86_400_000;
      if (measure === 'completion_rate')
        return Number(row.starts) === 0 ? null : Number(row.completes) / Number(row.starts);
      return (measure === 'spend_micros_per_day' ? Number(row.micros) : Number(row.impressions)) / days;
    };
    return { before: of(false), after: of(true) };
  };
  return [...Map.groupBy(looked, ({ kind }) => kind)].map(([kind, items]): MeasuredEffect => {
    const wanted = items[0]?.effect.measure ?? 'impressions_per_day';
    const measure = wanted === 'probability_of_full_delivery' ? 'impressions_per_day' : wanted;
    const courses = (outcome: string) =>
      items.flatMap((item) => (item.outcome === outcome ? [courseOf(item.campaign_id, measure)] : []));
    const seen = differenceInDifferences(courses('applied'), courses('held_out'));
    return {
      kind,
      measure: `${measure}: ${measures[measure]}`,
      treated: courses('applied').length,
      held_out: courses('held_out').length,
      difference: seen?.expected ?? null,
      low: seen?.low ?? null,
      high: seen?.high ?? null,
    };
  });
}
