import { Agent, request } from 'node:http';
import { join } from 'node:path';
import pino from 'pino';
import { Tokens, unverifiedFacts } from '../../decision-api/beacons/tokens.ts';
import { openHouse, type TestHouse, testCampaign } from '../../decision-api/test-house.ts';
import { rotateTokenKeys } from '../../engines/secret-ring.ts';
import { readSecrets, writeSecrets } from '../../engines/secrets.ts';
import { decode } from '../../schemas/codec.ts';
import { createWorkerMetrics } from '../../stream-workers/metrics.ts';
import { pacingWorker } from '../../stream-workers/pacing/pacing.ts';
import { readOpenSums } from '../../stream-workers/pacing/sums.ts';
import { startRunner } from '../../stream-workers/runner.ts';
import type { LogFacts } from '../audit/facts.ts';
import { judge } from '../audit/judge.ts';
import type { ProofOptions, Tally } from './proof.ts';

const PRICE_MICROS = 12_000;
const ADS_IN_POD = 6;
const AT_ONCE = 48;
const PARTITIONS = 4;
const ROUNDS_MAX = 10;
const TRIES_MAX = 50;

/** What somebody may do to a tracking URL whose ad was never shown; a replay is done to one that was. */
const attacks = [
  'forged',
  'truncated',
  'swapped event',
  'swapped ad',
  'swapped key',
  'unknown key',
  'expired',
] as const;
type Attack = (typeof attacks)[number];

interface Served {
  readonly reservation: string;
  readonly tracking: Readonly<Record<string, string>>;
}

/** Sends as many bad tracking URLs as good ones through HTTP, and rotates the keys between: what counts in the end is each good one, once. */
export async function proveBeacons({ urls: cases, say }: ProofOptions): Promise<Tally> {
  const campaigns = Array.from({ length: ADS_IN_POD }, () => testCampaign());
  const house = await openHouse(campaigns, { environment: { VIEWER_BEACONS_MAX: '1000000' } });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const runner = await startRunner(worker(), enginesOf(house));
  try {
    const replayed = Math.floor(cases / (attacks.length + 1));
    const wanted = cases + (cases - replayed);
    const before = await serve(house, agent, Math.ceil(wanted / 2));
    const first = keyIds(before);
    rotate(house);
    await house.clock.sleep(1_200);
    const ads = [...before, ...(await serve(house, agent, wanted - before.length))];
    // Both kinds among the ads of either key.
    const isVictim = (at: number) =>
      Math.floor(((at + 1) * (wanted - cases)) / wanted) > Math.floor((at * (wanted - cases)) / wanted);
    const genuine = ads.filter((_, at) => !isVictim(at));
    const victims = ads.filter((_, at) => isVictim(at));
    const answers = await sendAll(house, agent, genuine, victims, replayed);
    const keys = keyIds(ads);
    return await count(house, { genuine, victims, replayed, answers, keys, first, say });
  } finally {
    await runner.close();
    agent.destroy();
    await house.close();
  }
}

function worker() {
  const view = { campaigns: new Map(), pods: new Map(), close: () => Promise.resolve() };
  return pacingWorker({ view, metrics: createWorkerMetrics(), suppressions: { all: async () => [] } });
}

function enginesOf({ config, clock, log, store, random }: TestHouse) {
  const refuse = () => Promise.reject(new Error('this proof has no warehouse'));
  const warehouse = { query: refuse, run: refuse, insertAvro: refuse, close: () => Promise.resolve() };
  const logger = pino({ level: 'silent' });
  return { config, clock, log, store, random, warehouse, logger, metrics: createWorkerMetrics() };
}

function rotate({ config, clock }: TestHouse): void {
  const path = join(config.dataDir, 'secrets.json');
  const { secrets } = rotateTokenKeys(readSecrets(path), clock.now() - 5_000, 0);
  writeSecrets(path, secrets);
}

