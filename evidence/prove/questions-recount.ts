import { fromWire } from '../audit/avro.ts';
import type { RawLog } from '../audit/read-log.ts';
import { type PlainBeacon, plainFacts } from './reports-facts.ts';

export type Answer = Record<string, string | number | null>[];

/** A conversion that the proof planted. */
export interface Planted {
  readonly viewer: string;
  /** The device's pseudonym. */
  readonly device: string;
  readonly advertiser: string;
  readonly at: number;
  readonly value: number;
}

interface Ad {
  readonly reservation: string;
  readonly advertiser: string;
  readonly position: number;
  readonly categories: readonly string[];
}

interface Request {
  readonly request_id: string;
  readonly received_at: number;
  readonly viewer: string;
  readonly separation: boolean;
  readonly min_separation_seconds: number | null;
  readonly allow_duplicate_advertisers: boolean;
  readonly no_fill_reason: string | null;
  /** Why it is invalid traffic. */
  readonly invalid: string | null;
  readonly fallouts: readonly { readonly reason: string; readonly campaigns: number }[];
  readonly timings_us: Readonly<Record<string, number>>;
  readonly experiments: readonly { readonly experiment: string; readonly arm: string }[];
  readonly ads: readonly Ad[];
  readonly backups: readonly Ad[];
}

type Seen = PlainBeacon & { readonly reservation: string };

/** The ten answers by walking over the log's records, in the order of docs/ten-questions.md; rows in no order. */
export function recountQuestions(log: RawLog, planted: readonly Planted[]): readonly Answer[] {
  const { beacons, requests: judged } = plainFacts(log, (at) => at);
  const values = log.records.flatMap((record) => {
    const read = fromWire(record.value);
    return read ? [{ name: read.name, value: read.value as Record<string, unknown> }] : [];
  });
  const all = values.filter(({ name }) => name === 'ad-request').map(({ value }) => value as unknown as Request);
  const requests = all.filter((_, index) => judged[index]?.duplicate === false);
  const asked = judged.filter(({ duplicate }) => !duplicate);
  const ofLog = values.filter(({ name }) => name === 'ad-beacon').map(({ value }) => value);
  const seen = beacons.map((one, index): Seen => ({ ...one, reservation: String(ofLog[index]?.reservation) }));
  const counted = seen.filter(({ billable }) => billable);
  const impressions = counted.filter(({ event }) => event === 'impression');
  return [
    reach(impressions),
    frequency(impressions),
    positions(counted),
    separation(requests),
    grouped(
      asked,
      ({ of }) => ({ device_type: of.device_type ?? '', country: of.country ?? '' }),
      (own) => {
        const [paid, wanted] = [sum(own, ({ paid }) => paid), sum(own, ({ requested }) => requested)];
        return {
          asked: own.length,
          filled: own.filter(({ ads }) => ads > 0).length,
          paid_seconds: paid,
          requested_seconds: wanted,
          fill_rate: wanted === 0 ? null : paid / wanted,
        };
      },
    ),
    reasons(requests),
    latencies(requests),
    grouped(
      seen,
      ({ of }) => ({ campaign: of.campaign ?? '' }),
      (own) => ({
        gross_beacons: own.length,
        repeated: own.filter((one) => one.duplicate).length,
        too_late: own.filter((one) => one.late && !one.duplicate).length,
        not_valid: own.filter((one) => !one.late && !one.duplicate && !one.billable).length,
        counting: own.filter((one) => one.billable).length,
      }),
    ),
    credits(counted, planted),
    experiments(requests, counted),
  ];
}

