import { fromWire } from '../audit/avro.ts';
import type { RawLog } from '../audit/read-log.ts';
import { adjustmentsOf, type PlainAdjustment } from './reports-adjustments.ts';

/** A beacon as its log record has it, judged in plain words, with the context of the request that served its ad. */
export interface PlainBeacon {
  /** Receipt, epoch ms. */
  readonly at: number;
  readonly event: string;
  readonly viewer: string;
  readonly duplicate: boolean;
  readonly late: boolean;
  readonly billable: boolean;
  readonly spend: number;
  /** By the names of dimensions. */
  readonly of: Readonly<Record<string, string | number>>;
}

export interface PlainRequest {
  readonly at: number;
  readonly viewer: string;
  readonly duplicate: boolean;
  readonly ads: number;
  readonly requested: number;
  readonly filled: number;
  readonly paid: number;
  readonly of: Readonly<Record<string, string | number>>;
}

export interface PlainFacts {
  readonly beacons: readonly PlainBeacon[];
  readonly requests: readonly PlainRequest[];
  readonly adjustments: readonly PlainAdjustment[];
}

interface Context {
  readonly [name: string]: string | null;
}

interface RequestValue {
  readonly request_id: string;
  readonly received_at: number;
  readonly viewer: string;
  readonly dialect: string;
  readonly context: Context;
  readonly requested_seconds: number;
  readonly filled_seconds: number;
  readonly no_fill_reason: string | null;
  readonly ads: readonly { readonly reservation: string; readonly house: boolean; readonly duration_seconds: number }[];
}

interface BeaconValue {
  readonly event: string;
  readonly received_at: number;
  readonly expires_at: number;
  readonly viewer: string;
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly advertiser: string;
  readonly position: number;
  readonly duration_seconds: number;
  readonly pricing_model: string;
  readonly price_micros: number;
  readonly country: string | null;
  readonly device_type: string | null;
  readonly user_agent_class: string;
  readonly offset_seconds?: number | null;
  readonly invalid?: string | null;
}

const contextNames = ['content_category', 'content_genre', 'content_rating', 'region', 'city', 'dma', 'os', 'brand'];
const billed: Readonly<Record<string, string>> = { cpm: 'impression', cpv: 'complete', cpc: 'click' };
const endings = ['impression', 'notUsed', 'error'];

type Decoded = {
  readonly partition: number;
  readonly appendedAt: number;
  readonly name: string;
  readonly value: unknown;
};

/** Counts by hand from the log alone; shares no code with the workers. `move` is where an instant goes (see the proof). */
export function plainFacts(log: RawLog, move: (at: number) => number): PlainFacts {
  const records = log.records.flatMap((record): Decoded[] => {
    const read = fromWire(record.value);
    return read ? [{ ...record, name: read.name, value: read.value }] : [];
  });
  const contexts = new Map<string, Record<string, string>>();
  const requests = plainRequests(records, contexts, move);
  const beacons = plainBeacons(records, contexts, move);
  return { requests, beacons, adjustments: adjustmentsOf(beacons) };
}

/** Fills `contexts`: reservation -> context of the request that served it. */
function plainRequests(
  records: readonly Decoded[],
  contexts: Map<string, Record<string, string>>,
  move: (at: number) => number,
): PlainRequest[] {
  const asked = new Set<string>();
  return records.flatMap(({ name, partition, value }): PlainRequest[] => {
    if (name !== 'ad-request') return [];
    const request = value as RequestValue;
    const context: Record<string, string> = { dialect: request.dialect };
    for (const one of contextNames) context[one] = request.context[one] ?? '';
    const key = `${partition}/${Math.floor(request.received_at / 60_000)}/${request.viewer}/${request.request_id}`;
    const duplicate = asked.has(key);
    asked.add(key);
    if (!duplicate) for (const { reservation } of request.ads) contexts.set(reservation, context);
    const of = {
      ...context,
      country: request.context.country ?? '',
      device_type: request.context.device_type ?? '',
      user_agent_class: String(request.context.user_agent_class ?? ''),
      no_fill_reason: request.no_fill_reason ?? '',
    };
    return [
      {
        at: move(request.received_at),
        viewer: request.viewer,
        duplicate,
        ads: request.ads.length,
        requested: request.requested_seconds,
        filled: request.filled_seconds,
        paid: request.ads.reduce((sum, ad) => sum + (ad.house ? 0 : ad.duration_seconds), 0),
        of,
      },
    ];
  });
}

function plainBeacons(
  records: readonly Decoded[],
  contexts: ReadonlyMap<string, Record<string, string>>,
  move: (at: number) => number,
): PlainBeacon[] {
  const seen = new Set<string>();
  const nowhere = Object.fromEntries(['dialect', ...contextNames].map((one) => [one, '']));
  return records.flatMap(({ name, partition, appendedAt, value }): PlainBeacon[] => {
    if (name !== 'ad-beacon') return [];
    const beacon = value as BeaconValue;
    const place = `${partition}/${beacon.reservation}`;
    const valid = (beacon.invalid ?? null) === null;
    const kind = `${beacon.event}@${beacon.offset_seconds ?? ''}${valid ? '' : ' invalid'}`;
    const duplicate = seen.has(`${place}/${kind}`);
    const ended = seen.has(`${place}/ended`);
    seen.add(`${place}/${kind}`);
    if (valid && endings.includes(beacon.event)) seen.add(`${place}/ended`);
    const late = appendedAt > beacon.expires_at;
    const billable = valid && !duplicate && !late && !(beacon.event === 'impression' && ended);
    const { campaign, creative, advertiser, position, duration_seconds, pricing_model, user_agent_class } = beacon;
    return [
      {
        at: move(beacon.received_at),
        event: beacon.event,
        viewer: beacon.viewer,
        duplicate,
        late,
        billable,
        spend: billable && billed[pricing_model] === beacon.event ? beacon.price_micros : 0,
        of: {
          ...(contexts.get(beacon.reservation) ?? nowhere),
          ...{ campaign, creative, advertiser, position, duration_seconds, pricing_model, user_agent_class },
          country: beacon.country ?? '',
          device_type: beacon.device_type ?? '',
        },
      },
    ];
  });
}