/** On a crowded machine some pods are empty: then more are asked for. */
async function serve(house: TestHouse, agent: Agent, wanted: number): Promise<Served[]> {
  const ads: Served[] = [];
  for (let round = 0; ads.length < wanted && round < ROUNDS_MAX; round++) {
    const pods = Array.from({ length: Math.ceil((wanted - ads.length) / ADS_IN_POD) }, (_, at) => at);
    await atOnce(pods, async (at) => {
      const body = JSON.stringify({ pod_duration: 30 * ADS_IN_POD, max_ads: ADS_IN_POD, user: { id: `viewer-${at}` } });
      const { text } = await call(agent, `${house.api.url}/api/v2/ad-request`, body);
      const { pod } = JSON.parse(text) as { pod: { ads: { ad_id: string; tracking: Record<string, string> }[] } };
      for (const { ad_id, tracking } of pod.ads) ads.push({ reservation: ad_id, tracking });
    });
  }
  if (ads.length < wanted) throw new Error(`${wanted} ads were wanted, ${ads.length} were served`);
  return ads.slice(0, wanted);
}

/** Good and bad ones mixed; answers what bad and good ones were told, each different answer once. */
async function sendAll(
  house: TestHouse,
  agent: Agent,
  genuine: readonly Served[],
  victims: readonly Served[],
  replayed: number,
): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  const secrets = readSecrets(join(house.config.dataDir, 'secrets.json'));
  const tools = { ours: new Tokens(secrets.tokenKeys), theirs: strangersKeys(secrets.tokenKeys.map(({ id }) => id)) };
  const bad = victims.map((ad, at) => {
    const attack = attacks[at % attacks.length] as Attack;
    return attacked(attack, ad, victims[(at + attacks.length) % victims.length] ?? ad, tools);
  });
  const good = genuine.map(({ tracking }) => tracking.impression ?? '');
  const urls = [...good, ...bad].map((url, at) => ({ url, order: (at * 7_919) % (good.length + bad.length) }));
  urls.sort((a, b) => a.order - b.order);
  const send = async ({ url }: { readonly url: string }) => {
    // Told to send it again, it is sent again, as players do.
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { status, text } = await call(agent, url.replace('[CACHEBUSTING]', 'x'), null);
      if (status !== 503 || tries === TRIES_MAX - 1) {
        told.add(`${status} ${text.length}`);
        return;
      }
      await house.clock.sleep(200);
    }
  };
  await atOnce(urls, send);
  await atOnce(
    good.slice(0, replayed).map((url) => ({ url })),
    send,
  );
  return told;
}

function strangersKeys(ids: readonly string[]): Tokens {
  return new Tokens(ids.map((id) => ({ id, secret: 'somebody-elses-secret-of-32-chars-and-more' })));
}

function attacked(
  attack: Attack,
  ad: Served,
  other: Served,
  { ours, theirs }: { ours: Tokens; theirs: Tokens },
): string {
  const url = ad.tracking.impression ?? '';
  const token = new URL(url).searchParams.get('t') ?? '';
  const [key = '', facts = '', mac = ''] = token.split('.');
  const replace = (made: string) => url.replace(token, made);
  const at = mac.length - 2;
  switch (attack) {
    case 'forged':
      return replace(`${key}.${facts}.${mac.slice(0, at)}${mac[at] === 'A' ? 'B' : 'A'}${mac.slice(at + 1)}`);
    case 'truncated':
      return replace(token.slice(0, -1 - (token.charCodeAt(8) % 30)));
    case 'swapped event':
      return (ad.tracking.start ?? '').replace('/beacons/start', '/beacons/impression');
    case 'swapped ad':
      return replace(
        `${key}.${facts}.${new URL(other.tracking.impression ?? '').searchParams.get('t')?.split('.')[2]}`,
      );
    case 'swapped key':
      return replace(theirs.sign('impression', `${key}.${facts}`));
    case 'unknown key':
      return replace(`k9.${facts}.${mac}`);
    case 'expired': {
      const said = unverifiedFacts(token);
      if (said === null) throw new Error('a token says nothing');
      return replace(ours.sign('impression', ours.facts({ ...said, expires_at: 1 })));
    }
  }
}

interface Sent {
  readonly genuine: readonly Served[];
  readonly victims: readonly Served[];
  readonly replayed: number;
  readonly answers: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly first: ReadonlySet<string>;
  readonly say: (line: string) => void;
}

