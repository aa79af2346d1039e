import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { attribute } from '../../domain/attribution/attribute.ts';
import { openReports, openWarehouse } from '../../engines/open.ts';
import { startEmbeddedWarehouse } from '../../engines/warehouse/embedded-server.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import type { ReportReader } from '../../engines/warehouse/report-reader.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { conversionsIn, readConversions } from '../../management-api/analytics/attribution-paths.ts';
import { plainPath } from './attribution-oracle.ts';
import { equal } from './attribution-proof.ts';
import { checkSlowProperty } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const start = Date.UTC(2026, 2, 1);
const organisation = '00000000-0000-7000-a000-00000000000a';
const id = (kind: number, n: number) => `0000000${kind}-0000-7000-8000-${String(n).padStart(12, '0')}`;

// Few of each, so that most conversions have something to be owed to.
const viewer = fc.constantFrom('v1', 'v1', 'v2', '');
const advertiser = fc.constantFrom(0, 0, 1, 2);
const at = fc.integer({ min: 0, max: 40 * 1440 }).map((minutes) => start + minutes * MINUTE_MS);

const world = fc.record({
  beacons: fc.array(
    fc.record({
      viewer,
      advertiser,
      at,
      campaign: fc.nat(4),
      event: fc.constantFrom('impression', 'click', 'complete'),
      billable: fc.constantFrom(true, true, true, false),
    }),
    { minLength: 60, maxLength: 120, size: 'max' },
  ),
  conversions: fc.array(
    fc.record({
      viewer,
      device: viewer,
      advertiser,
      at,
      value: fc.integer({ min: 0, max: 9_000_000 }),
      names: fc.option(fc.nat(119)),
      counts: fc.constantFrom(true, true, true, false),
      late: fc.boolean(),
    }),
    { minLength: 3, maxLength: 15, size: 'max' },
  ),
  clickDays: fc.constantFrom(1, 7, 14, 30),
  viewDays: fc.constantFrom(1, 7, 14, 30),
});

type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

