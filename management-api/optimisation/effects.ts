import { type Course, differenceInDifferences } from '../../domain/optimisation/effect.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';
import { evidenceMs } from './evidence.ts';
import { seconds } from './figures.ts';
import { changedAgainAt, type RunItem, type RunRow } from './runs.ts';

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

const DAY_MS = 86_400_000;

const measures = {
  completion_rate: 'completes / starts',
  impressions_per_day: 'impressions / days',
  spend_micros_per_day: 'micros / days',
} as const;

/** Over what a run is measured. */
export interface Span {
  /** Epoch ms: when it was put back, or a later run changed one of its campaigns, or now. */
  readonly until: number;
  /** Campaign -> when its flight began. */
  readonly startsAt: ReadonlyMap<string, number>;
}

export async function spanOf(run: RunRow, sql: DeskTransaction, now: number): Promise<Span> {
  const ids = lookedAt(run);
  const ends = [now, run.reverted_at?.getTime() ?? now, (await changedAgainAt(sql, run, ids)) ?? now];
  const campaigns = await sql.campaigns(ids);
  return { until: Math.min(...ends), startsAt: new Map(campaigns.map(({ id, startsAt }) => [id, startsAt])) };
}

/** Each kind's effect over the span: how much more its campaigns changed than the held-out ones did. */
export async function measureRun(run: RunRow, span: Span, parts: ManagementParts): Promise<readonly MeasuredEffect[]> {
  const looked = run.items.filter(isLookedAt);
  const ids = lookedAt(run);
  if (ids.length === 0) return [];
  const at = run.at.getTime();
  const { before, after } = await readSides(parts, ids, at, span.until);
  const courseOf = (id: string, measure: RunItem['effect']['measure']): Course => {
    const since = Math.max(at - evidenceMs, span.startsAt.get(id) ?? 0);
    return {
      before: rateOver(before.get(id), measure, at - since),
      after: rateOver(after.get(id), measure, span.until - at),
    };
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

function isLookedAt({ outcome }: RunItem): boolean {
  return outcome === 'applied' || outcome === 'held_out';
}

function lookedAt(run: RunRow): readonly string[] {
  return [...new Set(run.items.filter(isLookedAt).map(({ campaign_id }) => campaign_id))];
}

interface Sums {
  readonly impressions: number;
  readonly starts: number;
  readonly completes: number;
  readonly micros: number;
}

/** Campaign -> what it delivered in the week before `at`, and from then until `until`. */
async function readSides(parts: ManagementParts, ids: readonly string[], at: number, until: number) {
  const rows = await rowsOf<Record<'campaign' | 'later' | keyof Sums, string>>(
    parts,
    `SELECT campaign, toUInt8(minute >= toDateTime({at:UInt32}, 'UTC')) AS later, sum(d.impressions) AS impressions,
       sum(d.starts) AS starts, sum(d.completes) AS completes, sum(d.spend_micros) AS micros
     FROM breakwater.delivery_minutes AS d FINAL
     WHERE campaign IN {ids:Array(UUID)} AND minute >= toDateTime({since:UInt32}, 'UTC') AND minute < toDateTime({until:UInt32}, 'UTC')
     GROUP BY campaign, later`,
    { ids, at: seconds(at), since: seconds(at - evidenceMs), until: seconds(until) },
  );
  const side = (later: number): ReadonlyMap<string, Sums> =>
    new Map(
      rows
        .filter((row) => Number(row.later) === later)
        .map((row) => {
          const [impressions, starts] = [Number(row.impressions), Number(row.starts)];
          return [row.campaign, { impressions, starts, completes: Number(row.completes), micros: Number(row.micros) }];
        }),
    );
  return { before: side(0), after: side(1) };
}

/** Of a campaign that delivered nothing nobody knows what would have been finished, but a day's delivery is 0. */
function rateOver(sums: Sums | undefined, measure: RunItem['effect']['measure'], spanMs: number): number | null {
  if (measure === 'completion_rate') return sums && sums.starts > 0 ? sums.completes / sums.starts : null;
  if (spanMs <= 0) return null;
  const amount = measure === 'spend_micros_per_day' ? sums?.micros : sums?.impressions;
  return ((amount ?? 0) / spanMs) * DAY_MS;
}
