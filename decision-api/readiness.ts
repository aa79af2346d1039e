import type { Clock } from '../engines/clock.ts';
import type { Readiness } from '../engines/process-metrics.ts';
import type { Assembly } from './assemble.ts';
import { limits } from './limits.ts';

/** Ready: there is a catalog, and what was in the topics at boot is known. Engines that are away only degrade it. */
export function readinessOf({
  feed,
  gate,
  journal,
  watermarks,
  clock,
}: Assembly & { readonly clock: Clock }): Readiness {
  const why: string[] = [];
  if (feed.loaded === 'no') why.push('catalog: neither Postgres nor a snapshot on disk could be read');
  if (feed.following && !feed.caughtUp) why.push('catalog and signals: not yet at the ends noted at boot');
  if (!watermarks.known && !gate.away) why.push('watermarks: not read yet');
  const isKnown = journal.isKnown(watermarks.partitions);
  if (!isKnown && !journal.away && !gate.away) why.push('journal: the log has not said yet that it knows of it');
  if (Math.abs(journal.skewMs) > limits.clockSkewMs) {
    why.push(`clock: the event log's is ${Math.round(journal.skewMs / 1000)} s ahead of ours (negative: behind)`);
  }
  const degraded: string[] = [];
  if (feed.loaded === 'disk') degraded.push('catalog: from the last snapshot on disk');
  else if (feed.away) degraded.push('catalog: Postgres does not answer, what was last known serves on');
  if (feed.stale(clock.now())) degraded.push('catalog: too old, campaigns with budgets wait');
  if (!feed.following) degraded.push('event log: changes and signals do not arrive');
  degraded.push(...journal.degraded());
  if (!isKnown) degraded.push('journal: not known to the log yet, capped and budgeted campaigns wait');
  if (gate.away) degraded.push('state store: away, capped and budgeted campaigns wait');
  if (!watermarks.caughtUp)
    degraded.push('state store: forgot writes and is being caught up, capped and budgeted campaigns wait');
  if (watermarks.waiting > 0) degraded.push(`event log: ${watermarks.waiting} new partitions wait for their workers`);
  return { ready: why.length === 0, why, degraded };
}
