import { afterAll, beforeAll, expect, test } from 'vitest';
import { dayOf, startOfDay, wallClock } from '../domain/zone.ts';
import { openTestNumbers, type RequestRow, type TestNumbers } from './optimisation/test-numbers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

interface Advice {
  readonly kind: string;
  readonly effect: { readonly expected: number; readonly low: number; readonly high: number };
  readonly change: {
    readonly method: 'PATCH' | 'PUT' | 'POST';
    readonly path: string;
    readonly if_match: string | null;
    readonly body: object;
  };
}

interface Standing {
  readonly campaign_id: string;
  readonly projected: { readonly total: number };
  readonly why: readonly string[];
  readonly would_change_it: readonly {
    readonly kind: string;
    readonly factor?: number;
    readonly ends_at?: string;
  }[];
}

let numbers: TestNumbers;
let desk: TestDesk;
let manager: string;
let foreign: string;

beforeAll(async () => {
  numbers = await openTestNumbers();
  desk = await openTestDesk(numbers.warehouse);
  manager = await desk.key(await desk.organisation('Ours'), 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
});

afterAll(async () => {
  await desk?.close();
  await numbers?.close();
});

const hour = () => Math.floor(desk.parts.clock.now() / hourMs) * hourMs;

async function campaign(fields: object = {}): Promise<{ id: string; creatives: string[] }> {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const made = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Spring',
    advertiser_id: owner.id,
    status: 'active',
    starts_at: new Date(hour() - 4 * dayMs).toISOString(),
    ends_at: new Date(hour() + 6 * dayMs).toISOString(),
    pricing: { model: 'cpm', rate_micros: 10_000_000 },
    total_budget_micros: 100_000_000,
    ...fields,
  });
  expect(made.status).toBe(201);
  const { id } = made.body;
  const creatives: string[] = [];
  for (const name of ['A', 'B']) {
    const { body } = await desk.ask(manager, 'POST', `/api/v2/campaigns/${id}/creatives`, {
      name,
      duration_seconds: 30,
      media: [{ url: 'https://media.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }],
    });
    creatives.push(body.id);
  }
  return { id, creatives };
}

const hoursBack = (count: number) => Array.from({ length: count }, (_, index) => hour() - (index + 1) * hourMs);

async function advice(id: string, kind: string): Promise<Advice[]> {
  const { status, body } = await desk.ask(manager, 'GET', `/api/v2/optimization/recommendations?campaign_id=${id}`);
  expect(status).toBe(200);
  return (body.items as Advice[]).filter((one) => one.kind === kind);
}

/** Sends the change as the recommendation gives it. */
async function apply(one: Advice | undefined): Promise<number> {
  if (one === undefined) throw new Error('nothing is recommended');
  const { method, path, if_match, body } = one.change;
  return (await desk.ask(manager, method, path, body, if_match === null ? {} : { 'if-match': if_match })).status;
}

test('pacing says what was delivered, what will be, how likely that is, and what would change it', async () => {
  const slow = await campaign();
  const brisk = await campaign();
  const rows = (id: string, creative: string, micros: number) =>
    hoursBack(96).map((at) => ({ hour: at, campaign: id, creative, impressions: 20, micros }));
  // 100 in 240 hours: 20 c an hour is half of it, 60 c are plenty.
  await numbers.deliver([
    ...rows(slow.id, slow.creatives[0] as string, 200_000),
    ...rows(brisk.id, brisk.creatives[0] as string, 600_000),
  ]);
  const { body } = await desk.ask(manager, 'GET', '/api/v2/optimization/pacing');
  const items = body.items as Standing[];
  const of = (id: string) => items.find((one) => one.campaign_id === id) as Standing;
  expect(of(slow.id)).toMatchObject({ unit: 'micros', total: 100_000_000, done: 19_200_000 });
  expect(of(slow.id).projected).toMatchObject({ probability_of_full_delivery: expect.closeTo(0, 2), reached_at: null });
  expect(of(slow.id).projected.total).toBeGreaterThan(45_000_000);
  expect(of(slow.id).projected.total).toBeLessThan(51_000_000);
  const levers = of(slow.id).would_change_it;
  expect(levers.map(({ kind }) => kind)).toEqual(['delivery_rate', 'ends_at', 'total']);
  expect(levers[0]?.factor).toBeGreaterThan(2.5);
  expect(Date.parse(levers[1]?.ends_at ?? '')).toBeGreaterThan(hour() + 16 * dayMs);
  expect(of(slow.id).why.join()).toMatch(/will end at 4\d % of its total/);
  expect(of(brisk.id).why.join()).not.toMatch(/will end at/);
  // A plan wants each day what is left then.
  if (Date.now() % dayMs > 6 * hourMs)
    expect(of(slow.id).why.join()).toMatch(/delivered \d\d % of what its plan wants/);
  expect(of(brisk.id).projected).toMatchObject({ probability_of_full_delivery: expect.closeTo(1, 1) });
  expect(await desk.ask(foreign, 'GET', '/api/v2/optimization/pacing')).toMatchObject({ body: { items: [] } });
  expect((await desk.ask(foreign, 'GET', `/api/v2/optimization/pacing?campaign_id=${slow.id}`)).status).toBe(404);
});

test('what the MVP had spent is done, and a budget that it has begun is not short of it', async () => {
  const { id, creatives } = await campaign();
  await desk.parts.desk.system((sql) =>
    sql.query('UPDATE campaigns SET spent_before_micros = 80000000 WHERE id = $1', [id]),
  );
  await numbers.deliver(
    hoursBack(80).map((at) => ({
      hour: at,
      campaign: id,
      creative: creatives[0] as string,
      impressions: 25,
      micros: 250_000,
    })),
  );
  const { body } = await desk.ask(manager, 'GET', `/api/v2/optimization/pacing?campaign_id=${id}`);
  expect(body.items).toMatchObject([
    { done: 100_000_000, projected: { total: 100_000_000, probability_of_full_delivery: 1 }, would_change_it: [] },
  ]);
  expect((body.items as { target_by_now: number }[])[0]?.target_by_now).toBeGreaterThan(80_000_000);
  expect(await advice(id, 'under_delivery')).toEqual([]);
});

test('today begins at midnight also where midnight divides an hour of UTC', async () => {
  const zone = 'Asia/Kolkata';
  const { id, creatives } = await campaign({ time_zone: zone, daily_budget_micros: 5_000_000 });
  const midnight = startOfDay(dayOf(desk.parts.clock.now(), zone), zone);
  const row = { campaign: id, creative: creatives[0] as string, impressions: 10 };
  await numbers.deliver([
    { ...row, hour: midnight - 30 * minuteMs, micros: 400_000 },
    { ...row, hour: midnight, micros: 3_000_000 },
    { ...row, hour: midnight + 29 * minuteMs, micros: 2_000_000 },
  ]);
  const { body } = await desk.ask(manager, 'GET', `/api/v2/optimization/pacing?campaign_id=${id}`);
  expect(body.items).toMatchObject([
    { done: 5_400_000, why: expect.arrayContaining(['Its daily budget is used up for today.']) },
  ]);
});

test('a weak creative is found by its own numbers, and the change that is offered applies', async () => {
  const { id, creatives } = await campaign();
  const [good, bad] = creatives as [string, string];
  const row = { campaign: id, micros: 1_000 };
  await numbers.deliver([
    { ...row, hour: hour() - hourMs, creative: good, impressions: 1_000, starts: 1_000, completes: 900 },
    { ...row, hour: hour() - hourMs, creative: bad, impressions: 1_000, starts: 1_000, completes: 600 },
  ]);
  const found = await advice(id, 'weak_creative');
  expect(found).toMatchObject([{ subject: bad, evidence: { completion_rate: 0.6, others_completion_rate: 0.9 } }]);
  const effect = found[0]?.effect ?? { expected: 0, low: 0, high: 0 };
  expect(effect.expected).toBeCloseTo(0.15, 2);
  expect(effect.low).toBeLessThan(effect.expected);
  expect(effect.high).toBeGreaterThan(effect.expected);
  expect(await apply(found[0])).toBe(200);
  expect(await apply(found[0])).toBe(412);
  expect(await advice(id, 'weak_creative')).toEqual([]);
});

test('hours in which ads are not finished are told, and excluded by the change', async () => {
  const { id, creatives } = await campaign({ time_zone: 'America/New_York' });
  const zoned = (at: number) =>
    Number(
      new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', hour: 'numeric', hourCycle: 'h23' }).format(at),
    );
  await numbers.deliver(
    hoursBack(72).map((at) => {
      const wasted = zoned(at) === 3 || zoned(at) === 4;
      return {
        hour: at,
        campaign: id,
        creative: creatives[0] as string,
        impressions: 100,
        completes: wasted ? 50 : 90,
        micros: 1,
      };
    }),
  );
  const found = await advice(id, 'wasted_day_parts');
  expect(found).toMatchObject([{ subject: '03:00 to 05:00' }]);
  expect(await apply(found[0])).toBe(200);
  const { body } = await desk.ask(manager, 'GET', `/api/v2/campaigns/${id}/targeting`);
  expect(body.rules).toMatchObject([
    { conditions: [{ dimension: 'day_parts', mode: 'exclude', values: [{ start: '03:00', end: '05:00' }] }] },
  ]);
});

test('hours of the day begin with the hours of the zone, also half-way through those of UTC', async () => {
  const { id, creatives } = await campaign({ time_zone: 'Asia/Kathmandu' });
  const wasted = (at: number) => [3, 4].includes(Math.floor(wallClock(at, 'Asia/Kathmandu').minuteOfDay / 60));
  const quarters = hoursBack(72).flatMap((at) => [0, 15, 30, 45].map((minute) => at + minute * minuteMs));
  await numbers.deliver(
    quarters.map((at) => ({
      hour: at,
      campaign: id,
      creative: creatives[0] as string,
      impressions: 50,
      completes: wasted(at) ? 25 : 45,
      micros: 1,
    })),
  );
  expect(await advice(id, 'wasted_day_parts')).toMatchObject([{ subject: '03:00 to 05:00' }]);
});

test('what is outbid is told the raise that wins, and what is narrow the condition to drop', async () => {
  const { id, creatives } = await campaign();
  const rule = { conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['IS'] }] };
  expect((await desk.ask(manager, 'POST', `/api/v2/campaigns/${id}/targeting`, rule)).status).toBe(201);
  await numbers.deliver(
    hoursBack(90).map((at) => ({
      hour: at,
      campaign: id,
      creative: creatives[0] as string,
      impressions: 1,
      micros: 10_000,
    })),
  );
  const rival = '00000000-0000-7000-8000-0000000000aa';
  const entry = (outcome: string) => [
    { campaign: id, outcome, value: 10_000, score: 10_000 },
    {
      campaign: rival,
      outcome: outcome === 'won' ? 'lost' : 'won',
      value: 12_000,
      score: outcome === 'won' ? 9_000 : 10_800,
    },
  ];
  const at = hour() - hourMs;
  const rows: RequestRow[] = Array.from({ length: 400 }, (_, index) => ({
    at,
    country: index % 40 === 0 ? 'IS' : 'US',
    candidates: entry(index % 4 === 0 ? 'won' : 'lost'),
  }));
  await numbers.ask(rows);
  expect(await advice(id, 'bid_too_low')).toMatchObject([
    {
      evidence: { entered: 400, won: 100, lost: 300, raise: 0.1, would_win: 300 },
      change: { body: { pricing: { model: 'cpm', rate_micros: 11_000_000 } } },
    },
  ]);
  const narrow = await advice(id, 'narrow_targeting');
  expect(narrow).toMatchObject([
    { subject: 'geo_countries', evidence: { requests_sampled: 400, requests_matched: 10, matched_without: 400 } },
  ]);
  expect(await apply(narrow[0])).toBe(200);
  expect(await advice(id, 'narrow_targeting')).toEqual([]);
});

test('fields that are not known, ids of nothing and a foreign cursor are refused by their place', async () => {
  expect(await desk.ask(manager, 'GET', '/api/v2/optimization/pacing?what=1')).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/what' }] },
  });
  expect((await desk.ask(manager, 'GET', '/api/v2/optimization/recommendations?kind=luck')).status).toBe(400);
  expect((await desk.ask(manager, 'GET', '/api/v2/optimization/recommendations?cursor=abc')).status).toBe(400);
});
