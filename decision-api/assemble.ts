import type { Logger } from 'pino';
import type { Catalog } from '../engines/catalog/catalog.ts';
import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import type { Random } from '../engines/random.ts';
import { SecretRing } from '../engines/secret-ring.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { Callers } from './asking/callers.ts';
import { type Geoip, openGeoip } from './asking/geoip.ts';
import { Tokens } from './beacons/tokens.ts';
import { CatalogCache } from './catalog/catalog-cache.ts';
import { Feed } from './catalog/feed.ts';
import { Signals } from './catalog/signals.ts';
import { Purse } from './holding/purse.ts';
import { Reserver } from './holding/reserver.ts';
import { StoreGate } from './holding/store-gate.ts';
import { StreamReserver } from './holding/stream-reserver.ts';
import { Watermarks } from './holding/watermarks.ts';
import { isAway, within } from './http/deadline.ts';
import { type Journal, LogJournal } from './journal/journal.ts';
import { ShippedJournal } from './journal/shipped-journal.ts';
import { UnloggedWait } from './journal/unlogged-wait.ts';
import { limits } from './limits.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { RecentAnswers } from './recording/answers.ts';
import { BidFates } from './recording/bid-fate.ts';
import { RecentDecisions } from './recording/recent-decisions.ts';
import { type ListsFile, openLists } from './traffic/lists.ts';
import { Traffic } from './traffic/traffic.ts';

export interface DecisionApiParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  /** Its topics exist. Left open by `close`, like the other engines. */
  readonly log: EventLog;
  readonly store: StateStore;
  readonly catalog: Catalog;
  readonly logger: Logger;
  /** Tried in turn; 0 is a free one. Default: the configured port. */
  readonly ports?: readonly number[];
  /** Where management answers now. Absent: what is its own is not passed on. */
  readonly managementUrl?: () => string | null;
}

/** Everything an instance holds between requests. */
export interface Assembly {
  readonly metrics: Metrics;
  readonly gate: StoreGate;
  readonly journal: Journal;
  readonly cache: CatalogCache;
  readonly geoip: Geoip;
  readonly signals: Signals;
  readonly watermarks: Watermarks;
  readonly purse: Purse;
  readonly reserver: Reserver;
  readonly streams: StreamReserver;
  readonly tokens: Tokens;
  readonly feed: Feed;
  readonly secrets: SecretRing;
  /** Takes the newest token keys. */
  readonly followSecrets: () => void;
  readonly callers: Callers;
  readonly lists: ListsFile;
  readonly traffic: Traffic;
  readonly unlogged: UnloggedWait;
  readonly answers: RecentAnswers;
  readonly recent: RecentDecisions;
  readonly fates: BidFates;
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
    Math.min(await partitionsOf('ad-requests', parts, unknown), await partitionsOf('ad-beacons', parts, unknown));
  const geoip = await openGeoip(config.geoipFile, { metrics, logger });
  const gate = new StoreGate(store, clock, metrics);
  const cache = new CatalogCache();
  const lists = await openLists(config, () => clock.now(), logger);
  const { trustedNetworks, callers } = config;
  const secrets = new SecretRing(config, () => clock.now());
  const tokens = new Tokens(secrets.tokenKeys, () => {
    secrets.refreshSoon();
    return secrets.tokenKeys;
  });
  const signals = new Signals(clock, metrics, !config.signals);
  // The embedded log is on this machine's disk already.
  const journal =
    config.eventLogUrl === null
      ? new LogJournal(log, clock, metrics)
      : await new ShippedJournal({ config, clock, random, log, metrics, logger }).start();
  const isKnown = (partitions: number) => journal.isKnown(partitions);
  const partitions = await count(config.partitions);
  const watermarks = new Watermarks(gate, partitions, () => count(0), config.tokenLifeMs, isKnown);
  const { dataDir } = config;
  const feed = new Feed({ dataDir, clock, random, log, catalog, cache, signals, metrics, logger, changed });
  return {
    metrics,
    gate,
    cache,
    geoip,
    signals,
    watermarks,
    feed,
    callers: new Callers({ trustedNetworks, callers, keys: () => cache.playerKeys, now: () => clock.now(), metrics }),
    lists,
    traffic: new Traffic(lists, config, () => [secrets.pepper, ...secrets.peppersBefore]),
    unlogged: new UnloggedWait(clock, random),
    partitions: {
      get requests() {
        return watermarks.partitions;
      },
      get beacons() {
        return watermarks.partitions;
      },
    },
    answers: new RecentAnswers(),
    recent: new RecentDecisions(),
    fates: new BidFates(gate),
    changed,
    journal,
    purse: new Purse(gate, clock, random, metrics, watermarks),
    reserver: new Reserver(gate, clock, random, metrics, watermarks),
    streams: new StreamReserver(gate, clock, random, metrics, watermarks),
    tokens,
    secrets,
    followSecrets() {
      secrets.refresh();
      tokens.replace(secrets.tokenKeys);
    },
    onChange: (listener) => listeners.add(listener),
  };
}

/** The log away: as configured. The topics missing: EngineError `misconfigured`. */
async function partitionsOf(topic: string, { log, clock }: DecisionApiParts, configured: number): Promise<number> {
  try {
    return await within(clock, limits.bootLogMs, 'a question for partitions', log.partitions(topic));
  } catch (error) {
    if (isAway(error) && error.retryable) return configured;
    if (error instanceof EngineError) throw new EngineError(error.code, `no topic ${topic}`, error);
    throw error;
  }
}
