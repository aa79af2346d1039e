import { EngineError } from '../engines/errors.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { RecentAnswers } from './answers.ts';
import { CatalogCache } from './catalog-cache.ts';
import { isAway } from './deadline.ts';
import { Feed } from './feed.ts';
import { Journal } from './journal.ts';
import type { DecisionApiParts } from './main.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { Purse } from './purse.ts';
import { Reserver } from './reserver.ts';
import { Signals } from './signals.ts';
import { StoreGate } from './store-gate.ts';
import { Tokens } from './tokens.ts';
import { Watermarks } from './watermarks.ts';

/** Everything an instance holds between requests. */
export interface Assembly {
  readonly metrics: Metrics;
  readonly gate: StoreGate;
  readonly journal: Journal;
  readonly cache: CatalogCache;
  readonly signals: Signals;
  readonly watermarks: Watermarks;
  readonly purse: Purse;
  readonly reserver: Reserver;
  readonly tokens: Tokens;
  readonly feed: Feed;
  readonly answers: RecentAnswers;
  readonly partitions: { readonly requests: number; readonly beacons: number };
  /** Says that something arrived. */
  readonly changed: () => void;
  /** Calls `listener` whenever something arrived, until it answers true. */
  readonly onChange: (listener: () => boolean) => void;
}

export async function assemble(parts: DecisionApiParts): Promise<Assembly> {
  const { config, clock, random, log, store, catalog, logger } = parts;
  const listeners = new Set<() => boolean>();
  const changed = () => {
    for (const listener of [...listeners]) if (listener()) listeners.delete(listener);
  };
  const metrics = createMetrics();
  // One count for both topics: a place that a store forgot is found again by the partition of its request.
  const count = async (unknown: number) =>
    Math.min(await partitionsOf(log, 'ad-requests', unknown), await partitionsOf(log, 'ad-beacons', unknown));
  const gate = new StoreGate(store, clock, metrics);
  const cache = new CatalogCache();
  const signals = new Signals(clock, metrics, !config.signals);
  const watermarks = new Watermarks(gate, await count(config.partitions), () => count(0), config.tokenLifeMs);
  const { dataDir } = config;
  const feed = new Feed({ dataDir, clock, random, log, catalog, cache, signals, metrics, logger, changed });
  return {
    metrics,
    gate,
    cache,
    signals,
    watermarks,
    feed,
    partitions: {
      get requests() {
        return watermarks.partitions;
      },
      get beacons() {
        return watermarks.partitions;
      },
    },
    answers: new RecentAnswers(),
    changed,
    journal: new Journal(log, clock, metrics),
    purse: new Purse(gate, clock, random, metrics, watermarks),
    reserver: new Reserver(gate, clock, random, metrics, watermarks),
    tokens: new Tokens(config.tokenKeys ?? []),
    onChange: (listener) => listeners.add(listener),
  };
}

/** The log away: as configured. The topics missing: EngineError `misconfigured`. */
async function partitionsOf(log: EventLog, topic: string, configured: number): Promise<number> {
  try {
    return await log.partitions(topic);
  } catch (error) {
    if (isAway(error) && error.retryable) return configured;
    if (error instanceof EngineError) throw new EngineError(error.code, `no topic ${topic}`, error);
    throw error;
  }
}
