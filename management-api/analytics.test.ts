import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReports } from '../engines/open.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { count, openTestHouse, type Party, partyOf, rawOf as rawIn, type TestHouse } from './analytics/test-house.ts';
import type { TestDesk } from './test-desk.ts';

const from = Date.UTC(2026, 10, 1, 3, 0);
let house: TestHouse;
let desk: TestDesk;
let ours: Party;
let theirs: Party;

beforeAll(async () => {
  house = await openTestHouse();
  desk = house.desk;
  ours = await partyOf(desk, 'Ours');
  theirs = await partyOf(desk, 'Theirs');
  await writeDelivery(house.warehouse, [ours, theirs], { from, minutes: 60 * 26, beacons: 6_000 });
}, 180_000);

afterAll(() => house?.close());

const rawOf = (campaign: string) => rawIn(house.warehouse, campaign);

test('a campaign’s numbers are a recount of its raw rows, and the classes of beacons add up', async () => {
  const raw = await rawOf(ours.campaign);
  const said = await desk.ask(ours.key, 'GET', `/api/v2/analytics/campaigns/${ours.campaign}?to=2026-11-03T00:00:00Z`);
  expect(said.status, JSON.stringify(said.body)).toBe(200);
  const totals = said.body.totals as Record<string, number>;
  expect(raw.length).toBeGreaterThan(2_000);
  expect(totals).toMatchObject({
    gross: raw.length,
    impressions: count(raw, 'impression'),
    completes: count(raw, 'complete'),
    clicks: count(raw, 'click'),
    spend_micros: raw.reduce((sum, { spend }) => sum + spend, 0),
    duplicates: raw.filter(({ duplicate }) => duplicate).length,
    late: raw.filter(({ duplicate, late }) => late && !duplicate).length,
    reach: new Set(raw.filter(({ event, billable }) => event === 'impression' && billable).map(({ viewer }) => viewer))
      .size,
    ctr: count(raw, 'click') / count(raw, 'impression'),
  });
  expect(totals.invalid).toBeGreaterThan(0);
  const { gross = 0, duplicates = 0, late = 0, invalid = 0 } = totals;
  expect(gross - duplicates - late - invalid).toBe(totals.net);
  const impressions = (rows: unknown) =>
    (rows as { impressions: number }[]).reduce((sum, row) => sum + row.impressions, 0);
  for (const by of ['by_time', 'by_creative', 'by_device', 'by_geo', 'by_content', 'by_hour']) {
    expect(impressions(said.body[by]), by).toBe(totals.impressions);
  }
  expect((said.body.by_content as unknown[]).length).toBe(3);
  expect(said.body.data_as_of).toBeTypeOf('string');
  expect(said.body.live).toMatchObject({ impressions: 0, spend_micros: 0 });
});

test('the plan holds what was spent before the stream counted against the budget', async () => {
  const spent = (amount: number) =>
    desk.parts.desk.system((sql) =>
      sql.query('UPDATE campaigns SET spent_before_micros = $2 WHERE id = $1', [ours.campaign, amount]),
    );
  await spent(250_000_000);
  const { body } = await desk.ask(ours.key, 'GET', `/api/v2/analytics/campaigns/${ours.campaign}`);
  await spent(0);
  expect(body.plan).toMatchObject({ spent_micros: 250_000_000, budget_used: 0.25, spent_today_micros: 0 });
  expect(body.live).toMatchObject({ spend_micros: 0 });
});

test('hours of a day with 25 of them stand apart, in the zone of the campaign', async () => {
  const raw = await rawOf(ours.campaign);
  const path = `/api/v2/analytics/campaigns/${ours.campaign}?granularity=hour&from=2026-11-01T04:00:00Z&to=2026-11-02T05:00:00Z`;
  const said = await desk.ask(ours.key, 'GET', path);
  const rows = said.body.by_time as { time: string; impressions: number }[];
  expect(rows.length).toBe(25);
  expect(rows.filter(({ time }) => time.startsWith('2026-11-01T01:00:00')).map(({ time }) => time)).toEqual([
    '2026-11-01T01:00:00-04:00',
    '2026-11-01T01:00:00-05:00',
  ]);
  for (const { time, impressions } of rows) {
    const start = Date.parse(time);
    const own = raw.filter(({ at }) => at >= start && at < start + 3_600_000);
    expect(impressions, time).toBe(count(own, 'impression'));
  }
});

test('performance lists every campaign of the organisation, the deleted ones too, and none of another', async () => {
  const gone = await desk.ask(ours.key, 'POST', '/api/v2/campaigns', {
    name: 'Gone',
    advertiser_id: ours.advertiser,
    starts_at: '2026-11-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
  });
  await desk.ask(ours.key, 'DELETE', `/api/v2/campaigns/${gone.body.id}`, undefined, { 'if-match': '*' });
  const said = await desk.ask(ours.key, 'GET', '/api/v2/analytics/performance');
  expect(said.status, JSON.stringify(said.body)).toBe(200);
  const items = said.body.items as Record<string, unknown>[];
  expect(items.map(({ name, status }) => [name, status])).toEqual([
    ['Gone', 'deleted'],
    ['Ours campaign', 'draft'],
  ]);
  const raw = await rawOf(ours.campaign);
  expect(items[1]).toMatchObject({
    total_impressions: count(raw, 'impression'),
    completion_rate: count(raw, 'complete') / count(raw, 'start'),
    pacing_status: null,
  });
  const first = await desk.ask(ours.key, 'GET', '/api/v2/analytics/performance?limit=1');
  const second = await desk.ask(
    ours.key,
    'GET',
    `/api/v2/analytics/performance?limit=1&cursor=${first.body.next_cursor}`,
  );
  expect((second.body.items as { name: string }[])[0]?.name).toBe('Ours campaign');
  expect(second.body.next_cursor).toBeNull();
});

test('another organisation’s campaign is not there', async () => {
  const said = await desk.ask(ours.key, 'GET', `/api/v2/analytics/campaigns/${theirs.campaign}`);
  expect(said.status).toBe(404);
});

test('with the warehouse away it is 503, and says up to when it knew', async () => {
  const away = openReports('http://127.0.0.1:1');
  Object.assign(desk.parts, { analytics: { ...house.analytics, reader: away } });
  const said = await desk.ask(ours.key, 'GET', '/api/v2/analytics/performance');
  expect(said.status).toBe(503);
  expect(said.body.data_as_of).toBeTypeOf('string');
  Object.assign(desk.parts, { analytics: house.analytics });
  await away.close();
});

test('the tables of a campaign are whole: a granularity of more rows than they hold is refused', async () => {
  const ask = (to: string) =>
    desk.ask(
      ours.key,
      'GET',
      `/api/v2/analytics/campaigns/${ours.campaign}?granularity=minute&from=2026-11-01T00:00:00Z&to=${to}`,
    );
  expect(await ask('2026-11-04T12:00:00Z')).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/granularity' }] },
  });
  expect((await ask('2026-11-04T11:00:00Z')).status).toBe(200);
});