function grouped<T>(
  items: readonly T[],
  key: (item: T) => Answer[number],
  count: (own: readonly T[]) => Answer[number],
): Answer {
  const groups = Map.groupBy(items, (item) => JSON.stringify(key(item)));
  return [...groups.values()].map((own) => ({ ...key(own[0] as T), ...count(own) }));
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function reach(impressions: readonly Seen[]): Answer {
  const minuteOf = (at: number) =>
    new Date(Math.floor(at / 60_000) * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const minutes = [...new Set(impressions.map(({ at }) => minuteOf(at)))].sort();
  const until = (minute: string) =>
    new Set(impressions.filter(({ at }) => minuteOf(at) <= minute).map(({ viewer }) => viewer)).size;
  return minutes
    .map((minute, index) => ({
      minute,
      reach: until(minute),
      before: index === 0 ? 0 : until(minutes[index - 1] ?? ''),
    }))
    .filter((row) => row.reach > row.before)
    .map(({ minute, reach: viewers }) => ({ minute, reach: viewers }));
}

function frequency(impressions: readonly Seen[]): Answer {
  const pairs = Map.groupBy(impressions, ({ viewer, of }) => `${viewer} ${of.campaign}`);
  return grouped(
    [...pairs.values()],
    (own) => ({ times: own.length }),
    (own) => ({ pairs_of_viewer_and_campaign: own.length }),
  );
}

function positions(counted: readonly Seen[]): Answer {
  return grouped(
    counted,
    ({ of }) => ({ position: of.position ?? 0 }),
    (own) => {
      const count = (event: string) => own.filter((one) => one.event === event).length;
      const [impressions, completes] = [count('impression'), count('complete')];
      return {
        impressions,
        completes,
        clicks: count('click'),
        vtr: impressions === 0 ? null : completes / impressions,
      };
    },
  );
}

function separation(requests: readonly Request[]): Answer {
  const answer = { pods: 0, pairs: 0, same_category: 0, same_advertiser: 0 };
  for (const { separation: apart, min_separation_seconds, allow_duplicate_advertisers, ads } of requests) {
    if (!apart || min_separation_seconds !== null) continue;
    const pairs = ads.flatMap((a) => ads.filter((b) => a.position < b.position).map((b) => ({ a, b })));
    answer.pods += pairs.length > 0 ? 1 : 0;
    answer.pairs += pairs.length;
    answer.same_category += pairs.filter(({ a, b }) => a.categories.some((one) => b.categories.includes(one))).length;
    answer.same_advertiser += pairs.filter(
      ({ a, b }) => a.advertiser === b.advertiser && !allow_duplicate_advertisers,
    ).length;
  }
  return [answer];
}

function reasons(requests: readonly Request[]): Answer {
  const unfilled = requests.filter((one) => one.no_fill_reason !== null && one.no_fill_reason !== '');
  return [
    ...grouped(
      unfilled,
      (one) => ({ where_it_fell: 'request', reason: one.no_fill_reason }),
      (own) => ({ times: own.length }),
    ),
    ...grouped(
      requests.flatMap(({ fallouts }) => fallouts),
      ({ reason }) => ({ where_it_fell: 'campaign', reason }),
      (own) => ({ times: sum(own, ({ campaigns }) => campaigns) }),
    ),
  ];
}

function latencies(requests: readonly Request[]): Answer {
  const steps = requests.flatMap(({ timings_us }) => Object.entries(timings_us));
  return grouped(
    steps,
    ([step]) => ({ step_name: step }),
    (own) => {
      const sorted = own.map(([, us]) => us).sort((a, b) => a - b);
      const at = (level: number) => sorted[Math.floor(level * sorted.length)] ?? null;
      return { decisions: own.length, p50_us: at(0.5), p95_us: at(0.95), p99_us: at(0.99) };
    },
  );
}

function credits(counted: readonly Seen[], planted: readonly Planted[]): Answer {
  const paths = planted.flatMap((conversion) => {
    const path = counted
      .filter(
        ({ event, viewer, of, at }) =>
          (event === 'impression' || event === 'click') &&
          [conversion.viewer, conversion.device].includes(viewer) &&
          of.advertiser === conversion.advertiser &&
          at <= conversion.at &&
          at >= conversion.at - (event === 'click' ? 30 : 7) * 86_400_000,
      )
      .sort(
        (a, b) =>
          a.at - b.at ||
          Number(a.event === 'click') - Number(b.event === 'click') ||
          (a.reservation < b.reservation ? -1 : 1),
      )
      .map(({ of }) => String(of.campaign));
    return path.length === 0 ? [] : [{ path, value: conversion.value }];
  });
  return grouped(
    paths,
    ({ path }) => ({ campaign_id: path.at(-1) ?? '' }),
    (own) => ({
      conversions: own.length,
      last_touch_micros: sum(own, ({ value }) => value),
      also_first: own.filter(({ path }) => path[0] === path.at(-1)).length,
      touches: sum(own, ({ path }) => path.length),
    }),
  );
}

function experiments(requests: readonly Request[], counted: readonly Seen[]): Answer {
  const byPlace = Map.groupBy(counted, ({ reservation }) => reservation);
  const stands = requests
    .filter(({ invalid }) => invalid === null)
    .flatMap((request) => request.experiments.map((arm) => ({ ...arm, request })));
  return grouped(
    stands,
    ({ experiment, arm }) => ({ experiment, arm }),
    (own) => {
      const places = own.flatMap(({ request }) => [...request.ads, ...request.backups]);
      const events = places.flatMap(({ reservation }) => byPlace.get(reservation) ?? []);
      const count = (event: string) => events.filter((one) => one.event === event).length;
      return {
        requests: own.length,
        viewers: new Set(own.map(({ request }) => request.viewer)).size,
        ads: sum(own, ({ request }) => request.ads.length),
        impressions: count('impression'),
        completes: count('complete'),
        clicks: count('click'),
        spend_micros: sum(events, ({ spend }) => spend),
      };
    },
  );
}
