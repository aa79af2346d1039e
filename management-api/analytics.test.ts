import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { makeTopics, openEventLog, openReports, openStateStore, openWarehouse } from '../engines/open.ts';
import { migrateWarehouse } from '../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import type { AnalyticsParts } from './analytics/parts.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-analytics-'));
const from = Date.UTC(2026, 10, 1, 3, 0);
let server: TestWarehouse;
let warehouse: Warehouse;
let analytics: AnalyticsParts;
let desk: TestDesk;
let ours: { key: string; organisation: string; advertiser: string; campaign: string };
let theirs: typeof ours;

beforeAll(async () => {
  server = await startTestWarehouse();
  warehouse = await openWarehouse(server.url);
  await migrateWarehouse(warehouse, () => undefined);
  const clock = systemClock();
  const config = readConfig({ DATA_DIR: folder, PARTITIONS: '4' });
  const log = await openEventLog(config, clock);
  await makeTopics(log, config);
  const store = await openStateStore(config, clock);
  const reader = openReports(server.url);
  analytics = { reader, warehouse, store, log, logClockMarginMs: 0, resultsDir: join(folder, 'reports') };
  desk = await openTestDesk(null, analytics);
  ours = await party('Ours');
  theirs = await party('Theirs');
  await writeDelivery(warehouse, [ours, theirs], { from, minutes: 60 * 26, beacons: 6_000 });
});

afterAll(async () => {
  await desk?.close();
  await analytics?.reader.close();
  await analytics?.store.close();
  await analytics?.log.close();
  await warehouse?.close();
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function party(name: string) {
  const organisation = await desk.organisation(name);
  const key = await desk.key(organisation, 'admin');
  const advertiser = (await desk.ask(key, 'POST', '/api/v2/advertisers', { name })).body.id;
  const made = await desk.ask(key, 'POST', '/api/v2/campaigns', {
    name: `${name} campaign`,
    advertiser_id: advertiser,
    starts_at: '2026-11-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    time_zone: 'America/New_York',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
    total_budget_micros: 1_000_000_000,
  });
  return { key, organisation, advertiser, campaign: made.body.id };
}

interface Raw {
  readonly event: string;
  readonly at: number;
  readonly campaign: string;
  readonly creative: string;
  readonly viewer: string;
  readonly duplicate: boolean;
  readonly late: boolean;
  readonly billable: boolean;
  readonly spend: number;
  readonly device: string;
}

const rawOf = (campaign: string) =>
  warehouse.query<Raw>(
    `SELECT event, toUnixTimestamp(minute) * 1000 AS at, toString(campaign) AS campaign, toString(creative) AS creative,
       viewer, duplicate, late, billable, toInt32(spend_micros) AS spend, device_type AS device
     FROM breakwater.beacons AS b FINAL WHERE b.campaign = {campaign:UUID}`,
    { campaign },
  );

const count = (rows: readonly Raw[], event: string) => rows.filter((row) => row.event === event && row.billable).length;

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
  Object.assign(desk.parts, { analytics: { ...analytics, reader: away } });
  const said = await desk.ask(ours.key, 'GET', '/api/v2/analytics/performance');
  expect(said.status).toBe(503);
  expect(said.body.data_as_of).toBeTypeOf('string');
  Object.assign(desk.parts, { analytics });
  await away.close();
});
