import { openHouse, type TestHouse } from '../../decision-api/test-house.ts';
import { VirtualClock } from '../../engines/clock.ts';
import { seededRandom } from '../../engines/random.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { encodeBare } from '../../schemas/codec.ts';
import { populate } from '../../simulator/population.ts';
import { planRequests } from '../../simulator/schedule.ts';
import { checkPods } from '../audit/check-pods.ts';
import { checkStreams } from '../audit/check-streams.ts';
import { readLogFile, sortLog } from '../audit/read-log.ts';
import { withLeast } from './check-property.ts';
import { type FillCatalog, fillCatalogs } from './fill/catalogs.ts';
import { keptCompetitorsOut } from './fill/kept-out.ts';
import { type FullRequest, wrongRules } from './fill/rules.ts';
import { streamBodies } from './fill/streams.ts';
import type { ProofOptions, Tally } from './proof.ts';

const GENERATED = 5;
/** Of the seconds that were asked for, those that somebody pays for. */
const fillLeast = 0.9;
const startMs = Date.UTC(2026, 2, 2, 18);
const households = 4_000;
/** A moving clock is the dearest part: all that beats runs at each of its steps. */
const ratePerSecond = 200;
/** At least so many of the simulated calls are sound requests. */
const soundShare = 0.9;
const atOnce = 32;
/** Beside so many pods of viewers stands one stream whose pods are asked for at once. */
const podsForEachStream = 20;

/**
 * Pods of simulated viewers from the seeded catalog and from generated ones, decided by the real decision API on the embedded
 * engines. The audit's own code, which shares none with the product, reads the log's raw records and judges every pod and stream.
 * Nobody sends beacons: a place runs out with its token.
 */
export async function proveFill({ pods, say }: ProofOptions): Promise<Tally> {
  const each = Math.ceil(pods / (GENERATED + 1));
  const forMs = (1_000 * each) / ratePerSecond / soundShare;
  const times = { startsAt: startMs - 86_400_000, endsAt: startMs + 86_400_000, pacedUntil: startMs + forMs };
  const all = {
    pods: 0,
    separation_violations: 0,
    conflicts_rejected: 0,
    competing_pairs: 0,
    streams: 0,
    stream_pairs_apart: 0,
    stream_refusals: 0,
  };
  let failed = 0;
  for (const [at, catalog] of fillCatalogs(GENERATED, times).entries()) {
    const found = await fill(catalog, at + 1, each, forMs);
    all.pods += found.pods;
    all.separation_violations += found.violations;
    all.conflicts_rejected += found.keptOut;
    all.competing_pairs += found.pairs;
    all.streams += found.streams;
    all.stream_pairs_apart += found.apart;
    all.stream_refusals += found.refused;
    const ok = found.fill > fillLeast && found.faults.length === 0 && found.answered === found.pods;
    if (!ok) failed++;
    say(
      `${ok ? 'ok   ' : 'FAIL '} ${catalog.name}: ${(100 * found.fill).toFixed(1)} % of ${found.seconds} s paid, in ${found.pods} pods of ${catalog.campaigns.length} campaigns; ${found.keptOut} that were worth more with competitors together`,
    );
    for (const fault of found.faults.slice(0, 5)) say(`      ${fault}`);
  }
  const title = `no separation violation in the raw records of ${all.pods} pods`;
  const apart = all.separation_violations === 0;
  const judged = withLeast(
    title,
    { passed: apart ? 1 : 0, failed: apart ? 0 : 1 },
    { say },
    all,
    leastOf(pods, all.streams),
  );
  say(`${judged.failed === 0 ? 'ok   ' : 'FAIL '} ${title}`);
  say(JSON.stringify(all));
  return { passed: GENERATED + 1 - failed + judged.passed, failed: failed + judged.failed };
}

/** A zero beside which less than this was tried proves nothing. */
function leastOf(pods: number, streams: number) {
  return { pods, conflicts_rejected: pods / 50, stream_pairs_apart: streams / 2, stream_refusals: streams };
}

