import { outcomeOf } from '../../domain/first-sight.ts';
import { parameterBatches } from '../../engines/warehouse/parameter-batches.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { WorkerRecord } from '../worker.ts';
import { minuteOf } from './rows.ts';

/** The lowest offset of each id, in raw rows and in the records at hand together. */
export interface FirstSights {
  of(record: WorkerRecord, id: string): number;
}

/** A retry that could not be told from a new request, because the state store was away, comes within so many minutes. */
const RETRY_MINUTES = [-2, -1, 0, 1, 2];

/** A minute takes eleven bytes of a parameter. */
const MINUTES_AT_ONCE = 9_000;

/** The ids that a record claims. A request is one in its minute: the same request_id much later, or of another viewer, is another decision. */
export function idsOf({ record }: WorkerRecord): readonly string[] {
  if (record.name === 'ad-beacon') return outcomeOf(record.value);
  if (record.name === 'ad-request') {
    const { received_at, viewer, request_id } = record.value;
    return [requestOf(minuteOf(received_at), viewer, request_id)];
  }
  return record.name === 'conversion' ? [`${record.value.advertiser}:${record.value.conversion_id}`] : [];
}

/** Ids are an organisation's, which no record names: two that give the same in one minute hardly give it to one viewer. */
const requestOf = (minute: number, viewer: string, id: string) => `${minute}:${viewer}:${id}`;

/** The viewer of raw rows that were erased: whose they were nobody knows, so they come before any of that id. */
const ERASED = '';

/**
 * Whether somebody came before it. Repeated shipping of a request carries the same receipt; a retry that was decided again has
 * another, of about the same time, and may have come first.
 */
export function isRepeated(record: WorkerRecord, firsts: FirstSights): boolean {
  if (record.record.name !== 'ad-request') return idsOf(record).some((id) => firsts.of(record, id) !== record.offset);
  const { request_id, received_at, viewer } = record.record.value;
  const minute = minuteOf(received_at);
  return RETRY_MINUTES.some((by) =>
    [viewer, ERASED].some((whose) => firsts.of(record, requestOf(minute + by * 60, whose, request_id)) < record.offset),
  );
}

/**
 * Looks up what the records claim. All records of one id are in one partition, in order, so whatever came before a record
 * is in raw already or at hand. A record that is replayed finds its own offset.
 *
 * Conversions are spread by their ids: where partitions were added, one that is repeated later is in another partition than the
 * first. One partition holds the id, the same whoever is applied again: that of the earliest that raw has as no repetition, else of the
 * earliest at hand.
 */
export async function findFirstSights(warehouse: Warehouse, records: readonly WorkerRecord[]): Promise<FirstSights> {
  const lowest = new Map<string, number>();
  const note = (topic: string, partition: number, id: string, offset: number) => {
    const key = `${topic}/${partition}/${id}`;
    lowest.set(key, Math.min(lowest.get(key) ?? offset, offset));
  };
  for (const record of records) {
    for (const id of idsOf(record)) note(record.topic, record.partition, id, record.offset);
  }
  const holders = new Holders(records);
  for (const query of queriesFor(records)) {
    for (const chunk of parameterBatches(query.ids, (id) => id)) {
      const parameters = { partitions: [...query.partitions], minutes: [...query.minutes], ids: chunk };
      for (const row of await warehouse.query<FoundRow>(query.sql, parameters)) {
        for (const id of query.idsOf(row)) {
          note(row.topic, Number(row.source_partition), id, Number(row.first));
          if (row.holds === 1) holders.meet(id, { partition: Number(row.source_partition), at: Number(row.at) });
        }
      }
    }
  }
  for (const { topic, partition, id } of holders.repeatedElsewhere()) note(topic, partition, id, BEFORE_ALL);
  return {
    of: ({ topic, partition, offset }, id) => lowest.get(`${topic}/${partition}/${id}`) ?? offset,
  };
}

const BEFORE_ALL = -1;

/** Where an id was met, and when the log took it there first. */
interface Met {
  readonly partition: number;
  /** Epoch ms. */
  readonly at: number;
}

/** Which partition holds each id of the conversions at hand. */
class Holders {
  readonly #atHand = new Map<string, { readonly topic: string; readonly met: Met[] }>();
  readonly #inRaw = new Map<string, Met[]>();

  constructor(records: readonly WorkerRecord[]) {
    for (const record of records) {
      if (record.record.name !== 'conversion') continue;
      const { topic, partition, appendedAt: at } = record;
      for (const id of idsOf(record)) {
        const known = this.#atHand.get(id) ?? { topic, met: [] };
        known.met.push({ partition, at });
        this.#atHand.set(id, known);
      }
    }
  }

