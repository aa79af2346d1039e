import type { CallFact } from './calls.ts';
import type { AdFact, Logged, Run, SignalFact, TokenFact } from './facts.ts';
import { judge, trafficOf } from './judge.ts';
import {
  ad,
  answerTo,
  at0,
  beacon,
  call,
  candidate,
  cola,
  creativeOf,
  expiresAt,
  lifeMs,
  minute,
  partition,
  request,
  rival,
  seed,
  shoes,
  viewer,
} from './sample-parts.ts';
import type { RollupRow, StoredBeacon } from './stored.ts';

/** What a warehouse that follows the log holds of these beacons. */
export function storedBeacons(beacons: Run['log']['beacons']): StoredBeacon[] {
  return judge(beacons).map(({ beacon: { value, ...at }, first, late, billable, spend }) => ({
    topic: at.topic,
    partition: at.partition,
    offset: at.offset,
    appendedAt: at.appendedAt,
    arrival_id: value.arrival_id,
    event: value.event,
    request_id: value.request_id,
    reservation: value.reservation,
    campaign: value.campaign,
    creative: value.creative,
    price_micros: value.price_micros,
    minute: value.minute,
    expires_at: value.expires_at,
    duplicate: !first,
    late,
    billable,
    traffic: trafficOf(value),
    spend_micros: spend,
  }));
}

function rollups(): RollupRow[] {
  const spans = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
  return (['minute', 'hour', 'day'] as const).flatMap((grain): RollupRow[] => {
    const slice = (group: string, at: number, sums: RollupRow['sums']): RollupRow => ({
      kind: 'delivery',
      grain,
      group,
      from: Math.floor(at / spans[grain]) * spans[grain],
      sums,
    });
    return [
      slice(cola, at0, { impressions: 1, duplicates: 1, spend_micros: 12_000 }),
      slice(cola, expiresAt, { late: 1 }),
      slice(shoes, at0, { impressions: 1, clicks: 1, spend_micros: 50_000 }),
      {
        ...slice('', at0, {
          requests: 2,
          filled: 2,
          ads: 3,
          requested_seconds: 120,
          filled_seconds: 90,
          paid_seconds: 90,
        }),
        kind: 'request',
      },
    ];
  });
}

/** A small run that is exact: each test breaks one thing in it. */
export function sampleRun(): Run {
  const first = [ad(cola, 1, 0), ad(shoes, 2, 0)] as const;
  const requests = [
    request(0, first, [candidate(cola, 'won'), candidate(shoes, 'won'), candidate(rival, 'lost')]),
    request(
      1,
      [ad(rival, 1, 1)],
      [
        candidate(cola, 'cap_reached'),
        candidate(shoes, 'budget_reached'),
        { ...candidate(rival, 'won'), mu_ppm: 7, pacing_signal: 1 },
      ],
    ),
  ];
  const beacons = [
    beacon(0, 'impression', first[0], 'request-0', at0 + 100),
    beacon(1, 'impression', first[0], 'request-0', at0 + 200),
    beacon(2, 'impression', first[1], 'request-0', at0 + 300),
    beacon(3, 'click', first[1], 'request-0', at0 + 400),
    beacon(4, 'complete', first[0], 'request-0', expiresAt + 1),
  ];
  const signals: Logged<SignalFact>[] = [
    {
      topic: 'campaign-signals',
      partition: 0,
      offset: 0,
      appendedAt: at0 + 500,
      key: rival,
      value: { kind: 'PACING', campaign: rival, version: 1, mu_ppm: 7 },
    },
  ];
  const tokens = tokensOf(requests);
  return {
    settings: { token_life_ms: lifeMs, click_token_life_ms: lifeMs, signals: true },
    seed: new Map(seed.map((one) => [one.id, one])),
    calls: callsOf(requests, beacons),
    log: {
      partitions: [partition(requests), partition(beacons), partition(signals)],
      requests,
      beacons,
      signals,
      deadLetters: [],
      undecodable: [],
    },
    state: stateOf(first[0]),
    warehouse: {
      requests: requests.map(({ value, ...where }) => ({ ...where, ...value, first: true })),
      ads: requests.flatMap(({ value, ...where }) =>
        value.ads.map((one) => ({ ...one, topic: where.topic, partition: where.partition, offset: where.offset })),
      ),
      beacons: storedBeacons(beacons),
      signals,
      rollups: rollups(),
    },
    token: (url) => tokens.get(url) ?? null,
  };
}

function tokensOf(requests: Run['log']['requests']): Map<string, TokenFact> {
  return new Map<string, TokenFact>(
    requests.flatMap(({ value }) =>
      value.ads.map((one): [string, TokenFact] => [
        one.reservation,
        {
          ...one,
          partition: 0,
          viewer: 'viewer',
          request_id: value.request_id,
          click_expires_at: expiresAt,
          identities: one.capped_by,
        },
      ]),
    ),
  );
}

const intents = ['normal', 'duplicate', 'normal', 'normal', 'late'];

function callsOf(requests: Run['log']['requests'], beacons: Run['log']['beacons']): CallFact[] {
  return [
    ...requests.map(answerTo),
    ...beacons.map(({ value, offset }) =>
      call(10 + offset, {
        intent: intents[offset] ?? 'normal',
        cb: value.cachebuster,
        event: value.event,
        adId: value.reservation,
      }),
    ),
    call(20, { intent: 'forged', cb: 'cb-forged', event: 'impression' }),
    call(21, { kind: 'ad-request', intent: 'malformed', status: 400, requestId: 'request-bad' }),
    call(22, { intent: 'lost', status: null, error: 'not sent', cb: 'cb-lost' }),
  ];
}

function stateOf(confirmed: AdFact): Run['state'] {
  return {
    money: new Map([
      [
        cola,
        {
          closed_up_to: minute,
          billed_micros: 12_000,
          billed_impressions: 1,
          days: [{ day: '2026-01-05', micros: 12_000, impressions: 1 }],
          taken: [],
        },
      ],
    ]),
    sums: [
      {
        partition: 0,
        minute,
        campaigns: [
          { campaign: cola, billed_micros: 12_000, impressions: 1 },
          { campaign: shoes, billed_micros: 50_000, impressions: 1 },
        ],
      },
    ],
    frequency: [
      {
        ...viewer,
        entries: [
          {
            reservation: confirmed.reservation,
            campaign: cola,
            creative: creativeOf(cola),
            state: 'CONFIRMED',
            at: at0 + 100,
          },
        ],
      },
    ],
    heads: [{ group: 'pacing', topic: 'ad-beacons', partition: 0, position: 5 }],
    keys: { count: 5, endless: [] },
  };
}

/** The run with parts of its log replaced. */
export function withLog(run: Run, changes: Partial<Run['log']>): Run {
  return { ...run, log: { ...run.log, ...changes } };
}

export function withWarehouse(run: Run, changes: Partial<Run['warehouse']>): Run {
  return { ...run, warehouse: { ...run.warehouse, ...changes } };
}

export function withState(run: Run, changes: Partial<Run['state']>): Run {
  return { ...run, state: { ...run.state, ...changes } };
}

/** The rows with the one at `index` changed. */
export function changed<T>(rows: readonly T[], index: number, change: (row: T) => T): T[] {
  return rows.map((row, i) => (i === index ? change(row) : row));
}
