import type { Campaign } from '../../domain/campaign.ts';
import { type BilledMinute, emptyMoney, emptySums, type Take } from '../../domain/ledger.ts';
import { putMoneyRight } from '../../domain/ledger-put-right.ts';
import { dayOf } from '../../domain/zone.ts';
import { EngineError } from '../../engines/errors.ts';
import { BROOM_MS, keys, MONEY_KEPT_MS } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { CampaignSums, MoneyRecord, SumsRecord } from '../../schemas/records.ts';
import { takenBy } from '../catch-up.ts';
import { FirstOfEach } from '../first-of-each.ts';
import { closableMinute, closedMinute } from '../pacing/closing.ts';
import { isLimited, pricedAt } from '../pacing/served.ts';
import { addTo, noteOpenMinutes } from '../pacing/sums.ts';
import { update } from '../swap.ts';
import { type Finished, finish } from './finish.ts';
import { type Reading, type RebuildEngines, readGroup, watermarkOf } from './reading.ts';

const MINUTE_MS = 60_000;
/** Minutes this old are kept by the quarter of an hour: no zone's day begins within one. */
const BY_QUARTER_MS = 26 * 3_600_000;
const QUARTER = 15;
const SWAPS_AT_ONCE = 500;

export interface RebuiltMoney extends Finished {
  /** Campaigns that the log or the catalog knows. */
  readonly records: number;
  /** Of them, records that said something else; now right, unless nothing was to be written. */
  readonly putRight: number;
  /** Sums of open minutes that said something else. */
  readonly sumsPutRight: number;
  readonly billedMicros: number;
  readonly takenMicros: number;
  /** Epoch minute up to which money is closed. */
  readonly closedUpTo: number;
  /** YYYY-MM-DD: what was billed before stays as the store has it, because the log no longer holds it; null: it holds all. */
  readonly wholeFrom: string | null;
}

type Amount = { micros: number; impressions: number };
/** campaign -> decision minute -> amount */
type ByMinute = Map<string, Map<number, Amount>>;
/** decision minute -> campaign -> sums */
type OpenSums = Map<number, Map<string, CampaignSums>>;

/** What warehouse rows say of minutes before the log begins: for each campaign, minutes or longer spans of one day. */
export type OlderMoney = (before: number) => Promise<ReadonlyMap<string, readonly BilledMinute[]>>;

interface Gathered {
  readonly billed: ByMinute;
  readonly served: ByMinute;
  /** By partition. */
  readonly sums: readonly OpenSums[];
}

export async function rebuildMoney(
  engines: RebuildEngines,
  campaigns: ReadonlyMap<string, Campaign>,
  older: OlderMoney | null = null,
): Promise<RebuiltMoney> {
  const { reading, gathered, byMinuteFrom } = await gather(engines);
  const { upTo, closed } = await closedNow(engines, reading);
  const wholeFrom = wholeFromOf(reading);
  const firstWhole = wholeFrom === null ? 0 : firstWholeOf(wholeFrom, byMinuteFrom);
  const before = wholeFrom !== null && older ? await older(firstWhole) : null;
  const sumsPutRight = await writeSums(engines, reading, gathered, upTo);
  const ids = [...new Set([...campaigns.keys(), ...gathered.billed.keys(), ...(before?.keys() ?? [])])];
  const counts = { records: ids.length, putRight: 0, billedMicros: 0, takenMicros: 0 };
  for (let from = 0; from < ids.length; from += SWAPS_AT_ONCE) {
    engines.progress.work('money', from, ids.length);
    const some = ids.slice(from, from + SWAPS_AT_ONCE);
    const changed = new Set<string>();
    const seen = new Map<string, { billed: number; taken: number }>();
    const changes = some.map((id): [string, (bytes: Buffer | null) => Buffer | null] => {
      const campaign = campaigns.get(id);
      const zone = campaign?.timeZone ?? 'UTC';
      const ofLog = minutesOf(gathered.billed.get(id), zone, before ? firstWhole : 0);
      const minutes = [...ofLog, ...(before?.get(id) ?? [])];
      const served: readonly Take[] =
        campaign && isLimited(campaign) ? minutesOf(gathered.served.get(id), zone, 0) : [];
      const day = wholeFrom === null || before !== null ? null : nextDay(wholeFrom, zone);
      const change = (bytes: Buffer | null) => {
        const record = bytes ? decodeBare('money-record', bytes) : emptyMoney();
        if (record.closed_up_to > upTo) throw movedOn(record.closed_up_to, upTo);
        const to = reading.believed ? Math.max(record.closed_up_to, closed) : upTo;
        // A record that was forgotten has nothing to keep: what the log has of its first days is better than nothing.
        const right = putMoneyRight(record, to, { minutes, served, wholeFrom: isForgotten(record) ? null : day });
        seen.set(id, { billed: right.billed_micros, taken: right.taken.reduce((sum, one) => sum + one.micros, 0) });
        if (right === record) return null;
        changed.add(id);
        return engines.write ? encodeBare('money-record', right) : null;
      };
      return [keys.money(id), change];
    });
    await update(engines.store, new Map(changes), MONEY_KEPT_MS, reading.stores);
    counts.putRight += changed.size;
    for (const { billed, taken } of seen.values()) {
      counts.billedMicros += billed;
      counts.takenMicros += taken;
    }
  }
  await raiseClosed(engines, reading, upTo);
  const finished = await finish(engines, reading);
  const told = wholeFrom === null ? null : nextDay(wholeFrom, 'UTC');
  return { ...counts, ...finished, sumsPutRight, closedUpTo: upTo, wholeFrom: told };
}

