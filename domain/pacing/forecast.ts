/** Expected traffic by hour of the week in UTC, Monday 00:00 first. */
export interface Forecast {
  /** 168 numbers with a mean of 1, above 0 except where a campaign's own hours were cut out. */
  readonly weights: readonly number[];
  /** The sum of the weights before each hour, and of all of them. */
  readonly before: readonly number[];
}

export interface TrafficHour {
  /** Epoch ms of the hour's beginning. */
  readonly hour: number;
  readonly requests: number;
}

const hourMs = 3_600_000;
const hoursOfWeek = 168;
const weekMs = hoursOfWeek * hourMs;
/** 1970-01-05 00:00 UTC was the first Monday. */
const firstMonday = 4 * 24 * hourMs;
const leastWeight = 0.02;
/** After so many weeks an hour weighs half. */
const halfLifeWeeks = 2;
/** Weeks of history that count as much as the belief that every day is like the mean day. */
const priorWeeks = 0.5;

/** Every hour is like every other. */
export const uniform: Forecast = forecastOf(Array.from({ length: hoursOfWeek }, () => 1));

function forecastOf(weights: readonly number[]): Forecast {
  const before = [0];
  for (const weight of weights) before.push((before.at(-1) ?? 0) + weight);
  return { weights, before };
}

/** The forecast with each hour of the week (Monday 00:00 UTC is 0) counted by a factor, 0 or more. Null: nothing is left. */
export function scaled({ weights }: Forecast, factorOf: (hour: number) => number): Forecast | null {
  const raw = weights.map((weight, hour) => weight * factorOf(hour));
  const level = sum(raw) / hoursOfWeek;
  return level > 0 ? forecastOf(raw.map((weight) => weight / level)) : null;
}

/** Monday 00:00 to 01:00 UTC is 0. */
export function hourOfWeek(at: number): number {
  return Math.floor((at - firstMonday) / hourMs) % hoursOfWeek;
}

/**
 * The forecast that history gives. Each hour of the week is drawn towards the same hour of the mean day, and that towards flat, by
 * how many (decayed) weeks were seen. Less than a whole day of history tells nothing: uniform. Hours that are missing between the
 * first and the last are hours without requests. The hour of `now` is not over and not counted.
 */
export function forecastFrom(history: readonly TrafficHour[], now: number): Forecast {
  const nowHour = Math.floor(now / hourMs) * hourMs;
  const past = history.filter(({ hour }) => hour < nowHour);
  const first = past.reduce((least, { hour }) => Math.min(least, hour), nowHour);
  if (nowHour - first < 24 * hourMs) return uniform;
  const byHour = new Map(past.map(({ hour, requests }) => [Math.floor(hour / hourMs) * hourMs, requests]));
  const slots = Array.from({ length: hoursOfWeek }, () => ({ seen: 0, weight: 0 }));
  const days = Array.from({ length: 24 }, () => ({ seen: 0, weight: 0 }));
  for (let hour = first; hour < nowHour; hour += hourMs) {
    const weight = 2 ** (-(nowHour - hour) / weekMs / halfLifeWeeks);
    for (const slot of [slots[hourOfWeek(hour)], days[hourOfWeek(hour) % 24]]) {
      if (slot === undefined) continue;
      slot.seen += weight * (byHour.get(hour) ?? 0);
      slot.weight += weight;
    }
  }
  const mean = sum(days.map(({ seen }) => seen)) / Math.max(1e-9, sum(days.map(({ weight }) => weight)));
  if (mean <= 0) return uniform;
  const ofDay = days.map(({ seen, weight }) => (seen / mean + priorWeeks) / (weight + priorWeeks));
  const raw = slots.map(({ seen, weight }, slot) => {
    const parent = ofDay[slot % 24] ?? 1;
    return Math.max(leastWeight, (seen / mean + priorWeeks * parent) / (weight + priorWeeks));
  });
  const level = sum(raw) / hoursOfWeek;
  return forecastOf(raw.map((weight) => weight / level));
}

/** Expected traffic between two moments (epoch ms), in mean hours: over a whole week 168. */
export function trafficBetween(forecast: Forecast, from: number, to: number): number {
  return to <= from ? 0 : trafficUpTo(forecast, to) - trafficUpTo(forecast, from);
}

function trafficUpTo({ weights, before }: Forecast, at: number): number {
  const since = at - firstMonday;
  const weeks = Math.floor(since / weekMs);
  const inWeek = since - weeks * weekMs;
  const hour = Math.floor(inWeek / hourMs);
  const part = (inWeek - hour * hourMs) / hourMs;
  return weeks * hoursOfWeek + (before[hour] ?? 0) + part * (weights[hour] ?? 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