  /** A row that is no repetition. */
  meet(id: string, met: Met): void {
    const known = this.#inRaw.get(id) ?? [];
    known.push(met);
    this.#inRaw.set(id, known);
  }

  *repeatedElsewhere(): Iterable<{ readonly topic: string; readonly partition: number; readonly id: string }> {
    for (const [id, { topic, met }] of this.#atHand) {
      const [holder] = (this.#inRaw.get(id) ?? met).toSorted((a, b) => a.at - b.at || a.partition - b.partition);
      for (const { partition } of met) if (partition !== holder?.partition) yield { topic, partition, id };
    }
  }
}

interface FoundRow {
  readonly topic: string;
  readonly source_partition: number;
  readonly first: string;
  /** request_id, reservation or conversion_id */
  readonly id: string;
  readonly event: string;
  readonly offset_seconds: number | null;
  /** Why it is invalid traffic; empty: it is not. */
  readonly traffic: string;
  /** Conversions only. */
  readonly owner: string;
  /** Epoch seconds; requests only. */
  readonly second: number;
  /** Requests only. */
  readonly viewer: string;
  /** 1: it is no repetition. Conversions only. */
  readonly holds?: number;
  /** Epoch ms: when the log took it first. Conversions only. */
  readonly at?: string;
}

interface Query {
  readonly sql: string;
  readonly partitions: Set<number>;
  readonly minutes: Set<number>;
  readonly ids: Set<string>;
  readonly idsOf: (row: FoundRow) => readonly string[];
}

/** In this form ClickHouse uses its indexes on minutes; with the list turned into DateTime it reads every granule. */
const minutesParameter = '{minutes:Array(UInt32)}';

const beaconsSql = `
  SELECT topic, source_partition, toString(reservation) AS id, event, offset_seconds, traffic, min(offset) AS first
  FROM breakwater.beacons
  WHERE source_partition IN {partitions:Array(UInt16)} AND toUInt32(decision_minute) IN ${minutesParameter}
    AND reservation IN {ids:Array(UUID)}
  GROUP BY topic, source_partition, reservation, event, offset_seconds, traffic`;

const requestsSql = `
  SELECT topic, source_partition, request_id AS id, viewer, toUnixTimestamp(minute) AS second, min(offset) AS first
  FROM breakwater.requests
  WHERE source_partition IN {partitions:Array(UInt16)} AND toUInt32(minute) IN ${minutesParameter}
    AND request_id IN {ids:Array(String)}
  GROUP BY topic, source_partition, request_id, viewer, minute`;

const conversionsSql = `
  SELECT topic, source_partition, conversion_id AS id, toString(advertiser) AS owner, min(offset) AS first, toUInt8(NOT duplicate) AS holds,
    toUnixTimestamp64Milli(min(appended_at)) AS at
  FROM breakwater.conversions FINAL
  WHERE conversion_id IN {ids:Array(String)}
  GROUP BY topic, source_partition, conversion_id, advertiser, duplicate`;

/** One look-up per kind of record, and another wherever its minutes would be more than a parameter takes. */
function queriesFor(records: readonly WorkerRecord[]): readonly Query[] {
  const empty = () => ({ partitions: new Set<number>(), minutes: new Set<number>(), ids: new Set<string>() });
  const full: Query[] = [];
  const roomy = (query: Query): Query => {
    if (query.minutes.size < MINUTES_AT_ONCE) return query;
    full.push(query);
    return { ...query, ...empty() };
  };
  let beacons: Query = {
    ...empty(),
    sql: beaconsSql,
    idsOf: ({ id, event, offset_seconds, traffic }) =>
      outcomeOf({ reservation: id, event, offset_seconds, invalid: traffic || null }),
  };
  let requests: Query = { ...empty(), sql: requestsSql, idsOf: (row) => [requestOf(row.second, row.viewer, row.id)] };
  const conversions: Query = { ...empty(), sql: conversionsSql, idsOf: (row) => [`${row.owner}:${row.id}`] };
  for (const { partition, record } of records) {
    if (record.name === 'ad-beacon') {
      beacons = roomy(beacons);
      ask(beacons, partition, record.value.reservation, record.value.minute * 60);
    } else if (record.name === 'conversion') ask(conversions, partition, record.value.conversion_id, 0);
    else if (record.name === 'ad-request') {
      requests = roomy(requests);
      const minute = minuteOf(record.value.received_at);
      for (const by of RETRY_MINUTES) ask(requests, partition, record.value.request_id, minute + by * 60);
    }
  }
  return [...full, beacons, requests, conversions].filter((query) => query.ids.size > 0);
}

function ask(query: Query, partition: number, id: string, minute: number): void {
  query.partitions.add(partition);
  query.minutes.add(minute);
  query.ids.add(id);
}
