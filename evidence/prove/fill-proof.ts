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
import { type FillCatalog, fillCatalogs } from './fill/catalogs.ts';
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

/**
 * Pods of simulated viewers from the seeded catalog and from generated ones, decided by the real decision API on the embedded
 * engines. The audit's own code, which shares none with the product, reads the log's raw records and judges every pod and stream.
 * Nobody sends beacons: a place runs out with its token.
 */
export async function proveFill({ pods, say }: ProofOptions): Promise<Tally> {
  const each = Math.ceil(pods / (GENERATED + 1));
  const forMs = (1_000 * each) / ratePerSecond / soundShare;
  const times = { startsAt: startMs - 86_400_000, endsAt: startMs + 86_400_000, pacedUntil: startMs + forMs };
  const all = { pods: 0, separation_violations: 0, conflicts_rejected: 0, stream_pairs_apart: 0, stream_refusals: 0 };
  let failed = 0;
  for (const [at, catalog] of fillCatalogs(GENERATED, times).entries()) {
    const found = await fill(catalog, at + 1, each, forMs);
    all.pods += found.pods;
    all.separation_violations += found.violations;
    all.conflicts_rejected += found.conflicts;
    all.stream_pairs_apart += found.pairs;
    all.stream_refusals += found.refused;
    const ok = found.fill > fillLeast && found.faults.length === 0 && found.answered === found.pods;
    if (!ok) failed++;
    say(
      `${ok ? 'ok   ' : 'FAIL '} ${catalog.name}: ${(100 * found.fill).toFixed(1)} % of ${found.seconds} s paid, in ${found.pods} pods of ${catalog.campaigns.length} campaigns; ${found.conflicts} conflicts rejected`,
    );
    for (const fault of found.faults.slice(0, 5)) say(`      ${fault}`);
  }
  const tried = all.pods >= pods && all.conflicts_rejected >= all.pods / 50;
  const apart = all.separation_violations === 0 && tried;
  say(`${apart ? 'ok   ' : 'FAIL '} no separation violation in the raw records of ${all.pods} pods`);
  say(JSON.stringify(all));
  return { passed: GENERATED + 2 - failed - (apart ? 0 : 1), failed: failed + (apart ? 0 : 1) };
}

async function fill({ campaigns }: FillCatalog, seed: number, requests: number, forMs: number) {
  const clock = new VirtualClock(startMs);
  const house = await openHouse(campaigns, {
    clock,
    random: seededRandom(clock, seed),
    environment: { TOKEN_LIFE: '5m', CLICK_TOKEN_LIFE: '5m', PUBLIC_URL: 'http://ads.example' },
  });
  try {
    const answered = await ask(house, clock, seed, requests, forMs);
    const log = sortLog(await readLogFile(house.config.dataDir));
    const seedOf = new Map(campaigns.map((campaign) => [campaign.id, campaign]));
    const pods = checkPods({ log, seed: seedOf as never });
    const streams = checkStreams({ log, seed: seedOf as never }, []);
    const asked = log.requests.reduce((sum, { value }) => sum + value.requested_seconds, 0);
    const paid = log.requests.flatMap(({ value }) => value.ads).filter(({ campaign }) => isPaid(seedOf.get(campaign)));
    return {
      answered,
      pods: log.requests.length,
      seconds: asked,
      fill: paid.reduce((sum, { duration_seconds }) => sum + duration_seconds, 0) / asked,
      violations: pods.violations + streams.violations,
      conflicts: pods.opportunities,
      pairs: streams.pairs,
      refused: streams.refused,
      faults: [...pods.faults, ...streams.faults].map(({ name, detail, ids }) => `${name}: ${detail}: ${ids[0]}`),
    };
  } finally {
    await house.close();
  }
}

const isPaid = (campaign: FillCatalog['campaigns'][number] | undefined) => campaign?.tier !== 'house';

/** Sends so many sound requests of simulated viewers, 32 at once. Answers how many were answered with a pod. */
async function ask(
  house: TestHouse,
  clock: VirtualClock,
  seed: number,
  requests: number,
  forMs: number,
): Promise<number> {
  const options = { baseUrl: '', seed, startMs, forMs, rate: ratePerSecond, compress: 24, dialects: ['json'] as const };
  const sound = planRequests(options, populate(seed, households))
    .map(({ due }) => due)
    .filter(({ call }) => call.intent === 'normal')
    .slice(0, requests);
  let answered = 0;
  for (let from = 0; from < sound.length; from += atOnce) {
    const now = sound.slice(from, from + atOnce);
    await clock.advance(Math.max(clock.now(), now[0]?.at ?? 0));
    await moveWatermarks(house, clock.now());
    const answers = await Promise.all(now.map(({ call }) => house.post(call.payload ?? '')));
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
