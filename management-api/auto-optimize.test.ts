import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureRun } from './optimisation/effects.ts';
import type { RunItem, RunRow } from './optimisation/runs.ts';
import { openTestNumbers, type TestNumbers } from './optimisation/test-numbers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';
import { olderCampaigns } from './test-many.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let numbers: TestNumbers;
let desk: TestDesk;
let manager: string;

interface Item {
  readonly campaign_id: string;
  readonly outcome: string;
  readonly reverted: string | null;
}

beforeAll(async () => {
  numbers = await openTestNumbers();
  desk = await openTestDesk(numbers.warehouse);
  manager = await desk.key(await desk.organisation('Ours'), 'manager');
});

afterAll(async () => {
  await desk?.close();
  await numbers?.close();
});

const hour = () => Math.floor(desk.parts.clock.now() / hourMs) * hourMs;

/** A campaign with a good and a bad creative; answers its id and the bad one's. */
async function campaign(advertiser: string): Promise<{ id: string; bad: string }> {
  const made = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Spring',
    advertiser_id: advertiser,
    status: 'active',
    starts_at: new Date(hour() - 4 * dayMs).toISOString(),
    ends_at: new Date(hour() + 6 * dayMs).toISOString(),
    pricing: { model: 'cpm', rate_micros: 10_000_000 },
  });
  const { id } = made.body;
  const ids: string[] = [];
  for (const name of ['good', 'bad']) {
    const { body } = await desk.ask(manager, 'POST', `/api/v2/campaigns/${id}/creatives`, {
      name,
      duration_seconds: 30,
      media: [{ url: 'https://media.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }],
    });
    ids.push(body.id);
  }
  const row = { campaign: id, micros: 1_000, hour: hour() - hourMs, impressions: 1_000, starts: 1_000 };
  const [good, bad] = ids as [string, string];
  await numbers.deliver([
    { ...row, creative: good, completes: 900 },
    { ...row, creative: bad, completes: 600 },
  ]);
  return { id, bad };
}

test('a run applies within its bounds, leaves its hold-out alone, is audited, and is put back', async () => {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const made = [];
  for (let index = 0; index < 8; index++) made.push(await campaign(owner.id));
  const statusOf = async (bad: string) => (await desk.ask(manager, 'GET', `/api/v2/creatives/${bad}`)).body.status;
  const path = '/api/v2/optimization/auto-optimize';
  const wanted = { kinds: ['weak_creative'], hold_out_percent: 50, max_changes: 2 };

  const dry = await desk.ask(manager, 'POST', path, { ...wanted, hold_out_percent: 0, dry_run: true });
  expect(dry.status).toBe(200);
  const outcomes = (items: unknown) => Map.groupBy(items as Item[], ({ outcome }) => outcome);
  expect(outcomes(dry.body.items).get('would_apply')).toHaveLength(2);
  expect(outcomes(dry.body.items).get('beyond_max_changes')).toHaveLength(6);
  for (const { bad } of made) expect(await statusOf(bad)).toBe('active');

  const run = await desk.ask(manager, 'POST', path, { ...wanted, max_changes: 20 });
  expect(run.status).toBe(201);
  const { applied = [], held_out = [] } = Object.fromEntries(outcomes(run.body.items));
  expect(applied.length + held_out.length).toBe(8);
  for (const { id, bad } of made) {
    const isApplied = applied.some(({ campaign_id }) => campaign_id === id);
    expect(await statusOf(bad)).toBe(isApplied ? 'inactive' : 'active');
  }
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query(`SELECT 1 FROM audit_log WHERE resource = 'auto_optimise'`),
  );
  expect(rows).toHaveLength(applied.length);
  const { items: listed } = (await desk.ask(manager, 'GET', path)).body;
  expect(listed).toMatchObject([
    { id: run.body.id, applied: applied.length, campaigns_looked_at: 8, truncated: false },
  ]);
  const read = await desk.ask(manager, 'GET', `${path}/${run.body.id}`);
  expect(read.body.measured).toMatchObject([
    { kind: 'weak_creative', treated: applied.length, held_out: held_out.length },
  ]);

  // One was changed by somebody since: it stays as they left it.
  const [touched, ...rest] = made.filter(({ id }) => applied.some(({ campaign_id }) => campaign_id === id));
  if (touched) {
    await desk.ask(manager, 'PATCH', `/api/v2/creatives/${touched.bad}`, { status: 'active' }, { 'if-match': '*' });
  }
  const back = await desk.ask(manager, 'POST', `${path}/${run.body.id}/revert`);
  expect(back.status).toBe(200);
  const reverted = (back.body.items as Item[]).filter((one) => one.reverted === 'reverted');
  expect(reverted).toHaveLength(rest.length);
  for (const { bad } of made) expect(await statusOf(bad)).toBe('active');
  const measured = async (id: string) => (await desk.ask(manager, 'GET', `${path}/${id}`)).body.measured_until;
  expect(await measured(run.body.id)).toBe(back.body.reverted_at);
  const again = await desk.ask(manager, 'POST', `${path}/${run.body.id}/revert`);
  expect((again.body.items as Item[]).filter((one) => one.reverted === 'reverted')).toHaveLength(rest.length);

  // What a later run changes is no longer what this one did.
  const first = await desk.ask(manager, 'POST', path, { ...wanted, hold_out_percent: 90 });
  expect(await measured(first.body.id)).not.toBe(first.body.at);
  const later = await desk.ask(manager, 'POST', path, { ...wanted, hold_out_percent: 0, max_changes: 20 });
  expect(outcomes(later.body.items).get('applied')?.length).toBeGreaterThan(0);
  expect(await measured(first.body.id)).toBe(later.body.at);
});

