import type { AdBeacon, AdRequest } from '../../schemas/records.ts';
import type { WorkerRecord } from '../worker.ts';

type Counts = Record<string, number | string>;

/** Counts beacons by hand: reads the log from its beginning and remembers what it saw. */
export function recountDelivery(records: readonly WorkerRecord[]): (seconds: number) => Counts[] {
  return (seconds) => {
    const seen = new Set<string>();
    const groups = new Map<string, Counts>();
    const viewers = new Map<string, Set<string>>();
    for (const { partition, appendedAt, record } of records) {
      if (record.name !== 'ad-beacon') continue;
      const beacon = record.value;
      const key = {
        at: floor(beacon.received_at, seconds),
        partition,
        campaign: beacon.campaign,
        country: beacon.country ?? '',
      };
      const zero = { ...key, impressions: 0, completes: 0, clicks: 0, duplicates: 0, late: 0, spend: 0, viewers: 0 };
      const name = JSON.stringify(Object.values(key).map(String));
      const group = groups.get(name) ?? zero;
      groups.set(name, group);
      const counts = judgeByHand(beacon, appendedAt, partition, seen);
      if (counts.duplicate) add(group, 'duplicates', 1);
      if (counts.late) add(group, 'late', 1);
      if (counts.billable && beacon.event === 'impression') {
        add(group, 'impressions', 1);
        const ofGroup = viewers.get(name) ?? new Set();
        viewers.set(name, ofGroup.add(beacon.viewer));
        group.viewers = ofGroup.size;
      }
      if (counts.billable && beacon.event === 'complete') add(group, 'completes', 1);
      if (counts.billable && beacon.event === 'click') add(group, 'clicks', 1);
      add(group, 'spend', counts.spend);
    }
    return sorted(groups, ['at', 'partition', 'campaign', 'country']);
  };
}

function judgeByHand(beacon: AdBeacon, appendedAt: number, partition: number, seen: Set<string>) {
  const place = `${partition}/${beacon.reservation}${beacon.invalid === null ? '' : '/invalid'}`;
  const duplicate = seen.has(`${place}/${beacon.event}`);
  const decided = ['impression', 'notUsed', 'error'].some((event) => seen.has(`${place}/${event}`));
  seen.add(`${place}/${beacon.event}`);
  const late = appendedAt > beacon.expires_at;
  const billable = beacon.invalid === null && !duplicate && !late && !(beacon.event === 'impression' && decided);
  const billed = { impression: 'cpm', complete: 'cpv', click: 'cpc' }[beacon.event] === beacon.pricing_model;
  return { duplicate, late, billable, spend: billable && billed ? beacon.price_micros : 0 };
}

/** Counts requests by hand. */
export function recountRequests(records: readonly WorkerRecord[]): (seconds: number) => Counts[] {
  return (seconds) => {
    const seen = new Set<string>();
    const groups = new Map<string, Counts>();
    for (const { partition, record } of records) {
      if (record.name !== 'ad-request') continue;
      const request: AdRequest = record.value;
      const key = {
        at: floor(request.received_at, seconds),
        partition,
        country: request.context.country ?? '',
        no_fill_reason: request.no_fill_reason ?? '',
      };
      const name = JSON.stringify(Object.values(key).map(String));
      const group = groups.get(name) ?? { ...key, requests: 0, ads: 0, requested: 0, paid: 0, duplicates: 0 };
      groups.set(name, group);
      if (seen.has(request.request_id)) {
        add(group, 'duplicates', 1);
        continue;
      }
      seen.add(request.request_id);
      add(group, 'requests', 1);
      add(group, 'ads', request.ads.length);
      add(group, 'requested', request.requested_seconds);
      add(group, 'paid', request.ads.filter((ad) => !ad.house).length * 15);
    }
    return sorted(groups, ['at', 'partition', 'country', 'no_fill_reason']);
  };
}

function floor(at: number, seconds: number): number {
  return Math.floor(at / 1000 / seconds) * seconds;
}

function add(group: Counts, name: string, more: number): void {
  group[name] = Number(group[name]) + more;
}

function sorted(groups: ReadonlyMap<string, Counts>, by: readonly string[]): Counts[] {
  return [...groups.values()].sort((a, b) => {
    for (const name of by) {
      const [x, y] = [a[name] ?? '', b[name] ?? ''];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  });
}