/** Generated beacons and conversions in a real engine, asked back through the product's statement; advertiser 2 is another's. */
export async function proveStoredPaths(options: ProofOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-prove-paths-'));
  const server = await startEmbeddedWarehouse({ path: folder, port: 0 });
  const warehouse = await openWarehouse(server.url);
  const reader = openReports(server.url);
  const counts = { conversions: 0, touches: 0, late: 0, of_others: 0 };
  try {
    await migrateWarehouse(warehouse, () => undefined);
    await warehouse.run(
      `INSERT INTO breakwater.owners SELECT {organisation:UUID}, arrayJoin({advertisers:Array(UUID)})`,
      {
        organisation,
        advertisers: [id(1, 0), id(1, 1)],
      },
    );
    const property = fc.asyncProperty(world, async (drawn) => {
      for (const table of ['beacons', 'conversions']) await warehouse.run(`TRUNCATE TABLE breakwater.${table}`);
      await writeBeacons(warehouse, drawn);
      for (const withLate of [false, true]) {
        const there = drawn.conversions
          .map((one, index) => ({ ...one, index }))
          .filter(({ late }) => withLate || !late);
        await writeConversions(
          warehouse,
          there.filter(({ late }) => late === withLate),
        );
        await compare(reader, drawn, there, counts);
        counts.late += there.filter(({ late }) => late && withLate).length;
      }
    });
    const runs = Math.max(10, Math.ceil(options.runs / 10));
    const tally = await checkSlowProperty(
      'paths out of the warehouse, before and after late conversions',
      property,
      { ...options, runs },
      () => JSON.stringify(counts),
    );
    if (tally.failed > 0 || counts.touches > runs) return tally;
    options.say('FAIL  paths out of the warehouse: hardly a touch');
    return { passed: 0, failed: 1 };
  } finally {
    await reader.close();
    await warehouse.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeBeacons(warehouse: Warehouse, { beacons }: World): Promise<void> {
  if (beacons.length === 0) return;
  await warehouse.run(
    `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event, viewer, reservation, campaign, creative, advertiser, billable)
     SELECT 'ad-beacons', 0, n, at, at, toStartOfMinute(at), toStartOfMinute(at), event, viewer, reservation, campaign, campaign, advertiser, billable
     FROM (SELECT arrayJoin(arrayZip({n:Array(UInt32)}, {at:Array(Int64)}, {event:Array(String)}, {viewer:Array(String)}, {campaign:Array(UUID)}, {advertiser:Array(UUID)}, {billable:Array(UInt8)}, {reservation:Array(UUID)})) AS t,
       t.1 AS n, fromUnixTimestamp64Milli(t.2) AS at, t.3 AS event, t.4 AS viewer, t.5 AS campaign, t.6 AS advertiser, t.7 AS billable, t.8 AS reservation)`,
    {
      n: beacons.map((_, n) => n),
      at: beacons.map((one) => one.at),
      event: beacons.map(({ event }) => event),
      viewer: beacons.map((one) => one.viewer),
      campaign: beacons.map(({ campaign }) => id(2, campaign)),
      advertiser: beacons.map((one) => id(1, one.advertiser)),
      billable: beacons.map(({ billable }) => (billable ? 1 : 0)),
      reservation: beacons.map((_, n) => id(3, n)),
    },
  );
}

type Indexed = World['conversions'][number] & { readonly index: number };

async function writeConversions(warehouse: Warehouse, conversions: readonly Indexed[]): Promise<void> {
  if (conversions.length === 0) return;
  await warehouse.run(
    `INSERT INTO breakwater.conversions (topic, source_partition, offset, appended_at, received_at, minute, occurred_at, conversion_id, viewer, identities, advertiser, type, value_micros, duplicate, reservation)
     SELECT 'conversions', 0, n, seen, seen, toStartOfMinute(seen), at, toString(n), viewer, map('user', viewer, 'device', device), advertiser, 'sale', worth, duplicate, if(names = '', NULL, toUUID(names))
     FROM (SELECT arrayJoin(arrayZip({n:Array(UInt32)}, {at:Array(Int64)}, {viewer:Array(String)}, {advertiser:Array(UUID)}, {worth:Array(Int64)}, {duplicate:Array(UInt8)}, {names:Array(String)}, {seen:Array(Int64)}, {device:Array(String)})) AS t,
       t.1 AS n, fromUnixTimestamp64Milli(t.2) AS at, t.3 AS viewer, t.4 AS advertiser, t.5 AS worth, t.6 AS duplicate, t.7 AS names, fromUnixTimestamp64Milli(t.8) AS seen, t.9 AS device)`,
    {
      n: conversions.map(({ index }) => index),
      at: conversions.map((one) => one.at),
      viewer: conversions.map((one) => one.viewer),
      device: conversions.map(({ device }) => device),
      advertiser: conversions.map((one) => id(1, one.advertiser)),
      worth: conversions.map(({ value }) => value),
      duplicate: conversions.map(({ counts }) => (counts ? 0 : 1)),
      names: conversions.map(({ names }) => (names === null ? '' : id(3, names))),
      seen: conversions.map((one) => one.at + (one.late ? 3 * DAY_MS : 0)),
    },
  );
}

async function compare(
  reader: ReportReader,
  { beacons, clickDays, viewDays }: World,
  there: readonly Indexed[],
  counts: { conversions: number; touches: number; of_others: number },
): Promise<void> {
  const [from, to] = [start + 10 * DAY_MS, start + 35 * DAY_MS];
  const windows = { clickMs: clickDays * DAY_MS, viewMs: viewDays * DAY_MS };
  const stored = conversionsIn(
    await readConversions(reader, { from, to, windows, type: null, scope: { organisation } }),
  );
  const wanted = there.filter((one) => one.counts && one.advertiser !== 2 && one.at >= from && one.at < to);
  counts.of_others += there.filter(({ advertiser: other }) => other === 2).length;
  equal(stored?.map((one) => one.id).sort(), wanted.map(({ index }) => String(index)).sort(), 'conversions');
  const { credits } = attribute(stored ?? [], 'linear', { windows, halfLifeMs: DAY_MS, lost: [] });
  for (const one of wanted) {
    const touches = beacons.flatMap((beacon, n) =>
      beacon.billable &&
      beacon.event !== 'complete' &&
      beacon.advertiser === one.advertiser &&
      ((beacon.viewer !== '' && [one.viewer, one.device].includes(beacon.viewer)) || one.names === n)
        ? [{ at: beacon.at, click: beacon.event === 'click', campaign: id(2, beacon.campaign), id: id(3, n) }]
        : [],
    );
    const path = plainPath({ at: one.at, value: one.value, touches }, clickDays, viewDays);
    const own = credits.filter(({ conversion }) => conversion.id === String(one.index));
    equal(
      own.map(({ touch }) => `${touch.at} ${touch.campaign}`),
      path.map((touch) => `${touch.at} ${touch.campaign}`),
      `path of ${one.index}`,
    );
    if (path.length > 0)
      equal(
        own.reduce((all, { valueMicros }) => all + valueMicros, 0),
        one.value,
        'micros',
      );
    counts.conversions++;
    counts.touches += path.length;
  }
}
