import { addContexts, type ContextCount, emptyContexts } from '../../domain/scoring/context-counts.ts';
import { type Learnt, learnContexts } from '../../domain/scoring/contexts.ts';
import { EngineError } from '../../engines/errors.ts';
import { BROOM_MS, keys } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { ContextRecord } from '../../schemas/records.ts';
import { readHeadsIfAny } from '../heads.ts';
import type { BeatContext } from '../worker.ts';

const MINUTE_MS = 60_000;
/** A decision's views and clicks are in the warehouse by then, or will hardly come. */
const SETTLED_MINUTES = 6;
/** How much is learnt at once, and how far back one begins. */
const SPAN_MINUTES = 60;
const HISTORY_MINUTES = 3 * 24 * 60;

/**
 * What rates depend on, by campaign: counted in the warehouse, once for each minute of decisions, and kept in the state store so that
 * all workers and their successors know it. Where the warehouse is away or behind, what was learnt stays.
 */
export class ContextLearner {
  #until = 0;
  #learnt: Learnt = learnContexts([], () => null);

  /** What is known by now. */
  get learnt(): Learnt {
    return this.#learnt;
  }

  /** Counts what is new, if this worker holds the first partition; takes in what has been counted, by whomever. */
  async refresh(context: BeatContext, categoryOf: (campaign: string) => string | null): Promise<void> {
    // Beside a virtual clock the warehouse fills at the machine's pace: what follows from it would not repeat.
    if (context.config.virtual !== null) return;
    const [entry] = await context.store.read([keys.contexts]);
    if (entry === undefined) return;
    const record = entry.bytes ? decodeBare('context-record', entry.bytes) : emptyContexts;
    const holdsFirst = context.assigned().some(({ topic, partition }) => topic === 'ad-beacons' && partition === 0);
    const next = holdsFirst ? await countNew(record, context) : null;
    // Another worker may have been faster: it counted the same.
    if (next !== null) await context.store.swap(keys.contexts, entry, encodeBare('context-record', next), BROOM_MS);
    const newest = next ?? record;
    if (newest.until === this.#until) return;
    this.#until = newest.until;
    this.#learnt = learnContexts(newest.campaigns, categoryOf);
  }
}

/** Null: no minute more is settled, or the warehouse is away. */
async function countNew(record: ContextRecord, context: BeatContext): Promise<ContextRecord | null> {
  try {
    const settled = Math.floor((await warehouseUpTo(context)) / MINUTE_MS) - SETTLED_MINUTES;
    const from = Math.max(0, record.until, settled - HISTORY_MINUTES);
    const until = Math.min(settled, from + SPAN_MINUTES);
    if (until <= from) return null;
    const rows = await context.warehouse.query<Row>(statement, { from: from * 60, until: until * 60 });
    return addContexts(record, rows.map(countOf), until);
  } catch (error) {
    // Asked again at the next beat; the warehouse's own worker says that it is away.
    if (error instanceof EngineError) return null;
    throw error;
  }
}

/** Everything appended before (epoch ms) is in the warehouse; 0 where nobody can say. */
async function warehouseUpTo({ log, store, clock }: BeatContext): Promise<number> {
  let low = clock.now();
  for (const topic of ['ad-requests', 'ad-beacons']) {
    const ends = await log.ends(topic);
    const at = ends.map((_, partition) => ({ topic, partition }));
    const heads = await readHeadsIfAny(store, 'warehouse', at);
    for (const [partition, end] of ends.entries()) {
      const head = heads[partition];
      if ((head?.position ?? 0) < end) low = Math.min(low, head?.watermark ?? 0);
    }
  }
  return low;
}

type Row = Readonly<Record<keyof ContextCount, string>>;

function countOf(row: Row): ContextCount {
  const { campaign, advertiser, dimension, value, impressions, starts, completes, clicks } = row;
  return {
    campaign,
    advertiser,
    dimension,
    value,
    impressions: Number(impressions),
    starts: Number(starts),
    completes: Number(completes),
    clicks: Number(clicks),
  };
}

/** The shown ads of the decisions of some minutes, counted once for each of their contexts. */
const statement = `SELECT campaign, advertiser, context.1 AS dimension, context.2 AS value,
  count() AS impressions, sum(started) AS starts, sum(completed) AS completes, sum(clicked) AS clicks
FROM
(
  SELECT a.campaign AS campaign, a.advertiser AS advertiser,
    [('device_type', toString(a.device_type)), ('content_category', toString(a.content_category)),
     ('hour', toString(toHour(a.decision_minute, 'UTC'))), ('position', toString(a.position))] AS contexts,
    b.started AS started, b.completed AS completed, b.clicked AS clicked
  FROM (
    SELECT * FROM breakwater.request_ads FINAL
    WHERE NOT duplicate AND minute >= toDateTime({from:UInt32}, 'UTC') AND minute < toDateTime({until:UInt32}, 'UTC')
  ) AS a
  INNER JOIN
  (
    SELECT reservation, max(event = 'start') AS started, max(event = 'complete') AS completed, max(event = 'click') AS clicked
    FROM breakwater.beacons FINAL
    WHERE billable AND event IN ('impression', 'start', 'complete', 'click')
      AND decision_minute >= toDateTime({from:UInt32}, 'UTC') AND decision_minute < toDateTime({until:UInt32}, 'UTC')
      AND minute >= toDateTime({from:UInt32}, 'UTC')
    GROUP BY reservation HAVING max(event = 'impression') > 0
  ) AS b ON a.reservation = b.reservation
)
ARRAY JOIN contexts AS context
GROUP BY campaign, advertiser, dimension, value
ORDER BY campaign, dimension, value`;
