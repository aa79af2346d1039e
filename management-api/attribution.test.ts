import { afterAll, beforeAll, expect, test } from 'vitest';
import { attribute } from '../domain/attribution/attribute.ts';
import { readLift } from './analytics/attribution-lift.ts';
import { conversionsIn, readConversions, readLost } from './analytics/attribution-paths.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { openTestHouse, type Party, partyOf, type TestHouse } from './analytics/test-house.ts';
import type { TestDesk } from './test-desk.ts';

const DAY_MS = 86_400_000;
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

test('conversions are credited to the micro by every model, in windows, and one that comes late restates its day', async () => {
  const viewers = await house.warehouse.query<{ viewer: string }>(
    `SELECT DISTINCT viewer FROM breakwater.beacons FINAL WHERE event = 'impression' AND billable AND advertiser = {advertiser:UUID} ORDER BY viewer LIMIT 40`,
    { advertiser: ours.advertiser },
  );
  const convert = (from: number, to: number, seenDays: number) =>
    house.warehouse.run(
      `INSERT INTO breakwater.conversions (topic, source_partition, offset, appended_at, received_at, minute, occurred_at, conversion_id, viewer, advertiser, type, value_micros)
       SELECT 'conversions', 0, number, at + seen, at + seen, toStartOfMinute(at + seen), at, toString(number), {viewers:Array(String)}[1 + number], {advertiser:UUID}, 'sale', 1000001
       FROM (SELECT number, toDateTime('2026-11-02 12:00:00', 'UTC') AS at, {seen:UInt32} * 86400 AS seen FROM numbers({from:UInt32}, {n:UInt32}))`,
      { viewers: viewers.map(({ viewer }) => viewer), advertiser: ours.advertiser, from, n: to - from, seen: seenDays },
    );
  await convert(0, 30, 0);
  const path = '/api/v2/analytics/attribution?model=all&from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z';
  const said = await desk.ask(ours.key, 'GET', path);
  expect(said.status, JSON.stringify(said.body)).toBe(200);
  const models = said.body.models as Record<
    string,
    { rows: { key: string; conversions: number }[]; attributed_value_micros: number }
  >;
  const unattributed = said.body.unattributed as { conversions: number; value_micros: number };
  expect(Object.keys(models)).toHaveLength(6);
  for (const { rows, attributed_value_micros } of Object.values(models)) {
    expect(attributed_value_micros + unattributed.value_micros).toBe(30 * 1_000_001);
    expect(rows.reduce((sum, row) => sum + row.conversions, 0) + unattributed.conversions).toBeCloseTo(30, 9);
  }
  expect(models.last_touch?.rows).toMatchObject([{ key: ours.campaign, name: 'Ours campaign' }]);
  expect(said.body).toMatchObject({ conversions: 30, late_conversions: 0, restated_at: null });
  await convert(30, 33, 2);
  const later = await desk.ask(ours.key, 'GET', `${path}&by=day&click_window_days=14&view_window_days=1`);
  expect(later.body).toMatchObject({ conversions: 33, late_conversions: 3, restated_at: '2026-11-04T12:00:00.000Z' });
  expect((await desk.ask(theirs.key, 'GET', path)).body.conversions).toBe(0);
  expect((await desk.ask(ours.key, 'GET', `${path}&view_window_days=3`)).status).toBe(400);
});

const testId = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Billable impressions of one advertiser, one an hour from the first of December on; each names its place by its number. */
async function writeSeen(
  advertiser: string,
  seen: readonly (readonly [viewer: string, campaign: string])[],
  first = 0,
) {
  await house.warehouse.run(
    `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event, viewer, reservation, campaign, creative, advertiser, billable)
     SELECT 'ad-beacons', 8, n, at, at, at, at, 'impression', t.1, toUUID(concat('00000000-0000-7000-8000-', leftPad(toString(n), 12, '0'))), t.2, t.2, {advertiser:UUID}, 1
     FROM (SELECT arrayJoin(arrayZip({viewers:Array(String)}, {campaigns:Array(UUID)}, range({first:UInt32}, {last:UInt32}))) AS t, t.3 AS n, toDateTime('2026-12-01 00:00:00', 'UTC') + 3600 * n AS at)`,
    {
      viewers: seen.map(([viewer]) => viewer),
      campaigns: seen.map(([, campaign]) => campaign),
      ...{ advertiser, first, last: first + seen.length },
    },
  );
}

interface Converted {
  readonly knownAs: readonly string[];
  /** Number of the place that it names. */
  readonly names?: number;
}

/** Conversions of the tenth of December, worth a million each. */
async function writeConverted(advertiser: string, converted: readonly Converted[]) {
  for (const [n, { knownAs, names }] of converted.entries()) {
    await house.warehouse.run(
      `INSERT INTO breakwater.conversions (topic, source_partition, offset, appended_at, received_at, minute, occurred_at, conversion_id, viewer, known_as, advertiser, type, value_micros, reservation)
       SELECT 'conversions', 8, {n:UInt32}, at, at, at, at, {id:String}, {known:Array(String)}[1], {known:Array(String)}, {advertiser:UUID}, 'sale', 1000000, if({names:String} = '', NULL, toUUID({names:String}))
       FROM (SELECT toDateTime('2026-12-10 00:00:00', 'UTC') AS at)`,
      {
        ...{ n, id: `${advertiser}-${n}`, known: [...knownAs], advertiser },
        names: names === undefined ? '' : testId(names),
      },
    );
  }
}

function inDecember(organisation: string) {
  const windows = { clickMs: 30 * DAY_MS, viewMs: 30 * DAY_MS };
  return { from: Date.UTC(2026, 11, 1), to: Date.UTC(2026, 11, 20), windows, type: null, scope: { organisation } };
}

