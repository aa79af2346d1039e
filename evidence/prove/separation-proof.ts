import fc from 'fast-check';
import { StoreGate } from '../../decision-api/holding/store-gate.ts';
import { StreamReserver } from '../../decision-api/holding/stream-reserver.ts';
import { Watermarks } from '../../decision-api/holding/watermarks.ts';
import { createMetrics } from '../../decision-api/metrics.ts';
import { seedHeads } from '../../decision-api/test-heads.ts';
import { apartOf, flatten, type WantedInStream } from '../../domain/separation-stream.ts';
import { systemClock } from '../../engines/clock.ts';
import { systemRandom } from '../../engines/random.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { checkStreams } from '../audit/check-streams.ts';
import type { AdFact, LogFacts, RequestFact, SeedCampaign } from '../audit/facts.ts';
import { checkSlowProperty } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

const partitions = { beacons: 2, requests: 2 };
const id = (kind: number, n: number) => `${kind}0000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Of every kind that matters: root, branch, leaf, sibling, another tree, two at once, none. */
const tree = [
  [{ id: 'drinks', name: '', ancestors: [] }],
  [{ id: 'cola', name: '', ancestors: ['soft', 'drinks'] }],
  [{ id: 'juice', name: '', ancestors: ['soft', 'drinks'] }],
  [{ id: 'soft', name: '', ancestors: ['drinks'] }],
  [{ id: 'cars', name: '', ancestors: [] }],
  [
    { id: 'cola', name: '', ancestors: ['soft', 'drinks'] },
    { id: 'cars', name: '', ancestors: [] },
  ],
  [],
];
const seed = new Map(tree.map((categories, n) => [id(1, n), { id: id(1, n), categories } as unknown as SeedCampaign]));

const pod = fc.record({
  index: fc.option(fc.nat(5)),
  offsetSeconds: fc.option(fc.nat(400)),
  gap: fc.constantFrom(null, 0, 10, 30, 90),
  separation: fc.constantFrom(true, true, true, false),
  scope: fc.constantFrom('pod' as const, 'pod' as const, 'pod' as const, 'stream' as const),
  ads: fc.array(fc.record({ campaign: fc.nat(tree.length - 1), seconds: fc.constantFrom(15, 30) }), {
    minLength: 1,
    maxLength: 4,
  }),
});
type Pod = typeof pod extends fc.Arbitrary<infer P> ? P : never;

/** Generated pods of one stream, decided at once on two instances over a real Redis, judged by the audit's own words. */
export async function proveSeparation(options: ProofOptions): Promise<Tally> {
  await using server = await startRedisServer();
  const random = systemRandom(systemClock());
  const store = await openRedisStateStore({ url: server.url, random });
  await seedHeads(store, partitions);
  const instances = [await instanceOf(store), await instanceOf(store)] as const;
  const counts = { pods: 0, ads: 0, pairs_apart: 0, conflicts_rejected: 0 };
  let streams = 0;
  const property = fc.asyncProperty(fc.array(pod, { minLength: 2, maxLength: 8, size: 'max' }), async (pods) => {
    const session = `stream-${streams++}`;
    const requests = await Promise.all(
      pods.map((one, n) => decide(one, n, session, store, instances[n % 2] as Instance, counts)),
    );
    const log = { requests: requests.map((value) => ({ value })) } as unknown as LogFacts;
    const found = checkStreams({ log, seed }, []);
    counts.pods += requests.length;
    counts.ads += requests.reduce((sum, { ads }) => sum + ads.length, 0);
    counts.pairs_apart += found.pairs;
    if (found.violations > 0) throw new Error(found.faults.flatMap(({ ids }) => ids).join('; '));
  });
  try {
    const title = 'competitors across the pods of a stream, decided at once on two instances';
    const tally = await checkSlowProperty(title, property, options, () => JSON.stringify(counts));
    if (tally.failed > 0 || counts.conflicts_rejected >= options.runs) return tally;
    options.say(`FAIL  ${title}: hardly any conflicts`);
    return { passed: 0, failed: 1 };
  } finally {
    await store.close();
  }
}

interface Instance {
  readonly streams: StreamReserver;
  readonly watermarks: Watermarks;
}

async function instanceOf(store: StateStore): Promise<Instance> {
  const clock = systemClock();
  const metrics = createMetrics();
  const gate = new StoreGate(store, clock, metrics);
  const watermarks = new Watermarks(gate, partitions.beacons, async () => partitions.beacons, 1_000);
  await watermarks.refresh();
  return { watermarks, streams: new StreamReserver(gate, clock, systemRandom(clock), metrics, watermarks) };
}

let reservations = 0;

/** As the decision API does: place the pod, leave out what is refused, place the rest anew where it now stands. */
async function decide(
  one: Pod,
  n: number,
  session: string,
  store: StateStore,
  { streams, watermarks }: Instance,
  counts: { conflicts_rejected: number },
): Promise<RequestFact> {
  const [entry] = await store.read([keys.stream(session)]);
  if (!entry) throw new Error('an absent entry is an entry');
  const stream = streams.see(session, entry);
  const mine = new Set<string>();
  let left = one.ads.map((ad) => ({ ...ad, reservation: id(9, reservations++) }));
  for (;;) {
    const wanted = placed(left, one);
    const refused = await streams.reserve(stream, wanted, mine, watermarks);
    for (const { reservation } of left) mine.add(reservation);
    counts.conflicts_rejected += [...refused.values()].filter((reason) => reason === 'separated').length;
    if (refused.size === 0) return factOf(left, one, n, session);
    left = left.filter(({ reservation }) => !refused.has(reservation));
  }
}

type Standing = Pod['ads'][number] & { readonly reservation: string };

function placed(ads: readonly Standing[], one: Pod): readonly WantedInStream[] {
  const podMs = 1000 * ads.reduce((sum, { seconds }) => sum + seconds, 0);
  let startMs = 0;
  return ads.map(({ campaign, seconds, reservation }) => {
    const at = {
      breakIndex: one.index,
      breakOffsetMs: one.offsetSeconds === null ? null : one.offsetSeconds * 1000,
      startMs,
      endMs: startMs + seconds * 1000,
      podMs,
    };
    startMs = at.endMs;
    const place = { reservation, campaignId: id(1, campaign), creativeId: id(2, campaign), partition: 0, expiresAt: 1 };
    const rules = { separation: one.separation, minSeparationSeconds: one.gap, separationScope: one.scope };
    const ad = {
      place,
      advertiserId: id(3, campaign),
      ...flatten(tree[campaign] ?? []),
      apartSeconds: apartOf(rules),
      at,
    };
    return { ad, caps: [] };
  });
}

function factOf(ads: readonly Standing[], one: Pod, n: number, session: string): RequestFact {
  let start = 0;
  const facts = ads.map(({ campaign, seconds, reservation }) => {
    const fact = { reservation, campaign: id(1, campaign), start_seconds: start, duration_seconds: seconds };
    start += seconds;
    return fact as AdFact;
  });
  return {
    request_id: `${session}-${n}`,
    session,
    break_index: one.index,
    break_offset_ms: one.offsetSeconds === null ? null : one.offsetSeconds * 1000,
    separation: one.separation,
    separation_scope: one.scope,
    min_separation_seconds: one.gap,
    ads: facts,
    candidates: [],
    filled_seconds: start,
  } as unknown as RequestFact;
}
