import type { Subscription } from '../engines/event-log/event-log.ts';
import { encode } from '../schemas/codec.ts';
import { isOutdated } from './catch-up.ts';
import { unsure } from './journals.ts';
import type { PartitionGauges } from './partition-gauges.ts';
import type { Progress, RunnerEngines } from './runner.ts';
import type { Worker } from './worker.ts';

/** While a store is being caught up, quiet partitions get their tick this soon. */
const TICK_CATCHING_UP_MS = 500;

/** A partition behind which nothing is heard for this long is ticked too: the log may have forgotten what it lags behind. */
const SILENT_MS = 60_000;

/** What a look sees. */
export interface Sight {
  readonly subscription: Subscription;
  readonly progress: ReadonlyMap<string, Progress>;
  readonly stores: readonly string[];
  readonly gauges: PartitionGauges;
  /** By topic, as last asked for. */
  readonly ends: ReadonlyMap<string, readonly number[]>;
}

/** Measures lag and watermarks, and gives quiet partitions their tick. */
export async function lookAround(
  worker: Worker,
  { log, clock, config, metrics }: RunnerEngines,
  sight: Sight,
): Promise<void> {
  const { subscription, progress, stores, gauges } = sight;
  let catchingUp = 0;
  const waitsFor = new Set<string>();
  const held = subscription.assigned();
  gauges.forgetOthers(held);
  for (const topic of worker.reads) {
    const ends = sight.ends.get(topic) ?? [];
    const ticking = worker.ticks.includes(topic);
    const quiet: number[] = [];
    let lag = 0;
    const here = held.filter((one) => one.topic === topic);
    gauges.tellShare(topic, here.length, ends.length);
    for (const { partition } of here) {
      const at = progress.get(`${topic}/${partition}`);
      if (!at) continue;
      const behind = Math.max(0, (ends[partition] ?? 0) - at.standing.position);
      lag += behind;
      const stale = isOutdated(at.standing, stores);
      const late = at.standing.catchUp !== null || stale;
      if (late) catchingUp++;
      if (at.standing.catchUp !== null) {
        for (const { journal } of unsure(at.standing.journals, stores)) waitsFor.add(journal);
      }
      const age = at.standing.watermark === 0 ? 0 : Math.max(0, clock.now() - at.standing.watermark) / 1000;
      // Only where there are ticks does a watermark go on while nothing comes.
      gauges.tell({ topic, partition, behind, ageSeconds: ticking ? age : null });
      if (!ticking && !late) continue;
      const tickAfterMs = late ? Math.min(TICK_CATCHING_UP_MS, config.tickAfterMs) : config.tickAfterMs;
      const silentMs = behind > 0 ? Math.max(SILENT_MS, config.tickAfterMs) : tickAfterMs;
      if (clock.now() - at.heardAt < silentMs) continue;
      quiet.push(partition);
      at.heardAt = clock.now();
    }
    metrics.lag.set({ group: worker.name, topic }, lag);
    if (quiet.length > 0) {
      // A partition that stands still would never find out that its store has forgotten.
      const value = encode('tick', { group: worker.name });
      await log.append(
        topic,
        quiet.map((partition) => ({ partition, key: 'tick', value })),
      );
    }
  }
  metrics.catchingUp.set({ group: worker.name }, catchingUp);
  metrics.waitsForJournals.set({ group: worker.name }, waitsFor.size);
}
