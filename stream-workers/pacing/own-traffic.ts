import type { Campaign } from '../../domain/campaign.ts';
import type { Forecast } from '../../domain/pacing/forecast.ts';
import { hasOwnHours, ownTraffic } from '../../domain/pacing/own-hours.ts';
import { keepOnly } from '../duty.ts';
import type { OpenSums } from './sums.ts';

const HOUR_MINUTES = 60;
/** By then nearly all that a minute decided has been shown. */
const SHOWN_AFTER_MINUTES = 3;

interface Kept {
  readonly campaign: Campaign;
  readonly forecast: Forecast;
  readonly hour: number;
  readonly own: Forecast;
  /** Impressions by hour of the day in UTC, by the minute of decision. */
  readonly shown: number[];
  /** The last decision minute that is counted in them. */
  countedUpTo: number;
}

/** What each campaign's plan goes by: made again each hour, and when the campaign or the forecast is another. Kept of those with own hours. */
export class OwnTraffic {
  readonly #kept = new Map<string, Kept>();

  keepOnly(duty: readonly string[]): void {
    keepOnly(this.#kept, duty);
  }

  of(campaign: Campaign, forecast: Forecast, open: OpenSums, now: number): Forecast {
    const minute = Math.floor(now / 60_000);
    const hour = Math.floor(minute / HOUR_MINUTES);
    const last = this.#kept.get(campaign.id);
    const same = last?.campaign === campaign ? last : null;
    if (same === null && !hasOwnHours(campaign)) {
      this.#kept.delete(campaign.id);
      return forecast;
    }
    if (same !== null) count(same, open, minute - SHOWN_AFTER_MINUTES);
    if (same !== null && same.forecast === forecast && same.hour === hour) return same.own;
    const shown = same?.shown ?? Array.from({ length: 24 }, () => 0);
    const next = {
      campaign,
      forecast,
      hour,
      own: ownTraffic(campaign, forecast, now, shown),
      shown,
      // What was decided before goes by the campaign as it was.
      countedUpTo: same?.countedUpTo ?? minute,
    };
    this.#kept.set(campaign.id, next);
    return next.own;
  }
}

function count(kept: Kept, open: OpenSums, upTo: number): void {
  if (upTo <= kept.countedUpTo) return;
  for (const [minute, sums] of open) {
    if (minute <= kept.countedUpTo || minute > upTo) continue;
    const hour = Math.floor(minute / HOUR_MINUTES) % 24;
    kept.shown[hour] = (kept.shown[hour] ?? 0) + (sums.get(kept.campaign.id)?.impressions ?? 0);
  }
  kept.countedUpTo = upTo;
}
