import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { testCampaign } from '../../decision-api/test-house.ts';
import { micros } from '../../domain/money.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { type RedisServer, startRedisServer, until } from '../../engines/state-store/redis-fixture.ts';
import { decodeBare } from '../../schemas/codec.ts';
import { readOpenSums } from '../../stream-workers/pacing/sums.ts';
import { type House, openHouse, readAll } from './house.ts';

const PRICE = 12_000;
const SMALL_BUDGET_ADS = 25;
const CAP = 2;

const capped = testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: CAP }] });
const small = testCampaign({ totalBudgetMicros: micros(SMALL_BUDGET_ADS * PRICE), pacingMode: 'asap' });
/** Begins when the rollback's copy has been made: what it takes is in no copy. */
const late = { ...small, id: '00000000-0000-7000-8000-00000000f00d', name: 'late' };
const large = testCampaign({ totalBudgetMicros: micros(100_000 * PRICE), pacingMode: 'asap' });
const free = testCampaign();

interface Answer {
  readonly pod: {
    readonly ads: readonly { readonly campaign_id: string; readonly tracking: Record<string, string> }[];
  };
}

/** Viewers who ask again and again; three of four ads are watched, soon or much later, some impressions come twice. */
class Viewers implements AsyncDisposable {
  readonly #house: House;
  readonly #beacons: Promise<unknown>[] = [];
  #asked = 0;
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();
  /** Campaign -> ads served. */
  served = new Map<string, number>();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    this.#running = Promise.all([0, 1, 2, 3].map((lane) => this.#ask(lane)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#beacons);
  }

  async #ask(lane: number): Promise<void> {
    const api = this.#house.apis[lane % this.#house.apis.length];
    while (api && !this.#stopped) {
      const n = this.#asked++;
      // Someone who is new in this second, or someone of a second before: viewers come back after the store did.
      const second = Math.floor(n / 80);
      const user = { id: `${n % 3 === 0 ? second : (n * 7) % (second + 1)} ${n % 5}` };
      const payload = { pod_duration: 150, max_ads: 5, user };
      const response = await api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
      expect(response.statusCode).toBe(200);
      for (const [index, ad] of (response.json() as Answer).pod.ads.entries()) {
        this.served.set(ad.campaign_id, (this.served.get(ad.campaign_id) ?? 0) + 1);
        if ((n + index) % 4 > 0) this.#beacons.push(this.#watch(ad.tracking.impression ?? '', n));
      }
      await sleep(40);
    }
  }

  async #watch(url: string, n: number): Promise<void> {
    const { pathname, search } = new URL(url);
    // Every other one is watched so late that the store has come back by then: its place must have come back too.
    await sleep(n % 2 === 0 ? 7_000 + ((n * 37) % 3_000) : (n * 37) % 2_000);
    for (let again = 0; again < (n % 7 === 0 ? 2 : 1); again++) {
      await this.#house.apis[n % 2]?.app.inject({ method: 'GET', url: pathname + search });
    }
  }
}

/** Waits until both deciders believe the store again; answers how long it took. */
async function recovery(house: House): Promise<number> {
  const began = performance.now();
  await until(async () => {
    const answers = await Promise.all(house.apis.map(({ app }) => app.inject({ method: 'GET', url: '/health/ready' })));
    return answers.every((answer) => !answer.body.includes('state store'));
  });
  return performance.now() - began;
}

async function noticed(house: House): Promise<void> {
  await until(async () => {
    const answers = await Promise.all(house.apis.map(({ app }) => app.inject({ method: 'GET', url: '/health/ready' })));
    return answers.every((answer) => answer.body.includes('state store'));
  });
}

/** Billable impressions by the rule alone: the first of a reservation, on time. */
async function billable(house: House) {
  const seen = new Set<string>();
  const counted: { readonly user: string; readonly campaign: string; readonly micros: number }[] = [];
  for (const { event, appendedAt } of await readAll(house.log, 'ad-beacon')) {
    if (event.event !== 'impression' || seen.has(event.reservation)) continue;
    seen.add(event.reservation);
    if (appendedAt > event.expires_at) continue;
    counted.push({ user: event.viewer, campaign: event.campaign, micros: event.price_micros });
  }
  return counted;
}

async function check(house: House): Promise<void> {
  const counted = await billable(house);
  const ofCapped = Map.groupBy(
    counted.filter(({ campaign }) => campaign === capped.id),
    ({ user }) => user,
  );
  const broken = [...ofCapped].filter(([, views]) => views.length > CAP);
  expect(broken.map(([user, views]) => `${user}: ${views.length}`)).toEqual([]);
  expect(ofCapped.size).toBeGreaterThan(10);
  const spent = (id: string) => counted.filter(({ campaign }) => campaign === id).length;
  for (const { id } of [small, late]) {
    expect(spent(id)).toBeLessThanOrEqual(SMALL_BUDGET_ADS);
    expect(spent(id)).toBeGreaterThan(0);
  }
}

/** What workers have billed is what the log says, campaign by campaign: nothing lost, nothing twice. */
async function checkSums(house: House): Promise<void> {
  const counted = await billable(house);
  const wanted = new Map([...Map.groupBy(counted, ({ campaign }) => campaign)].map(([id, of]) => [id, of.length]));
  const sums = async () => {
    const open = await readOpenSums({ store: house.store }, 4);
    const found = new Map<string, number>();
    for (const id of wanted.keys()) {
      const [entry] = await house.store.read([keys.money(id)]);
      const money = entry?.bytes ? decodeBare('money-record', entry.bytes) : null;
      let count = money?.billed_impressions ?? 0;
      for (const [minute, of] of open) {
        if (minute > (money?.closed_up_to ?? 0)) count += of.get(id)?.impressions ?? 0;
      }
      found.set(id, count);
    }
    return found;
  };
  await expect.poll(sums, { timeout: 10_000 }).toEqual(wanted);
}

async function forget(server: RedisServer, how: 'wiped' | 'emptied' | 'rolled back'): Promise<void> {
  if (how !== 'rolled back') await server.ask('FLUSHALL');
  if (how === 'emptied') return;
  if (how === 'rolled back') {
    await server.ask('SAVE');
    await sleep(2_500);
  }
  await server.kill();
  await server.restart();
}

it.each(['wiped', 'emptied', 'rolled back'] as const)(
  'a Redis that is %s under load breaks no cap and no budget, and is brought up again by itself',
  async (how) => {
    await using server = await startRedisServer();
    await using house = await openHouse(server.url, [
      capped,
      small,
      { ...late, startsAt: Date.now() + 4_500 },
      large,
      free,
    ]);
    await using viewers = new Viewers(house);
    viewers.start();
    await sleep(4_000);
    await forget(server, how);
    await noticed(house);
    viewers.served = new Map();
    const tookMs = await recovery(house);
    const meanwhile = viewers.served;
    viewers.served = new Map();
    await sleep(4_000);
    expect(viewers.served.get(capped.id)).toBeGreaterThan(5);
    expect(viewers.served.get(large.id)).toBeGreaterThan(20);
    await viewers.stop();
    await check(house);
    await checkSums(house);
    for (const { app } of house.apis) {
      const { body } = await app.inject({ method: 'GET', url: '/metrics' });
      expect(body).toMatch(/fallouts_total\{reason="store_catching_up"\} [1-9]/);
      expect(body).toMatch(/breakwater_store_catching_up 0/);
    }
    expect(meanwhile.get(free.id)).toBeGreaterThan(10);
    expect(tookMs).toBeLessThan(20_000);
  },
  60_000,
);
