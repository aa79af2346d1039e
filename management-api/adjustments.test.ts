import { afterAll, beforeAll, expect, it } from 'vitest';
import { shareAdjustments } from './analytics/adjustments.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { count, openTestHouse, type Party, partyOf, type Raw, rawOf, type TestHouse } from './analytics/test-house.ts';

const from = Date.UTC(2026, 10, 1, 3, 0);
const span = { from: '2026-11-01T03:00:00Z', to: '2026-11-02T05:00:00Z' };
let house: TestHouse;
let ours: Party;
let theirs: Party;
let raw: readonly Raw[];

beforeAll(async () => {
  house = await openTestHouse();
  [ours, theirs] = [await partyOf(house.desk, 'Ours'), await partyOf(house.desk, 'Theirs')];
  await writeDelivery(house.warehouse, [ours, theirs], { from, minutes: 60 * 26, beacons: 6_000 });
  raw = await rawOf(house.warehouse, ours.campaign);
}, 180_000);

afterAll(() => house?.close());

const path = '/api/v2/adjustments';
const record = (party: Party, body: object) =>
  house.desk.ask(party.key, 'POST', path, { campaign_id: ours.campaign, reason: 'invalid_traffic', ...span, ...body });
const spend = () => raw.reduce((sum, one) => sum + one.spend, 0);

async function report(body: object): Promise<Record<string, unknown>[]> {
  const asked = { from: '2026-11-01T00:00:00Z', to: '2026-11-03T00:00:00Z', ...body };
  const { status, body: answer } = await house.desk.ask(ours.key, 'POST', '/api/v2/analytics/custom-report', asked);
  expect(status, JSON.stringify(answer)).toBe(200);
  return answer.rows as Record<string, unknown>[];
}

const measures = [
  'impressions',
  'adjusted_impressions',
  'payable_impressions',
  'spend_micros',
  'adjusted_micros',
  'payable_micros',
];

it('an adjustment stands in every report beside what was billed, and changes nothing of that', async () => {
  const made = await record(ours, { impressions: 7, amount_micros: 84_000, note: 'a verifier said so' });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  expect(made.body).toMatchObject({ impressions: 7, amount_micros: 84_000, reverses: null });
  const impressions = count(raw, 'impression');
  expect(await report({ measures })).toEqual([
    {
      impressions,
      adjusted_impressions: 7,
      payable_impressions: impressions - 7,
      spend_micros: spend(),
      adjusted_micros: 84_000,
      payable_micros: spend() - 84_000,
    },
  ]);
  const days = await report({
    measures: ['spend_micros', 'adjusted_micros'],
    granularity: 'day',
    dimensions: ['campaign'],
  });
  expect(days.map((row) => [row.time, row.adjusted_micros])).toEqual([
    ['2026-11-01', 84_000],
    ['2026-11-02', 0],
  ]);
  // By what an adjustment does not say it stands apart, also where raw rows are read.
  const byPosition = await report({ measures: ['spend_micros', 'adjusted_micros'], dimensions: ['position'] });
  expect(byPosition.find((row) => row.position === 0)).toEqual({
    position: 0,
    spend_micros: 0,
    adjusted_micros: 84_000,
  });
  expect(byPosition.reduce((sum, row) => sum + Number(row.spend_micros), 0)).toBe(spend());
  const compared = await report({
    measures: ['adjusted_micros'],
    from: '2026-11-02T00:00:00Z',
    to: '2026-11-03T00:00:00Z',
    compare: 'previous_period',
  });
  expect(compared).toEqual([{ adjusted_micros: 0, previous_adjusted_micros: 84_000 }]);
  const analytics = await house.desk.ask(
    ours.key,
    'GET',
    `/api/v2/analytics/campaigns/${ours.campaign}?to=2026-11-03T00:00:00Z`,
  );
  expect(analytics.body.totals).toMatchObject({
    spend_micros: spend(),
    adjusted_micros: 84_000,
    payable_micros: spend() - 84_000,
  });
  const [seen] = await house.warehouse.query<Record<string, string>>(
    `SELECT sum(net_impressions) AS net, sum(adjusted_impressions) AS adjusted, sum(net_micros) AS micros, sum(payable_micros) AS payable
     FROM breakwater.campaign_traffic WHERE campaign = {campaign:UUID}`,
    { campaign: ours.campaign },
  );
  expect(seen).toEqual({
    net: String(impressions),
    adjusted: '7',
    micros: String(spend()),
    payable: String(spend() - 84_000),
  });
});

it('no more can be taken off than was billed for the time, all adjustments together', async () => {
  const tooMuch = await record(ours, { amount_micros: spend() - 83_999 });
  expect(tooMuch.status).toBe(422);
  expect(tooMuch.body.errors).toEqual([{ pointer: '/amount_micros', detail: `must be at most ${spend() - 84_000}` }]);
  const before = await record(ours, { from: '2026-10-01T00:00:00Z', to: '2026-10-02T00:00:00Z', impressions: 1 });
  expect([before.status, before.body.errors]).toEqual([
    422,
    [{ pointer: '/impressions', detail: 'must be at most 0' }],
  ]);
});

