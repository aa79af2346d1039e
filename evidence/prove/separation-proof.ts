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
import { areTooNear, checkStreams, mustBeApart, type Playing } from '../audit/check-streams.ts';
import type { AdFact, LogFacts, RequestFact, SeedCampaign } from '../audit/facts.ts';
import { checkSlowProperty, withLeast } from './check-property.ts';
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

/** What happened in one stream: every place that was ever given there, and every ad that was kept out. */
interface Told {
  readonly given: Playing[];
  readonly refused: Playing[];
  /** The store was too busy: nothing was said of other ads. */
  readonly unanswered: Playing[];
}

/** For each case, what has to have been tried: else nobody was in anybody's way, or everybody was kept out. */
const leastOf = { pairs_apart: 0.5, conflicts_rejected: 0.5 } as const;

/** Generated pods of one stream, decided at once on two instances over a real Redis, judged by the audit's own words. */
export async function proveSeparation(options: ProofOptions): Promise<Tally> {
  await using server = await startRedisServer();
  const random = systemRandom(systemClock());
  const store = await openRedisStateStore({ url: server.url, random });
  await seedHeads(store, partitions);
  const instances = [await instanceOf(store), await instanceOf(store)] as const;
  const counts = { pods: 0, ads: 0, pairs_apart: 0, conflicts_rejected: 0, unanswered: 0 };
  let streams = 0;
  const property = fc.asyncProperty(fc.array(pod, { minLength: 2, maxLength: 8, size: 'max' }), async (pods) => {
    const session = `stream-${streams++}`;
    const told: Told = { given: [], refused: [], unanswered: [] };
    const requests = await Promise.all(
      pods.map((one, n) => decide(one, n, session, store, instances[n % 2] as Instance, told)),
    );
    const log = { requests: requests.map((value) => ({ value })) } as unknown as LogFacts;
    const found = checkStreams({ log, seed }, []);
    counts.pods += requests.length;
    counts.ads += requests.reduce((sum, { ads }) => sum + ads.length, 0);
    counts.pairs_apart += found.pairs;
    counts.conflicts_rejected += told.refused.length;
    counts.unanswered += told.unanswered.length;
    if (found.violations > 0) throw new Error(found.faults.flatMap(({ ids }) => ids).join('; '));
    for (const one of told.refused) if (!isInTheWay(one, told.given)) throw new Error(refusedForNothing(one));
  });
  try {
    const title = 'competitors across the pods of a stream, decided at once on two instances';
    const tally = await checkSlowProperty(title, property, options, () => JSON.stringify(counts));
    const least = Object.fromEntries(Object.entries(leastOf).map(([what, each]) => [what, each * options.runs]));
    return withLeast(title, tally, options, counts, least);
  } finally {
    await store.close();
  }
}

/** Something of another pod stood too near when it was refused; it may have moved since, so every place that was given counts. */
function isInTheWay(one: Playing, given: readonly Playing[]): boolean {
  return given.some(
    (other) =>
      other.request.request_id !== one.request.request_id && mustBeApart(one, other, seed) && areTooNear(one, other),
  );
}

function refusedForNothing({ request, ad }: Playing): string {
  return `${request.request_id}: ${ad.campaign} from second ${ad.start_seconds} was refused for nothing`;
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
  told: Told,
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
    const request = factOf(left, one, n, session);
    for (const ad of request.ads) {
      const reason = refused.get(ad.reservation);
      if (reason === undefined) told.given.push({ request, ad });
      else if (reason === 'separated') told.refused.push({ request, ad });
      else told.unanswered.push({ request, ad });
    }
    if (refused.size === 0) return request;
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
