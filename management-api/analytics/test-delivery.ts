import { recompute } from '../../engines/warehouse/roll-ups.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';

/** Whose the rows of a test are. */
export interface TestParty {
  readonly advertiser: string;
  readonly campaign: string;
}

const types = `'impression','start','firstQuartile','midpoint','thirdQuartile','complete','click','skip','error'`;

/**
 * Writes requests, served ads and beacons of several parties over a span of minutes, some beacons repeated, late or not
 * to be counted, drawn by hashes, so that a test is the same each time. Recomputes the roll-ups.
 */
export async function writeDelivery(
  warehouse: Warehouse,
  parties: readonly TestParty[],
  { from, minutes, beacons, partitions = 4 }: { from: number; minutes: number; beacons: number; partitions?: number },
): Promise<void> {
  const parameters = {
    from: from / 1000,
    minutes,
    beacons,
    partitions,
    advertisers: parties.map(({ advertiser }) => advertiser),
    campaigns: parties.map(({ campaign }) => campaign),
  };
  const place = `intDiv(number, 6) AS ad, cityHash64(ad) AS h, 1 + h % length({campaigns:Array(UUID)}) AS party,
    toDateTime({from:UInt32} + 60 * (intDiv(h, 7) % {minutes:UInt32}), 'UTC') AS at,
    toUUID(concat('00000000-0000-4000-8000-', leftPad(toString(ad), 12, '0'))) AS place`;
  await warehouse.run(
    `INSERT INTO breakwater.request_ads (topic, source_partition, offset, appended_at, received_at, minute, request_id, viewer,
       country, device_type, reservation, campaign, creative, advertiser, position, duration_seconds, decision_minute,
       content_category, region)
     SELECT 'ad-requests', h % {partitions:UInt16}, ad, at, at, at, toString(ad), '', '', '', place,
       {campaigns:Array(UUID)}[party], place, {advertisers:Array(UUID)}[party], 1, 30, at,
       ['sports', 'news', ''][1 + h % 3], ['US-CA', 'FR-75'][1 + h % 2]
     FROM (SELECT DISTINCT ${place} FROM numbers({beacons:UInt64}))`,
    parameters,
  );
  await warehouse.run(
    `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event,
       viewer, reservation, campaign, creative, advertiser, position, duration_seconds, pricing_model, country, device_type,
       duplicate, late, invalid, billable, spend_micros)
     SELECT 'ad-beacons', h % {partitions:UInt16}, number, seen, seen, seen, at, [${types}][1 + e % 9], concat('v', toString(h % 97)), place,
       {campaigns:Array(UUID)}[party], toUUID(concat('00000000-0000-4000-9000-', leftPad(toString(h % 5), 12, '0'))),
       {advertisers:Array(UUID)}[party], 1 + h % 4, 30, 'cpm', ['US', 'FR', ''][1 + intDiv(h, 5) % 3],
       ['smart_tv', 'roku'][1 + intDiv(h, 11) % 2],
       e % 17 = 0, e % 19 = 0, e % 23 = 0, NOT (e % 17 = 0 OR e % 19 = 0 OR e % 23 = 0),
       if(NOT (e % 17 = 0 OR e % 19 = 0 OR e % 23 = 0) AND [${types}][1 + e % 9] = 'impression', 12000 + h % 1000, 0)
     FROM (SELECT number, cityHash64(number, 1) AS e, ${place}, at + 60 * (e % 3) AS seen FROM numbers({beacons:UInt64}))`,
    parameters,
  );
  const slices = await warehouse.query<{ partition: number; minute: number }>(
    'SELECT DISTINCT source_partition AS partition, toUnixTimestamp(minute) AS minute FROM breakwater.beacons',
  );
  await recompute(warehouse, 'delivery', slices);
}