it('is taken back by another entry, once, and none is ever changed', async () => {
  const made = await record(ours, { impressions: 3, amount_micros: 1_000, reason: 'goodwill' });
  const back = await house.desk.ask(ours.key, 'POST', `${path}/${made.body.id}/reversal`, {
    note: 'it was ours after all',
  });
  expect(back.status).toBe(201);
  expect(back.body).toMatchObject({ impressions: -3, amount_micros: -1_000, reverses: made.body.id });
  for (const id of [made.body.id, back.body.id]) {
    expect((await house.desk.ask(ours.key, 'POST', `${path}/${id}/reversal`, {})).status).toBe(409);
  }
  expect((await report({ measures: ['adjusted_micros'] }))[0]).toEqual({ adjusted_micros: 84_000 });
  const first = await house.desk.ask(ours.key, 'GET', `${path}?limit=2`);
  const rest = await house.desk.ask(ours.key, 'GET', `${path}?limit=2&cursor=${first.body.next_cursor}`);
  const items = [...(first.body.items as object[]), ...(rest.body.items as object[])];
  expect(items).toHaveLength(3);
  expect((await house.desk.ask(ours.key, 'GET', `${path}/${made.body.id}`)).body).toEqual(made.body);
});

it('a warehouse that takes its time holds up nobody else, and who asks again with the same key needs none', async () => {
  const { promise: answers, resolve: answer } = Promise.withResolvers<void>();
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>();
  const { reader } = house.analytics;
  const query: typeof reader.query = async (...given) => {
    wasAsked();
    await answers;
    return await reader.query(...given);
  };
  const key = { 'idempotency-key': 'slow' };
  const body = { campaign_id: ours.campaign, reason: 'other', ...span, impressions: 1 };
  const send = () => house.desk.ask(ours.key, 'POST', path, body, key);
  Object.assign(house.desk.parts, { analytics: { ...house.analytics, reader: { ...reader, query } } });
  const waiting = send();
  await asked;
  const other = house.desk.ask(theirs.key, 'POST', '/api/v2/advertisers', { name: 'Meanwhile' });
  const first = await Promise.race([other.then(({ status }) => status), house.desk.parts.clock.sleep(3_000)]);
  answer();
  const made = await waiting;
  expect([first, made.status]).toEqual([201, 201]);
  Object.assign(house.desk.parts, { analytics: null });
  expect((await send()).body).toEqual(made.body);
  Object.assign(house.desk.parts, { analytics: house.analytics });
  await house.desk.ask(ours.key, 'POST', `${path}/${made.body.id}/reversal`, {});
});

it('belongs to an organisation: another one neither records, sees nor takes back', async () => {
  expect((await record(theirs, { amount_micros: 1 })).status).toBe(404);
  expect((await house.desk.ask(theirs.key, 'GET', path)).body.items).toEqual([]);
  const [own] = (await house.desk.ask(ours.key, 'GET', path)).body.items as { id: string }[];
  expect((await house.desk.ask(theirs.key, 'GET', `${path}/${own?.id}`)).status).toBe(404);
  expect((await house.desk.ask(theirs.key, 'POST', `${path}/${own?.id}/reversal`, {})).status).toBe(404);
  const asked = { measures: ['adjusted_micros'], from: '2026-11-01T00:00:00Z', to: '2026-11-03T00:00:00Z' };
  const seen = await house.desk.ask(theirs.key, 'POST', '/api/v2/analytics/custom-report', asked);
  expect(seen.body.rows).toEqual([{ adjusted_micros: 0 }]);
});

it.each([
  [{}, '/amount_micros'],
  [{ amount_micros: -1 }, '/amount_micros'],
  [{ amount_micros: 1.5 }, '/amount_micros'],
  [{ amount_micros: 1, reason: 'because' }, '/reason'],
  [{ amount_micros: 1, to: span.from }, '/to'],
  [{ amount_micros: 1, from: '2026-11-01T03:00:01Z' }, '/from'],
  [{ amount_micros: 1, from: '1960-11-01T03:00:00Z' }, '/from'],
  [{ amount_micros: 1, from: '2026-02-31T25:00:00Z' }, '/from'],
  [{ amount_micros: 1, campaign_id: 'x' }, '/campaign_id'],
])('refuses %j and says where', async (body, pointer) => {
  const { status, body: said } = await record(ours, body);
  expect(status, JSON.stringify(said)).toBe(400);
  expect((said.errors as { pointer: string }[])[0]?.pointer).toBe(pointer);
});

it('adjustments with long notes reach the warehouse, however many', async () => {
  const party = await partyOf(house.desk, 'Notes');
  const at = new Date(from);
  const rows = Array.from({ length: 300 }, (_, n) => ({
    ...{ id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`, reason: 'goodwill', note: '’'.repeat(2_000) },
    ...{ campaign_id: party.campaign, advertiser_id: party.advertiser, from_time: at, to_time: at, recorded_at: at },
    ...{ impressions: '0', amount_micros: '1', reverses: null, recorded_by: 'a test' },
  }));
  await shareAdjustments(rows, house.warehouse);
  const kept = await house.warehouse.query<{ n: string }>(
    `SELECT count() AS n FROM breakwater.adjustments FINAL WHERE campaign = {campaign:UUID} AND lengthUTF8(note) = 2000`,
    { campaign: party.campaign },
  );
  expect(kept).toEqual([{ n: '300' }]);
});