async function ownerOf(n: number) {
  const [organisation, advertiser] = [testId(n), testId(n + 1)];
  await house.warehouse.run('INSERT INTO breakwater.owners VALUES ({organisation:UUID}, {advertiser:UUID})', {
    organisation,
    advertiser,
  });
  return { organisation, advertiser };
}

test('a conversion is owed to what was seen under any of its ids, those of an older pepper too, and lift counts it', async () => {
  const { organisation, advertiser } = await ownerOf(7_000);
  const campaign = testId(7_100);
  await writeSeen(advertiser, [
    ['device', campaign],
    ['user-before', campaign],
    ['another', campaign],
  ]);
  await writeConverted(advertiser, [
    { knownAs: ['user', 'device'] },
    { knownAs: ['user', 'user-before', 'device'] },
    { knownAs: ['user'] },
  ]);
  const asked = inDecember(organisation);
  const found = conversionsIn(await readConversions(house.analytics.reader, asked));
  expect(found?.map(({ touches }) => touches.length)).toEqual([1, 2, 0]);
  await house.warehouse.run(
    `INSERT INTO breakwater.requests (topic, source_partition, offset, appended_at, received_at, minute, request_id, viewer, experiments)
     SELECT 'ad-requests', 8, number, at, at, at, toString(number), ['device', 'user-before', 'another'][1 + number], map({experiment:String}, 'seen')
     FROM (SELECT number, toDateTime('2026-12-01 00:00:00', 'UTC') AS at FROM numbers(3))`,
    { experiment: `${organisation}:Seen` },
  );
  const { arms } = await readLift(house.analytics.reader, asked, { name: 'Seen', holdout: 'none' });
  expect(arms).toMatchObject([{ arm: 'seen', viewers: 3, converters: 2, conversions: 2, value_micros: 2_000_000 }]);
});

test('who converts by an ad that is named is lost no more than who converts by an id', async () => {
  const { organisation, advertiser } = await ownerOf(8_000);
  const [a, c] = [testId(8_101), testId(8_102)];
  const ten = Array.from({ length: 10 }, (_, n) => n);
  await writeSeen(
    advertiser,
    ten.flatMap((n) => [[`by ad ${n}`, a] as const, [`by id ${n}`, c] as const, [`by id ${n}`, a] as const]),
    100,
  );
  await writeConverted(
    advertiser,
    ten.flatMap((n) => [{ knownAs: [`nobody ${n}`], names: 100 + 3 * n }, { knownAs: [`by id ${n}`] }]),
  );
  const asked = inDecember(organisation);
  const lost = await readLost(house.analytics.reader, asked);
  const conversions = conversionsIn(await readConversions(house.analytics.reader, asked)) ?? [];
  const { credits } = attribute(conversions, 'data_driven', { windows: asked.windows, halfLifeMs: DAY_MS, lost });
  const two = credits.filter(({ path }) => path.length === 2);
  const ofA = two.filter(({ touch }) => touch.campaign === a).map(({ valueMicros }) => valueMicros);
  expect(lost).toEqual([]);
  expect([two.length, new Set(ofA)]).toEqual([20, new Set([666_667])]);
});

test('a way that led to nothing holds what a conversion at its end would have been owed to', async () => {
  const [advertiser, viewer] = ['00000000-0000-7000-8000-0000000000ad', 'lost'];
  const organisation = '00000000-0000-7000-8000-0000000000ae';
  const campaign = (n: number) => `00000000-0000-7000-8000-00000000000${n}`;
  const touches = [
    ['2026-11-01 00:00:00', 'click', 1],
    ['2026-11-01 00:00:00', 'impression', 2],
    ['2026-11-19 00:00:00', 'impression', 3],
    ['2026-11-20 00:00:00', 'impression', 4],
    ['2026-10-20 00:00:00', 'impression', 5],
  ] as const;
  await house.warehouse.run('INSERT INTO breakwater.owners VALUES ({organisation:UUID}, {advertiser:UUID})', {
    organisation,
    advertiser,
  });
  for (const [index, [at, event, n]] of touches.entries()) {
    await house.warehouse.run(
      `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event, viewer, reservation, campaign, creative, advertiser, billable)
       SELECT 'ad-beacons', 9, {index:UInt32}, at, at, at, at, {event:String}, {viewer:String}, {campaign:UUID}, {campaign:UUID}, {campaign:UUID}, {advertiser:UUID}, 1
       FROM (SELECT toDateTime({at:String}, 'UTC') AS at)`,
      { index, at, event, viewer, campaign: campaign(n), advertiser },
    );
  }
  const windows = { clickMs: 30 * DAY_MS, viewMs: 7 * DAY_MS };
  const asked = {
    from: Date.UTC(2026, 10, 1),
    to: Date.UTC(2026, 10, 21),
    windows,
    type: null,
    scope: { organisation },
  };
  const steps = await readLost(house.analytics.reader, asked);
  const told = steps.map(({ from: one, to, times }) => `${one?.at(-1)} ${to?.at(-1)} ${times}`).sort();
  expect(told).toEqual(['1 3 1', '3 4 1', '4 undefined 1', 'undefined 1 1']);
});

test('attribution is as fresh as both beacons and conversions are', async () => {
  const path = '/api/v2/analytics/attribution?from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z';
  expect((await desk.ask(ours.key, 'GET', path)).body.data_as_of).toBeTypeOf('string');
  await house.analytics.log.append('conversions', [{ partition: 0, key: 'k', value: Buffer.from('x') }] as never);
  expect((await desk.ask(ours.key, 'GET', path)).body.data_as_of).toBeNull();
});