/** Twice, by two programs that share nothing: the log by the audit's judge, the money by the worker's sums. */
async function count(house: TestHouse, sent: Sent): Promise<Tally> {
  const { genuine, victims, replayed, answers, keys, first, say } = sent;
  const beacons = await readBeacons(house);
  const billable = new Map<string, number>();
  for (const { beacon, billable: counts } of judge(beacons)) {
    const { reservation } = beacon.value;
    if (counts) billable.set(reservation, (billable.get(reservation) ?? 0) + 1);
  }
  const good = genuine.filter(({ reservation }) => billable.get(reservation) === 1).length;
  const bad = victims.filter(({ reservation }) => billable.has(reservation)).length;
  const billed = await billedBySums(house, genuine.length * PRICE_MICROS);
  const forged = await house.metric('beacons_total', 'outcome="forged"');
  const garbled = await house.metric('beacons_total', 'outcome="garbled"');
  const expired = await house.metric('beacons_total', 'outcome="expired"');
  const kinds = attacks.map((attack, n) => `${victims.filter((_, at) => at % attacks.length === n).length} ${attack}`);
  const checks: readonly (readonly [boolean, string])[] = [
    [good === genuine.length, `${good} of ${genuine.length} genuine beacons are billable, each once`],
    [bad === 0, `${bad} of ${victims.length} attacked ones are billable: ${kinds.join(', ')}`],
    [replayed > 0 && billable.size === genuine.length, `${replayed} replays added ${billable.size - genuine.length}`],
    [
      billed === genuine.length * PRICE_MICROS,
      `the worker billed ${billed} micros of ${genuine.length * PRICE_MICROS}`,
    ],
    [keys.size === 2 && first.size === 1, `keys ${[...keys].join(' and ')} signed what was counted, across a rotation`],
    [answers.size === 1, `good and bad ones were told the same: ${[...answers].join(', ')}`],
    [
      forged + garbled + expired >= victims.length,
      `counted apart: ${forged} forged, ${garbled} garbled, ${expired} expired`,
    ],
  ];
  for (const [ok, line] of checks) say(`${ok ? 'ok   ' : 'FAIL '} ${line}`);
  const passed = checks.filter(([ok]) => ok).length;
  return { passed, failed: checks.length - passed };
}

/** Every beacon up to the ends that the topic had when this began, each position once, however often it is handed out. */
async function readBeacons({ log, random }: TestHouse): Promise<LogFacts['beacons']> {
  const ends = await log.ends('ad-beacons');
  const read = ends.map(() => 0);
  const found = new Map<string, LogFacts['beacons'][number]>();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const subscription = await log.subscribe(`proof-${random.uuid()}`, ['ad-beacons'], {
    resume: async ({ partition }) => read[partition] ?? 0,
    async apply(records) {
      for (const { value, ...at } of records) {
        const decoded = decode(value);
        if (decoded.name === 'ad-beacon') found.set(`${at.partition}/${at.offset}`, { ...at, value: decoded.value });
        read[at.partition] = Math.max(read[at.partition] ?? 0, at.offset + 1);
      }
      if (ends.every((end, partition) => (read[partition] ?? 0) >= end)) resolve();
    },
  });
  await done;
  await subscription.stop();
  return [...found.values()];
}

/** Micros in the open sums, once they have come to what is expected, or do not grow any more. */
async function billedBySums(house: TestHouse, expected: number): Promise<number> {
  let billed = -1;
  for (let still = 0; still < 20; ) {
    const minutes = await readOpenSums(house, PARTITIONS);
    const all = [...minutes.values()].flatMap((campaigns) => [...campaigns.values()]);
    const now = all.reduce((sum, { billed_micros }) => sum + billed_micros, 0);
    if (now === expected && still > 2) return now;
    still = now === billed ? still + 1 : 0;
    billed = now;
    await house.clock.sleep(250);
  }
  return billed;
}

function keyIds(ads: readonly Served[]): ReadonlySet<string> {
  return new Set(ads.map(({ tracking }) => /[?&]t=(\w+)\./.exec(tracking.impression ?? '')?.[1] ?? 'none'));
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
}

function call(
  agent: Agent,
  url: string,
  body: string | null,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === null ? {} : { 'content-type': 'application/json' };
    const sent = request(url, { agent, method: body === null ? 'GET' : 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }),
      );
    });
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}