async function gather(engines: RebuildEngines) {
  const { clock, log } = engines;
  const byMinuteFrom = Math.floor((clock.now() - BY_QUARTER_MS) / MINUTE_MS);
  const keep = (minute: number) => (minute >= byMinuteFrom ? minute : Math.floor(minute / QUARTER) * QUARTER);
  const partitions = await log.partitions('ad-beacons');
  const gathered: Gathered = {
    billed: new Map(),
    served: new Map(),
    sums: Array.from({ length: partitions }, () => new Map()),
  };
  const places = new Map<number, FirstOfEach>();
  const reading = await readGroup('pacing', engines, {
    wanted: () => true,
    requests(partition, requests) {
      const firsts = places.get(partition) ?? new FirstOfEach();
      places.set(partition, firsts);
      for (const { request, offset } of requests) {
        for (const ad of takenBy(request)) {
          if (ad.minute < byMinuteFrom || !firsts.isFirst(offset, ad)) continue;
          add(gathered.served, ad.campaign, ad.minute, pricedAt(ad), 1);
        }
      }
    },
    beacons(partition, judged) {
      const open = gathered.sums[partition];
      for (const one of judged) {
        const { beacon, judgement } = one;
        if (!judgement.billable) continue;
        const impressions = beacon.event === 'impression' ? 1 : 0;
        add(gathered.billed, beacon.campaign, keep(beacon.minute), judgement.spend_micros, impressions);
        if (!open || beacon.minute < byMinuteFrom) continue;
        const ofMinute = open.get(beacon.minute) ?? new Map<string, CampaignSums>();
        open.set(beacon.minute, ofMinute);
        ofMinute.set(beacon.campaign, addTo(ofMinute.get(beacon.campaign) ?? emptySums(beacon.campaign), one));
      }
    },
  });
  return { reading, gathered, byMinuteFrom };
}

function add(into: ByMinute, campaign: string, minute: number, micros: number, impressions: number): void {
  const ofCampaign = into.get(campaign) ?? new Map<number, Amount>();
  into.set(campaign, ofCampaign);
  const known = ofCampaign.get(minute) ?? { micros: 0, impressions: 0 };
  ofCampaign.set(minute, { micros: known.micros + micros, impressions: known.impressions + impressions });
}

function minutesOf(of: ReadonlyMap<number, Amount> | undefined, zone: string, from: number): readonly BilledMinute[] {
  return [...(of ?? [])]
    .filter(([minute]) => minute >= from)
    .map(([minute, amount]) => ({ minute, day: dayOf(minute * MINUTE_MS, zone), ...amount }));
}

