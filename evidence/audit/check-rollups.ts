import { differing } from './check-money.ts';
import type { Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, place, type Verdict } from './judge.ts';
import type { Grain, RollupRow } from './stored.ts';

const spanMs: Readonly<Record<Grain, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Event -> the measure that counts it where it is billable. */
const counted: Readonly<Record<string, string>> = {
  impression: 'impressions',
  start: 'starts',
  firstQuartile: 'first_quartiles',
  midpoint: 'midpoints',
  thirdQuartile: 'third_quartiles',
  complete: 'completes',
  click: 'clicks',
  skip: 'skips',
  error: 'errors',
};

/** Something that a roll-up sums: in which group, received when, and what it adds to each measure. */
interface Contribution {
  readonly group: string;
  readonly receivedAt: number;
  readonly adds: Readonly<Record<string, number>>;
}

/** Each roll-up, at each grain, is a recount of the log: every effect counted once. */
export function checkRollups(run: Pick<Run, 'log' | 'seed' | 'warehouse'>, verdicts: readonly Verdict[]): Fault[] {
  const contributions = { delivery: verdicts.map(ofBeacon), request: ofRequests(run) };
  return (['delivery', 'request'] as const).flatMap((kind) =>
    (['minute', 'hour', 'day'] as const).flatMap((grain) => {
      const rows = run.warehouse.rollups.filter((row) => row.kind === kind && row.grain === grain);
      return compare(`${kind} by ${grain}`, recount(contributions[kind], grain), stored(rows));
    }),
  );
}

type Sums = Map<string, Map<string, number>>;

function compare(what: string, expected: Sums, there: Sums): Fault[] {
  return [...new Set([...expected.keys(), ...there.keys()])].flatMap((measure) =>
    fault(
      measure === 'spend_micros' ? 'spend_rollup_differs' : 'rollup_differs',
      `${what}, ${measure}: recounted from the log, and in the roll-up`,
      differing(expected.get(measure) ?? new Map(), there.get(measure) ?? new Map()),
    ),
  );
}

function ofBeacon({ beacon, first, late, billable, spend }: Verdict): Contribution {
  const { campaign, received_at, event } = beacon.value;
  const measure = counted[event];
  return {
    group: campaign,
    receivedAt: received_at,
    adds: {
      duplicates: first ? 0 : 1,
      late: late ? 1 : 0,
      spend_micros: spend,
      ...(measure !== undefined && billable ? { [measure]: 1 } : {}),
    },
  };
}

function ofRequests({ log, seed }: Pick<Run, 'log' | 'seed'>): Contribution[] {
  const first = new Set([...firstRequests(log.requests).values()].map(place));
  return log.requests.map((record) => {
    const { ads, received_at, requested_seconds } = record.value;
    const seconds = (those: typeof ads) => those.reduce((sum, ad) => sum + ad.duration_seconds, 0);
    const paid = ads.filter(({ campaign }) => seed.get(campaign)?.tier !== 'house');
    const once = {
      requests: 1,
      filled: ads.length > 0 ? 1 : 0,
      ads: ads.length,
      requested_seconds,
      filled_seconds: seconds(ads),
      paid_seconds: seconds(paid),
    };
    return { group: '', receivedAt: received_at, adds: first.has(place(record)) ? once : { duplicates: 1 } };
  });
}

function recount(contributions: readonly Contribution[], grain: Grain): Sums {
  const sums: Sums = new Map();
  for (const { group, receivedAt, adds } of contributions) {
    const from = Math.floor(receivedAt / spanMs[grain]) * spanMs[grain];
    for (const [measure, amount] of Object.entries(adds)) add(sums, measure, keyOf(group, from), amount);
  }
  return sums;
}

function stored(rows: readonly RollupRow[]): Sums {
  const sums: Sums = new Map();
  for (const { group, from, sums: row } of rows) {
    for (const [measure, amount] of Object.entries(row)) add(sums, measure, keyOf(group, from), amount);
  }
  return sums;
}

function keyOf(group: string, from: number): string {
  return `${group} ${new Date(from).toISOString()}`.trim();
}

function add(sums: Sums, measure: string, key: string, amount: number): void {
  const of = sums.get(measure) ?? new Map<string, number>();
  sums.set(measure, of.set(key, (of.get(key) ?? 0) + amount));
}
