import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import { openTestHouse, type Party, partyOf, type TestHouse } from './analytics/test-house.ts';

let house: TestHouse;
let ours: Party;
let theirs: Party;

const ADS = 4_000;
const day = Date.parse('2026-11-02T00:00:00Z');

/** Ads of one party whose predictions are a third and two thirds, half of each on either device; what comes of them is `share`. */
async function writePredicted(warehouse: Warehouse, party: Party, share: number, kind: string): Promise<void> {
  const parameters = { ads: ADS, at: day / 1000, campaign: party.campaign, advertiser: party.advertiser, share, kind };
  const place = `toUUID(concat('00000000-0000-4000-', {kind:String}, '-', leftPad(toString(number), 12, '0'))) AS place`;
  await warehouse.run(
    `INSERT INTO breakwater.request_ads (topic, source_partition, offset, appended_at, received_at, minute, request_id, viewer,
       country, device_type, reservation, campaign, creative, advertiser, position, duration_seconds, decision_minute,
       predicted_ctr_ppm, predicted_completion_ppm)
     SELECT 'ad-requests', 0, number, at, at, at, concat({kind:String}, toString(number)), '', '', ['roku', 'tizen'][1 + intDiv(number, 2) % 2], place,
       {campaign:UUID}, place, {advertiser:UUID}, 1, 30, at, 3000, if(number % 2 = 0, 330000, 660000)
     FROM (SELECT number, ${place}, toDateTime({at:UInt32} + number, 'UTC') AS at FROM numbers({ads:UInt64}))`,
    parameters,
  );
  for (const [event, where] of [
    ['impression', '1'],
    ['start', 'number % 10 != 9'],
    [
      'complete',
      'number % 10 != 9 AND intDiv(number, 20) % 100 < 100 * {share:Float64} * if(number % 2 = 0, 0.33, 0.66)',
    ],
    ['click', 'number % 1000 < 3'],
  ]) {
    await warehouse.run(
      `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event,
         viewer, reservation, campaign, creative, advertiser, position, duration_seconds, pricing_model, billable)
       SELECT 'ad-beacons', 0, number, at, at, at, at, '${event}', 'v', place, {campaign:UUID}, place, {advertiser:UUID}, 1, 30, 'cpv', 1
       FROM (SELECT number, ${place}, toDateTime({at:UInt32} + number, 'UTC') AS at FROM numbers({ads:UInt64}) WHERE ${where})`,
      parameters,
    );
  }
}

beforeAll(async () => {
  house = await openTestHouse();
  [ours, theirs] = [await partyOf(house.desk, 'ours'), await partyOf(house.desk, 'theirs')];
  await writePredicted(house.warehouse, ours, 1, 'a000');
  await writePredicted(house.warehouse, theirs, 0.5, 'b000');
}, 120_000);

afterAll(() => house.close());

const path = '/api/v2/analytics/calibration';
const during = 'from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z';

interface Said {
  readonly buckets: readonly Bucket[];
  readonly total: Readonly<Record<string, number | null>>;
}

interface Bucket {
  readonly key: string;
  readonly predicted_from: number;
  readonly ads: number;
  readonly predicted: number;
  readonly observed: number;
  readonly within: boolean;
}

async function ask(key: string, query: string): Promise<Said> {
  const { status, body } = await house.desk.ask(key, 'GET', `${path}?${during}${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as Said;
}

it('says for each bucket what was predicted and what came, of the caller’s own ads alone', async () => {
  const own = await ask(ours.key, '');
  expect(own.buckets.map((one) => [one.predicted_from, one.predicted, one.within])).toEqual([
    [0.3, 0.33, true],
    [0.65, 0.66, true],
  ]);
  // A tenth never started.
  expect(own.total.ads).toBe(0.9 * ADS);
  expect(own.total.observed_over_predicted).toBeCloseTo(1, 1);
  expect(own.total.expected_calibration_error).toBeLessThan(0.03);
  const other = await ask(theirs.key, '');
  expect(other.total.observed_over_predicted).toBeCloseTo(0.5, 1);
  expect(other.buckets.some((one) => one.within)).toBe(false);
  const peeked = await ask(ours.key, `&campaign_id=${theirs.campaign}`);
  expect(peeked.buckets).toEqual([]);
  expect(peeked.total).toEqual({
    ads: 0,
    predicted: null,
    observed: null,
    observed_over_predicted: null,
    expected_calibration_error: null,
  });
});

it('breaks down by context, and does the same for clicks', async () => {
  const of = (query: string) => ask(ours.key, `&${query}`);
  const byDevice = await of('by=device_type');
  expect(byDevice.buckets.map((one) => one.key)).toEqual(['roku', 'roku', 'tizen', 'tizen']);
  const clicks = await of('rate=click&by=campaign');
  expect(clicks.buckets).toMatchObject([{ key: ours.campaign, ads: ADS, predicted: 0.003, predicted_from: 0.002 }]);
  const upTo = await house.desk.ask(ours.key, 'GET', `${path}?to=2026-11-03T00:00:00Z`);
  expect(upTo.body).toMatchObject({ from: '2026-10-27T00:00:00.000Z', total: { ads: 0.9 * ADS } });
  for (const by of ['creative', 'content_category', 'hour', 'position'])
    expect((await of(`by=${by}`)).total.ads).toBe(0.9 * ADS);
});

it('equals what analysts read in the view', async () => {
  const own = await ask(ours.key, '');
  const rows = await house.warehouse.query<{ from: number; ads: string; predicted: number; observed: number }>(
    `SELECT bucket_from_ppm AS from, ads, predicted_ppm AS predicted, observed_ppm AS observed FROM breakwater.calibration
     WHERE campaign = {campaign:UUID} AND rate = 'completion' ORDER BY from`,
    { campaign: ours.campaign },
  );
  expect(rows.map((row) => [row.from, Number(row.ads), row.predicted])).toEqual(
    own.buckets.map((one) => [one.predicted_from * 1e6, one.ads, one.predicted * 1e6]),
  );
  for (const [at, row] of rows.entries()) expect(row.observed / 1e6).toBeCloseTo(own.buckets[at]?.observed ?? -1, 9);
});

it.each([
  'rate=skip',
  'by=viewer',
  'from=2026-11-03T00:00:00Z&to=2026-11-02T00:00:00Z',
  'time_zone=Mars/Base',
  'range=today&from=2026-11-02T00:00:00Z',
  'campaign_id=x',
  'limit=3',
])('refuses %s and says where', async (query) => {
  const { status, body } = await house.desk.ask(ours.key, 'GET', `${path}?${query}`);
  expect(status).toBe(400);
  expect((body.errors as { pointer: string }[])[0]?.pointer).toMatch(/^\//);
});
