import { type ContextTable, contextTable } from '../../domain/scoring/contexts.ts';
import type { Clock } from '../../engines/clock.ts';
import type { CampaignSignal } from '../../schemas/records.ts';
import type { Metrics } from '../metrics.ts';

/** What pacing and scoring last said about a campaign; null: nothing yet. */
export interface CampaignSignals {
  readonly pacing: CampaignSignal | null;
  readonly score: CampaignSignal | null;
  /** What the score signal says of contexts, ready to be looked up; null: nothing. */
  readonly contexts: ContextTable | null;
}

const silence: CampaignSignals = { pacing: null, score: null, contexts: null };

/** The newest signal of each (campaign, kind). Ignored ones are counted all the same, so that both ways can be compared. */
export class Signals {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #ignored: boolean;
  readonly #held = new Map<string, CampaignSignals>();

  constructor(clock: Clock, metrics: Metrics, ignored: boolean) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#ignored = ignored;
  }

  of(campaignId: string): CampaignSignals {
    return this.#ignored ? silence : (this.#held.get(campaignId) ?? silence);
  }

  /** Takes a signal unless a newer one of its kind is held. `fresh`: it came after this instance started, so its way is timed. */
  apply(signal: CampaignSignal, fresh: boolean): void {
    const slot = slotOf(signal);
    if (!slot) return;
    const held = this.#held.get(signal.campaign) ?? silence;
    const known = held[slot];
    if (known && known.version >= signal.version) return;
    const contexts = slot === 'score' ? contextTable(signal.contexts) : held.contexts;
    this.#held.set(signal.campaign, { ...held, [slot]: signal, contexts });
    this.#metrics.signalsApplied.inc();
    if (fresh && signal.caused_by_received_at !== null) {
      const seconds = (this.#clock.now() - signal.caused_by_received_at) / 1000;
      this.#metrics.eventToEffect.observe({ effect: 'signal' }, Math.max(0, seconds));
    }
  }
}

function slotOf(signal: CampaignSignal): 'pacing' | 'score' | null {
  if (signal.kind === 'PACING') return 'pacing';
  return signal.kind === 'SCORE' ? 'score' : null;
}
