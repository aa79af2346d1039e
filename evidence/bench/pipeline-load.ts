import type { EventLog } from '../../engines/event-log/event-log.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { encode } from '../../schemas/codec.ts';
import type { Identity } from '../../schemas/records.ts';
import { beaconOf, requestOf } from './encode.ts';

const VIEWERS = 2_000;
const CAMPAIGNS = 30;
const ADS = 3;
/** What players report of an ad that is watched to its end. */
const REPORTED = ['impression', 'start', 'firstQuartile', 'midpoint', 'thirdQuartile', 'complete'] as const;
const TOKEN_LIFE_MS = 900_000;
const MINUTE_MS = 60_000;
const REQUESTS_AT_ONCE = 40;

const uuid = (n: number) => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;
const pseudonym = (kind: string, n: number) => `${kind}${n}`.padEnd(22, 'Zq3_');

/** Requests with what players report of their ads, as the decision API writes them, to both topics. Answers how many records. */
export async function appendLoad(log: EventLog, requests: number, now: number): Promise<number> {
  const partitions = await log.partitions('ad-beacons');
  let records = 0;
  for (let from = 0; from < requests; from += REQUESTS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(REQUESTS_AT_ONCE, requests - from) }, (_, index) => from + index);
    const asked = numbers.map((n) => requestRecord(n, now, partitions));
    const reported = numbers.flatMap((n) => beaconRecords(n, now, partitions));
    await Promise.all([log.append('ad-requests', asked), log.append('ad-beacons', reported)]);
    records += asked.length + reported.length;
  }
  return records;
}

function identitiesOf(n: number): Identity[] {
  const viewer = n % VIEWERS;
  return [
    { scope: 'user', hash: pseudonym('u', viewer) },
    { scope: 'household', hash: pseudonym('h', viewer >> 1) },
  ];
}

function placeOf(n: number, partitions: number) {
  const key = pseudonym('v', n % VIEWERS);
  return { partition: partitionOf(key, partitions), key };
}

function requestRecord(n: number, now: number, partitions: number) {
  const place = placeOf(n, partitions);
  const request = requestOf(n);
  const ads = request.ads.slice(0, ADS).map((ad, at) => ({ ...ad, ...adOf(n, at), capped_by: identitiesOf(n) }));
  const value = encode('ad-request', {
    ...request,
    arrival_id: uuid(1e9 + n),
    request_id: uuid(2e9 + n),
    received_at: now,
    viewer: place.key,
    identities: identitiesOf(n),
    ads: ads.map((ad) => ({ ...ad, minute: Math.floor(now / MINUTE_MS), expires_at: now + TOKEN_LIFE_MS })),
  });
  return { ...place, value };
}

function adOf(n: number, at: number) {
  const campaign = (n * ADS + at) % CAMPAIGNS;
  return { reservation: uuid(3e9 + n * ADS + at), campaign: uuid(100 + campaign), creative: uuid(200 + campaign) };
}

function beaconRecords(n: number, now: number, partitions: number) {
  const place = placeOf(n, partitions);
  return Array.from({ length: ADS }, (_, at) =>
    REPORTED.map((event, index) => {
      const value = encode('ad-beacon', {
        ...beaconOf(n),
        ...adOf(n, at),
        event,
        arrival_id: uuid(4e9 + (n * ADS + at) * REPORTED.length + index),
        request_id: uuid(2e9 + n),
        viewer: place.key,
        received_at: now,
        minute: Math.floor(now / MINUTE_MS),
        expires_at: now + TOKEN_LIFE_MS,
        identities: identitiesOf(n),
      });
      return { ...place, value };
    }),
  ).flat();
}
