import type { AdFact, Run } from './facts.ts';
import { type Fault, fault, missing } from './fault.ts';
import { firstRequests, place, trafficOf, type Verdict } from './judge.ts';
import type { StoredBeacon } from './stored.ts';

/** Log and warehouse hold the same rows, with the same values and the flags that the log alone implies. */
export function checkWarehouse(run: Pick<Run, 'log' | 'warehouse'>, verdicts: readonly Verdict[]): Fault[] {
  return [
    ...checkRequestRows(run),
    ...checkSignalRows(run),
    ...checkAdRows(run),
    ...checkBeaconRows(run, verdicts),
    ...checkFlags(run, verdicts),
  ];
}

function checkRequestRows({ log, warehouse }: Pick<Run, 'log' | 'warehouse'>): Fault[] {
  const inLog = new Set(log.requests.map(place));
  const stored = new Map(warehouse.requests.map((row) => [place(row), row]));
  const first = new Set([...firstRequests(log.requests).values()].map(place));
  const differs: string[] = [];
  const flags: string[] = [];
  for (const record of log.requests) {
    const row = stored.get(place(record));
    if (!row) continue;
    const { request_id, requested_seconds, filled_seconds } = record.value;
    const same =
      row.request_id === request_id &&
      row.appendedAt === record.appendedAt &&
      row.requested_seconds === requested_seconds &&
      row.filled_seconds === filled_seconds;
    if (!same) differs.push(`${place(record)} ${request_id}`);
    if (row.first !== first.has(place(record))) flags.push(`${place(record)} ${request_id}`);
  }
  return [
    ...fault(
      'warehouse_request_missing',
      'a request in the log and not in the warehouse',
      missing(inLog, new Set(stored.keys())),
    ),
    ...fault('warehouse_request_extra', 'a request in the warehouse and not in the log', missing(stored.keys(), inLog)),
    ...fault('warehouse_request_differs', 'a request has other values in the warehouse than in the log', differs),
    ...fault('flag_wrong', 'a repeated request is not flagged as the log implies', flags),
  ];
}

/** The warehouse keeps signals for 35 days by its own clock, so only what it has too many of says anything. */
function checkSignalRows({ log, warehouse }: Pick<Run, 'log' | 'warehouse'>): Fault[] {
  const inLog = new Set(log.signals.map(place));
  const extra = missing(warehouse.signals.map(place), inLog);
  return fault('warehouse_signal_extra', 'a signal in the warehouse and not in the log', extra);
}

const adText = (ad: Pick<AdFact, 'campaign' | 'creative' | 'position'>) =>
  `${ad.campaign} ${ad.creative} ${ad.position}`;

function checkAdRows({ log, warehouse }: Pick<Run, 'log' | 'warehouse'>): Fault[] {
  const stored = new Map(warehouse.ads.map((row) => [`${place(row)} ${row.reservation}`, row]));
  const inLog = new Set<string>();
  const differs: string[] = [];
  const priced: string[] = [];
  for (const record of log.requests) {
    for (const ad of record.value.ads) {
      const id = `${place(record)} ${ad.reservation}`;
      inLog.add(id);
      const row = stored.get(id);
      if (row && adText(row) !== adText(ad)) differs.push(id);
      if (row && row.price_micros !== ad.price_micros) priced.push(id);
    }
  }
  return [
    ...fault(
      'warehouse_ad_missing',
      'an ad of the log and not in the warehouse',
      missing(inLog, new Set(stored.keys())),
    ),
    ...fault('warehouse_ad_extra', 'an ad of the warehouse and not in the log', missing(stored.keys(), inLog)),
    ...fault('warehouse_ad_differs', 'an ad has other values in the warehouse than in the log', differs),
    ...fault('price_differs', 'an ad has another price in the warehouse than in the log', priced),
  ];
}

const comparedFields = [
  'arrival_id',
  'event',
  'request_id',
  'reservation',
  'campaign',
  'creative',
  'minute',
  'expires_at',
] as const satisfies readonly (keyof StoredBeacon)[];

function checkBeaconRows({ log, warehouse }: Pick<Run, 'log' | 'warehouse'>, verdicts: readonly Verdict[]): Fault[] {
  const stored = new Map(warehouse.beacons.map((row) => [place(row), row]));
  const inLog = new Set(verdicts.map(({ beacon }) => place(beacon)));
  const arrivals = new Set(log.beacons.map((record) => record.value.arrival_id));
  const differs: string[] = [];
  const priced: string[] = [];
  for (const { beacon } of verdicts) {
    const row = stored.get(place(beacon));
    if (!row) continue;
    const id = `${place(beacon)} ${beacon.value.event} of ${beacon.value.reservation}`;
    const same =
      row.appendedAt === beacon.appendedAt &&
      row.traffic === trafficOf(beacon.value) &&
      comparedFields.every((field) => row[field] === beacon.value[field]);
    if (!same) differs.push(id);
    if (row.price_micros !== beacon.value.price_micros) priced.push(id);
  }
  const extra = warehouse.beacons.filter((row) => !inLog.has(place(row)));
  const again = extra.filter((row) => arrivals.has(row.arrival_id)).map(place);
  const unknown = extra.filter((row) => !arrivals.has(row.arrival_id)).map(place);
  return [
    ...fault(
      'warehouse_beacon_missing',
      'a beacon in the log and not in the warehouse',
      missing(inLog, new Set(stored.keys())),
    ),
    ...fault(
      'beacon_doubled',
      'a beacon stands in the warehouse a second time, at a position that the log does not have',
      again,
    ),
    ...fault('warehouse_beacon_extra', 'a beacon in the warehouse and not in the log', unknown),
    ...fault('warehouse_beacon_differs', 'a beacon has other values in the warehouse than in the log', differs),
    ...fault('price_differs', 'a beacon has another price in the warehouse than in the log', priced),
  ];
}

/** Row by row: first sight, lateness, billability and money, each recomputed from the log alone. */
function checkFlags({ warehouse }: Pick<Run, 'warehouse'>, verdicts: readonly Verdict[]): Fault[] {
  const stored = new Map(warehouse.beacons.map((row) => [place(row), row]));
  const lateBilled: string[] = [];
  const againBilled: string[] = [];
  const invalidBilled: string[] = [];
  const flags: string[] = [];
  const money: string[] = [];
  for (const { beacon, first, late, billable, spend } of verdicts) {
    const row = stored.get(place(beacon));
    if (!row) continue;
    const id = `${place(beacon)} ${beacon.value.event} of ${beacon.value.reservation}`;
    if (row.billable && late) lateBilled.push(id);
    else if (row.billable && trafficOf(beacon.value) !== '') invalidBilled.push(id);
    else if (row.billable && !first) againBilled.push(id);
    else if (row.billable !== billable || row.late !== late || row.duplicate === first) flags.push(id);
    if (row.spend_micros !== spend) money.push(id);
  }
  return [
    ...fault('late_billed', 'appended after its expiry, and billable in the warehouse', lateBilled),
    ...fault('repeat_billed', 'not the first of its kind, and billable in the warehouse', againBilled),
    ...fault('invalid_billed', 'invalid traffic by its own record, and billable in the warehouse', invalidBilled),
    ...fault('flag_wrong', 'duplicate, late or billable is not what the log implies', flags),
    ...fault('spend_row_differs', 'the money of a row is not what the log implies', money),
  ];
}