test('a cap that fatigue asks for takes the place of those it covers, is refused where there is no room, and is put back', async () => {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Tired' });
  const [capped, full] = [(await campaign(owner.id)).id, (await campaign(owner.id)).id];
  const capsOf = async (id: string) =>
    (await desk.ask(manager, 'GET', `/api/v2/campaigns/${id}/frequency-cap`)).body.caps;
  const put = async (id: string, caps: readonly object[]) =>
    await desk.ask(manager, 'PUT', `/api/v2/campaigns/${id}/frequency-cap`, { caps }, { 'if-match': '*' });
  const daily = { scope: 'user', creative_id: null, window: 'day', max_impressions: 5 };
  const minutely = { scope: 'device', creative_id: null, window: 'minute', max_impressions: 1 };
  expect((await put(capped, [daily, minutely])).status).toBe(200);
  expect((await put(full, await sixtyFourCaps(full))).status).toBe(200);
  for (const id of [capped, full])
    await numbers.tire({ campaign: id, at: hour() - hourMs, viewers: 300, views: 5, fresh: 2 });

  const path = '/api/v2/optimization/auto-optimize';
  const wanted = { kinds: ['fatigue'], campaign_ids: [capped, full], hold_out_percent: 0 };
  const run = await desk.ask(manager, 'POST', path, wanted);
  const weekly = { scope: 'user', creative_id: null, window: 'week', max_impressions: 2 };
  expect(run).toMatchObject({ status: 201 });
  const items = new Map((run.body.items as Item[]).map((one) => [one.campaign_id, one]));
  expect(items.get(capped)).toMatchObject({ outcome: 'applied', detail: null });
  expect(items.get(full)).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('at most 64') });
  expect(await capsOf(capped)).toEqual([minutely, weekly]);

  const back = await desk.ask(manager, 'POST', `${path}/${run.body.id}/revert`);
  expect((back.body.items as Item[]).find((one) => one.campaign_id === capped)?.reverted).toBe('reverted');
  expect(await capsOf(capped)).toEqual([daily, minutely]);

  // Whoever makes the change by hand gets the same caps.
  const { body } = await desk.ask(
    manager,
    'GET',
    `/api/v2/optimization/recommendations?campaign_id=${capped}&kind=fatigue`,
  );
  const [{ change }] = body.items as [{ change: { method: 'PUT'; path: string; if_match: string; body: object } }];
  const made = await desk.ask(manager, change.method, change.path, change.body, { 'if-match': change.if_match });
  expect(made.status).toBe(200);
  expect(await capsOf(capped)).toEqual([minutely, weekly]);
});