/** What the log that was read allows to close, and what the store says is closed. */
async function closedNow({ store, config }: RebuildEngines, reading: Reading) {
  const [mark] = await store.read([keys.closed]);
  const closed = closedMinute(mark);
  const lowest = Math.min(...reading.beacons.map((read) => watermarkOf(read, config)));
  const closable = Math.max(0, closableMinute(lowest, reading.lifeMs));
  if (closed > closable) throw movedOn(closed, closable);
  return { upTo: closable, closed };
}

function isForgotten({ billed_micros, billed_impressions, days }: MoneyRecord): boolean {
  return billed_micros === 0 && billed_impressions === 0 && days.length === 0;
}

function movedOn(closed: number, known: number): EngineError {
  return new EngineError(
    'conflict',
    `money is closed up to minute ${closed} and what was read reaches to ${known}: run it again`,
  );
}

/** From when on the log holds everything, epoch ms; null: from its very beginning. */
function wholeFromOf({ beacons }: Reading): number | null {
  const cut = beacons.filter(({ oldest }) => oldest > 0);
  return cut.length === 0 ? null : Math.max(...cut.map(({ oldestAt }) => oldestAt));
}

/**
 * The first minute that the log holds whole: one that began before the log does may have lost some of its records. Where
 * minutes are kept by the quarter it begins one, or the rest of its quarter would be in neither the log's nor the rows' part.
 */
function firstWholeOf(wholeFrom: number, byMinuteFrom: number): number {
  const next = Math.floor(wholeFrom / MINUTE_MS) + 1;
  return next < byMinuteFrom ? Math.ceil(next / QUARTER) * QUARTER : next;
}

/** The first day of which nothing is missing. */
function nextDay(at: number, zone: string): string {
  return dayOf(at + 25 * 3_600_000, zone);
}

async function writeSums(engines: RebuildEngines, reading: Reading, { sums }: Gathered, upTo: number): Promise<number> {
  const { store, write } = engines;
  const [mark] = await store.read([keys.closed]);
  const from = reading.believed ? closedMinute(mark) : upTo;
  let putRight = 0;
  for (const [partition, read] of reading.beacons.entries()) {
    engines.progress.work('sums', partition, reading.beacons.length);
    const open = [...(sums[partition] ?? [])].filter(([minute]) => minute > from);
    if (open.length === 0) continue;
    const changed = new Set<number>();
    const changes = open.map(([minute, ofMinute]): [string, (bytes: Buffer | null) => Buffer | null] => [
      keys.sums(partition, minute),
      (bytes) => {
        const record = bytes ? decodeBare('sums-record', bytes) : { position: 0, campaigns: [] };
        // A worker is further on: what it adds is not known here.
        if (record.position > read.position || isSame(record, ofMinute)) return null;
        changed.add(minute);
        const right = { position: read.position, campaigns: [...ofMinute.values()] };
        return write ? encodeBare('sums-record', right) : null;
      },
    ]);
    if (write) {
      const minutes = open.map(([minute]) => minute);
      await noteOpenMinutes(partition, minutes, { store, stores: reading.stores });
    }
    await update(store, new Map(changes), BROOM_MS, reading.stores);
    putRight += changed.size;
  }
  return putRight;
}

function isSame({ campaigns }: SumsRecord, told: ReadonlyMap<string, CampaignSums>): boolean {
  if (campaigns.length !== told.size) return false;
  return campaigns.every((own) => {
    const other = told.get(own.campaign);
    return other !== undefined && (Object.keys(other) as (keyof CampaignSums)[]).every((of) => own[of] === other[of]);
  });
}

async function raiseClosed({ store, write }: RebuildEngines, { believed, stores }: Reading, upTo: number) {
  if (believed || !write || upTo < 1) return;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(upTo));
  const raise = (now: Buffer | null) => (now === null || Number(now.readBigInt64BE()) < upTo ? bytes : null);
  await update(store, new Map([[keys.closed, raise]]), MONEY_KEPT_MS, stores);
}
