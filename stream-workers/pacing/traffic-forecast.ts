import { type Forecast, forecastFrom, uniform } from '../../domain/pacing/forecast.ts';
import type { BeatContext } from '../worker.ts';

const REREAD_MS = 600_000;
const HISTORY_MS = 56 * 86_400_000;

/** The traffic that is expected by hour of week, read again from the warehouse every ten minutes; uniform until it answers. */
export class TrafficForecast {
  now: Forecast = uniform;
  #readAt: number | null = null;

  /** Reads it if it is due. Where the warehouse is away the last one stays: pacing must not wait for it. */
  async refresh({ clock, warehouse, config }: BeatContext): Promise<void> {
    const now = clock.now();
    // Beside a virtual clock the warehouse fills at the machine's pace: a plan by it would not repeat.
    if (config.virtual !== null || (this.#readAt !== null && now - this.#readAt < REREAD_MS)) return;
    this.#readAt = now;
    try {
      const rows = await warehouse.query<{ at: string; requests: string }>(
        `SELECT toUnixTimestamp(hour) AS at, sum(requests) AS requests FROM breakwater.request_hours FINAL
         WHERE hour >= toDateTime({since:UInt32}, 'UTC') GROUP BY hour ORDER BY hour`,
        { since: Math.max(0, Math.floor((now - HISTORY_MS) / 1_000)) },
      );
      const history = rows.map(({ at, requests }) => ({ hour: Number(at) * 1_000, requests: Number(requests) }));
      this.now = forecastFrom(history, now);
    } catch {
      // Asked again in ten minutes; the warehouse's own worker says that it is away.
    }
  }
}