/** As many as a campaign may have, none of which another makes idle. */
async function sixtyFourCaps(id: string): Promise<object[]> {
  const caps: object[] = [];
  while (caps.length < 64) {
    const { body } = await desk.ask(manager, 'POST', `/api/v2/campaigns/${id}/creatives`, {
      name: `${caps.length}`,
      duration_seconds: 30,
      media: [{ url: 'https://media.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }],
    });
    const windows = ['minute', 'hour', 'day', 'week'].entries();
    for (const [index, window] of windows)
      caps.push({ scope: 'device', creative_id: body.id, window, max_impressions: index + 1 });
  }
  return caps;
}

test('a campaign that delivers nothing any more is measured as 0, and one that just began by its own days', async () => {
  const at = hour() - 2 * dayMs;
  const id = (index: number) => `00000000-0000-7000-8000-0000000000c${index}`;
  const items = [0, 1, 2, 3].map((index) => ({
    kind: 'bid_too_low',
    campaign_id: id(index),
    outcome: index < 2 ? 'applied' : 'held_out',
    effect: { measure: 'impressions_per_day' },
  }));
  // All four had 100 a day: the last for a day only. Those treated came to a stand, the others go on.
  const rows = [
    ...[0, 1, 2].flatMap((index) => [1, 2, 3, 4, 5, 6, 7].map((day) => [index, at - day * dayMs])),
    [3, at - dayMs],
    ...[2, 3].flatMap((index) => [0, 1].map((day) => [index, at + day * dayMs])),
  ] as [number, number][];
  const values = rows.map(([index, minute]) => `(${minute / 1_000}, '${id(index)}', '${id(9)}', 100)`);
  await numbers.warehouse.run(
    `INSERT INTO breakwater.delivery_minutes (minute, campaign, creative, impressions) VALUES ${values.join(', ')}`,
  );
  const run: RunRow = {
    id: id(8),
    at: new Date(at),
    actor: '',
    request: {},
    items: items as unknown as RunItem[],
    reverted_at: null,
    campaigns_looked_at: null,
    truncated: null,
  };
  const startsAt = new Map([0, 1, 2, 3].map((index) => [id(index), at - (index === 3 ? 1 : 30) * dayMs]));
  const [seen] = await measureRun(run, { until: hour(), startsAt }, desk.parts);
  expect(seen).toMatchObject({ treated: 2, held_out: 2, difference: -100, low: -100, high: -100 });
});

test('runs are listed, the newest first, and say whether there are more campaigns than they looked at', async () => {
  const key = await desk.key(await desk.organisation('Many'), 'manager');
  const { body: owner } = await desk.ask(key, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const path = '/api/v2/optimization/auto-optimize';
  const runs: string[] = [];
  for (const [count, looked, truncated] of [
    [500, 500, false],
    [1, 500, true],
  ] as const) {
    const from = hour() - dayMs;
    await olderCampaigns(desk, { advertiser: owner.id, first: runs.length * 500, count, from, to: from + 9 * dayMs });
    const run = await desk.ask(key, 'POST', path, { kinds: ['fatigue'] });
    expect(run).toMatchObject({ status: 201, body: { campaigns_looked_at: looked, truncated, items: [] } });
    runs.push(run.body.id);
  }
  const named = { kinds: ['fatigue'], campaign_ids: ['00000000-0000-0000-0000-000000000007'] };
  const one = await desk.ask(key, 'POST', path, named);
  expect(one.body).toMatchObject({ campaigns_looked_at: 1, truncated: false });
  runs.push(one.body.id);
  await desk.ask(key, 'POST', path, { ...named, dry_run: true });
  const first = await desk.ask(key, 'GET', `${path}?limit=2`);
  expect(first.body.items).toMatchObject([
    { id: runs[2], applied: 0 },
    { id: runs[1], truncated: true, dry_run: false, reverted_at: null },
  ]);
  const rest = await desk.ask(key, 'GET', `${path}?limit=2&cursor=${first.body.next_cursor}`);
  expect(rest.body).toMatchObject({ items: [{ id: runs[0] }], next_cursor: null });
});

test('kinds that nobody knows and bounds beyond the bounds are refused by their place', async () => {
  const path = '/api/v2/optimization/auto-optimize';
  expect(await desk.ask(manager, 'POST', path, { kinds: ['luck'] })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/kinds/0' }] },
  });
  expect(await desk.ask(manager, 'POST', path, {})).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/kinds' }] },
  });
  expect((await desk.ask(manager, 'POST', path, { kinds: ['fatigue'], max_changes: 0 })).status).toBe(400);
  expect((await desk.ask(manager, 'GET', `${path}/00000000-0000-7000-8000-000000000000`)).status).toBe(404);
});