async function fill({ campaigns }: FillCatalog, seed: number, requests: number, forMs: number) {
  const clock = new VirtualClock(startMs);
  const house = await openHouse(campaigns, {
    clock,
    random: seededRandom(clock, seed),
    environment: { TOKEN_LIFE: '5m', CLICK_TOKEN_LIFE: '5m', PUBLIC_URL: 'http://ads.example' },
  });
  try {
    const streams = Math.ceil(requests / podsForEachStream);
    const sent = plannedBodies(seed, requests, forMs);
    const inStreams = Array.from({ length: streams }, (_, at) =>
      streamBodies(seed, at).map((body) => JSON.stringify(body)),
    );
    const answered = (await ask(house, clock, sent)) + (await askAtOnce(house, clock, inStreams));
    const log = sortLog(await readLogFile(house.config.dataDir));
    const all = log.requests.map(({ value }) => value as FullRequest);
    // How much is sold is judged by what viewers ask for; pods of one stream that all want the same are for separation.
    const ofViewers = all.filter(({ request_id: id }) => !id.startsWith('stream-'));
    const seedOf = new Map(campaigns.map((campaign) => [campaign.id, campaign]));
    const pods = checkPods({ log, seed: seedOf as never });
    const across = checkStreams({ log, seed: seedOf as never }, []);
    const asked = ofViewers.reduce((sum, { requested_seconds: seconds }) => sum + seconds, 0);
    const paid = ofViewers.flatMap(({ ads }) => ads).filter(({ campaign }) => isPaid(seedOf.get(campaign)));
    const wrong = wrongRules([...sent.map(({ body }) => body), ...inStreams.flat()], all);
    return {
      answered,
      pods: log.requests.length,
      seconds: asked,
      fill: paid.reduce((sum, { duration_seconds }) => sum + duration_seconds, 0) / asked,
      violations: pods.violations + across.violations,
      keptOut: all.filter((request) => keptCompetitorsOut(request, seedOf as never)).length,
      pairs: pods.opportunities,
      streams,
      apart: across.pairs,
      refused: across.refused,
      faults: [
        ...[...pods.faults, ...across.faults].map(({ name, detail, ids }) => `${name}: ${detail}: ${ids[0]}`),
        ...wrong,
      ],
    };
  } finally {
    await house.close();
  }
}

const isPaid = (campaign: FillCatalog['campaigns'][number] | undefined) => campaign?.tier !== 'house';

interface Planned {
  readonly at: number;
  readonly body: string;
}

/** So many sound requests of simulated viewers. */
function plannedBodies(seed: number, requests: number, forMs: number): readonly Planned[] {
  const options = { baseUrl: '', seed, startMs, forMs, rate: ratePerSecond, compress: 24, dialects: ['json'] as const };
  return planRequests(options, populate(seed, households))
    .map(({ due }) => due)
    .filter(({ call }) => call.intent === 'normal')
    .slice(0, requests)
    .map(({ at, call }) => ({ at, body: String(call.payload) }));
}

/** Sends them, 32 at once. Answers how many were answered with a pod. */
async function ask(house: TestHouse, clock: VirtualClock, sent: readonly Planned[]): Promise<number> {
  let answered = 0;
  for (let from = 0; from < sent.length; from += atOnce) {
    const now = sent.slice(from, from + atOnce);
    await clock.advance(Math.max(clock.now(), now[0]?.at ?? 0));
    await moveWatermarks(house, clock.now());
    const answers = await Promise.all(now.map(({ body }) => house.post(body)));
    answered += answers.filter(({ status }) => status === 200).length;
  }
  return answered;
}

/** Sends the pods of each stream at once. */
async function askAtOnce(
  house: TestHouse,
  clock: VirtualClock,
  streams: readonly (readonly string[])[],
): Promise<number> {
  let answered = 0;
  for (const bodies of streams) {
    await clock.advance(clock.now() + 1_000 / ratePerSecond);
    const answers = await Promise.all(bodies.map((body) => house.post(body)));
    answered += answers.filter(({ status }) => status === 200).length;
  }
  return answered;
}

/** As workers that are never late would: whatever has run out by now is free. */
async function moveWatermarks({ store, config }: TestHouse, now: number): Promise<void> {
  const stores = await store.stores();
  await Promise.all(
    Array.from({ length: config.partitions }, async (_, partition) => {
      const key = keys.head('frequency', 'ad-beacons', partition);
      const [seen] = await store.read([key]);
      const head = { position: 0, watermark: now, caught_up: stores };
      if (seen) await store.swap(key, seen, encodeBare('head-record', head), 86_400_000);
    }),
  );
}
