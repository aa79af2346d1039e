import type { CampaignSums, MoneyDay, MoneyRecord } from '../schemas/records.ts';
import type { Campaign } from './campaign.ts';

/** What an instance wants to spend in one minute. `day`: YYYY-MM-DD of that minute in the campaign's zone. */
export interface Take {
  readonly minute: number;
  readonly day: string;
  readonly micros: number;
  readonly impressions: number;
}

/** Null: no limit. */
export interface Limits {
  readonly totalMicros: number | null;
  readonly dailyMicros: number | null;
  readonly impressions: number | null;
}

export type TakeRefusal = 'minute_closed' | 'budget_reached' | 'daily_budget_reached' | 'goal_reached';

export type Taken =
  | { readonly ok: true; readonly record: MoneyRecord }
  | { readonly ok: false; readonly reason: TakeRefusal; readonly roomMicros: number; readonly roomImpressions: number };

/** Of the total budget, what the stream may spend. */
export function totalLeft({
  totalBudgetMicros: total,
  spentBeforeMicros: before,
}: Pick<Campaign, 'totalBudgetMicros' | 'spentBeforeMicros'>): number | null {
  return total === null ? null : Math.max(0, total - (before ?? 0));
}

/** Days kept for daily budgets and reports of the recent past. */
export const DAYS_KEPT = 35;

export function emptyMoney(): MoneyRecord {
  return { closed_up_to: 0, billed_micros: 0, billed_impressions: 0, days: [], taken: [] };
}

/**
 * Takes money (and impressions) before it is spent. Refused when what was billed and what anybody has taken would pass a
 * limit, or when the minute is closed for this campaign or for all (`closedUpTo`). The room is what would still fit.
 */
export function take(record: MoneyRecord, want: Take, limits: Limits, closedUpTo: number): Taken {
  if (want.minute <= Math.max(record.closed_up_to, closedUpTo)) {
    return { ok: false, reason: 'minute_closed', roomMicros: 0, roomImpressions: 0 };
  }
  const held = heldOf(record);
  // A minute is of the day as which it was first taken: an edited time zone moves it to no other.
  const day = record.taken.find((open) => open.minute === want.minute)?.day ?? want.day;
  const today = record.days.find((known) => known.day === day);
  const takenToday = record.taken.filter((open) => open.day === day);
  const room = (limit: number | null, used: number) =>
    limit === null ? Number.MAX_SAFE_INTEGER : Math.max(0, limit - used);
  const total = room(limits.totalMicros, record.billed_micros + held.micros);
  const daily = room(limits.dailyMicros, (today?.micros ?? 0) + sum(takenToday, (open) => open.micros));
  const impressions = room(limits.impressions, record.billed_impressions + held.impressions);
  const refuse = (reason: TakeRefusal): Taken => ({
    ok: false,
    reason,
    roomMicros: Math.min(total, daily),
    roomImpressions: impressions,
  });
  if (want.micros > total) return refuse('budget_reached');
  if (want.micros > daily) return refuse('daily_budget_reached');
  if (want.impressions > impressions) return refuse('goal_reached');
  return { ok: true, record: addTaken(record, want) };
}

/** Returns what was taken for a minute and not spent. In a closed minute there is nothing left to return to. */
export function giveBack(record: MoneyRecord, back: Omit<Take, 'day'>): MoneyRecord {
  const taken = record.taken
    .map((open) =>
      open.minute === back.minute
        ? {
            ...open,
            micros: Math.max(0, open.micros - back.micros),
            impressions: Math.max(0, open.impressions - back.impressions),
          }
        : open,
    )
    .filter((open) => open.micros > 0 || open.impressions > 0);
  return { ...record, taken };
}

/** Takes what is missing of what was served for sure: after a store forgot who had taken what. Repeating it changes nothing. */
export function takeAtLeast(record: MoneyRecord, served: Take): MoneyRecord {
  if (served.minute <= record.closed_up_to) return record;
  const known = record.taken.find((open) => open.minute === served.minute);
  const micros = Math.max(0, served.micros - (known?.micros ?? 0));
  const impressions = Math.max(0, served.impressions - (known?.impressions ?? 0));
  return micros === 0 && impressions === 0 ? record : addTaken(record, { ...served, micros, impressions });
}

/** What one minute billed, over all partitions. */
export interface BilledMinute {
  readonly minute: number;
  readonly day: string;
  readonly micros: number;
  readonly impressions: number;
}

/**
 * Closes every minute up to `upTo`: what was billed replaces what was taken. `billed` must hold every minute after
 * `closed_up_to` that billed anything; minutes closed before are passed over, so repeating it changes nothing.
 */
export function close(record: MoneyRecord, upTo: number, billed: readonly BilledMinute[]): MoneyRecord {
  if (upTo <= record.closed_up_to) return record;
  const fresh = billed.filter((minute) => minute.minute > record.closed_up_to && minute.minute <= upTo);
  const days = new Map<string, MoneyDay>(record.days.map((day) => [day.day, day]));
  for (const minute of fresh) {
    const day = record.taken.find((open) => open.minute === minute.minute)?.day ?? minute.day;
    const known = days.get(day) ?? { day, micros: 0, impressions: 0 };
    days.set(day, { day, micros: known.micros + minute.micros, impressions: known.impressions + minute.impressions });
  }
  return {
    closed_up_to: upTo,
    billed_micros: record.billed_micros + sum(fresh, (minute) => minute.micros),
    billed_impressions: record.billed_impressions + sum(fresh, (minute) => minute.impressions),
    days: [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-DAYS_KEPT),
    taken: record.taken.filter((open) => open.minute > upTo),
  };
}

/** Taken and not yet closed. */
export function heldOf(record: MoneyRecord): { readonly micros: number; readonly impressions: number } {
  return {
    micros: sum(record.taken, (open) => open.micros),
    impressions: sum(record.taken, (open) => open.impressions),
  };
}

export function emptySums(campaign: string): CampaignSums {
  return { campaign, billed_micros: 0, impressions: 0, starts: 0, completes: 0, clicks: 0, errors: 0 };
}

function addTaken(record: MoneyRecord, want: Take): MoneyRecord {
  const known = record.taken.find((open) => open.minute === want.minute);
  if (!known) return { ...record, taken: [...record.taken, { ...want }] };
  const grown = { ...known, micros: known.micros + want.micros, impressions: known.impressions + want.impressions };
  return { ...record, taken: record.taken.map((open) => (open === known ? grown : open)) };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
