import type { EventLog } from '../../engines/event-log/event-log.ts';
import { decode } from '../../schemas/codec.ts';
import type { CampaignSignal } from '../../schemas/records.ts';

/** What pacing says while the demo runs, newest per campaign. */
export class Spending {
  readonly #paced: ReadonlySet<string>;
  readonly #newest = new Map<string, CampaignSignal>();

  constructor(paced: Iterable<string>) {
    this.#paced = new Set(paced);
  }

  /** Follows the signals from the beginning; `stop` when the run is over. */
  async follow(log: EventLog): Promise<{ stop(): Promise<void> }> {
    return log.subscribe('demo-status', ['campaign-signals'], {
      resume: async () => 0,
      apply: async (records) => {
        for (const { value } of records) {
          const record = decode(value);
          if (record.name === 'campaign-signal') this.take(record.value);
        }
      },
    });
  }

  take(signal: CampaignSignal): void {
    if (signal.kind !== 'PACING') return;
    const known = this.#newest.get(signal.campaign);
    if (known === undefined || known.version < signal.version) this.#newest.set(signal.campaign, signal);
  }

  of(campaign: string): CampaignSignal | undefined {
    return this.#newest.get(campaign);
  }

  /** Over the campaigns that are to be spent along a curve. */
  totals(): { readonly spentMicros: number; readonly targetMicros: number; readonly pricedDown: number } {
    let [spentMicros, targetMicros, pricedDown] = [0, 0, 0];
    for (const signal of this.#newest.values()) {
      if (signal.mu_ppm > 0) pricedDown++;
      if (!this.#paced.has(signal.campaign)) continue;
      spentMicros += signal.spent_micros;
      targetMicros += signal.target_micros;
    }
    return { spentMicros, targetMicros, pricedDown };
  }
}
