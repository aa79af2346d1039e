import type { ModelName } from '../../domain/attribution/models.ts';

/** Attribution in plain words, sharing nothing with domain/attribution but the names of models. */

export interface PlainTouch {
  readonly at: number;
  readonly click: boolean;
  readonly campaign: string;
  readonly id: string;
}

export interface PlainConversion {
  readonly at: number;
  readonly value: number;
  readonly touches: readonly PlainTouch[];
}

const DAY_MS = 86_400_000;

/** Touches inside their windows, oldest first, by looking for the oldest again and again. */
export function plainPath({ at, touches }: PlainConversion, clickDays: number, viewDays: number): PlainTouch[] {
  const left = touches.filter((touch) => {
    const age = at - touch.at;
    return age >= 0 && age <= (touch.click ? clickDays : viewDays) * DAY_MS;
  });
  const path: PlainTouch[] = [];
  while (left.length > 0) {
    let oldest = 0;
    for (let index = 1; index < left.length; index++) if (before(left[index], left[oldest])) oldest = index;
    path.push(...left.splice(oldest, 1));
  }
  return path;
}

function before(a: PlainTouch | undefined, b: PlainTouch | undefined): boolean {
  if (!a || !b) return false;
  if (a.at !== b.at) return a.at < b.at;
  if (a.click !== b.click) return !a.click;
  return a.id < b.id;
}

/** The share of each touch as fractions of doubles that add up to 1. */
export function plainShares(
  path: readonly PlainTouch[],
  model: ModelName,
  conversionAt: number,
  halfLifeDays: number,
  effects: ReadonlyMap<string, number>,
): number[] {
  const n = path.length;
  if (model === 'last_touch') return path.map((_, index) => (index === n - 1 ? 1 : 0));
  if (model === 'first_touch') return path.map((_, index) => (index === 0 ? 1 : 0));
  if (model === 'linear') return path.map(() => 1 / n);
  if (model === 'position_based') {
    if (n === 1) return [1];
    if (n === 2) return [0.5, 0.5];
    return path.map((_, index) => (index === 0 || index === n - 1 ? 0.4 : 0.2 / (n - 2)));
  }
  const weights =
    model === 'time_decay'
      ? path.map(({ at }) => 0.5 ** ((conversionAt - at) / (halfLifeDays * DAY_MS)))
      : path.map(({ campaign }) => {
          const same = path.filter((other) => other.campaign === campaign).length;
          return (effects.get(campaign) ?? 0) / same;
        });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum === 0 ? path.map(() => 1 / n) : weights.map((weight) => weight / sum);
}

/**
 * What each campaign's absence would cost: walks the chain step by step until nothing moves, once with all campaigns and once
 * without each.
 */
export function plainEffects(
  ways: readonly { readonly campaigns: readonly string[]; readonly converted: number; readonly lost: number }[],
): Map<string, number> {
  const counts = new Map<string, Map<string, number>>();
  const note = (from: string, to: string, times: number) => {
    const row = counts.get(from) ?? new Map<string, number>();
    counts.set(from, row.set(to, (row.get(to) ?? 0) + times));
  };
  for (const { campaigns, converted, lost } of ways) {
    if (campaigns.length === 0) continue;
    const all = ['(start)', ...campaigns];
    for (let index = 0; index + 1 < all.length; index++) note(all[index] ?? '', all[index + 1] ?? '', converted + lost);
    note(all.at(-1) ?? '', '(conversion)', converted);
    note(all.at(-1) ?? '', '(nothing)', lost);
  }
  const chance = (without: string | null): number => {
    let standing = new Map([['(start)', 1]]);
    let converted = 0;
    for (let step = 0; step < 20_000; step++) {
      const next = new Map<string, number>();
      for (const [state, mass] of standing) {
        const row = counts.get(state) ?? new Map<string, number>();
        const total = [...row.values()].reduce((sum, count) => sum + count, 0);
        for (const [to, count] of row) {
          const moved = (mass * count) / total;
          if (to === '(conversion)') converted += moved;
          else if (to !== '(nothing)' && to !== without) next.set(to, (next.get(to) ?? 0) + moved);
        }
      }
      standing = next;
      if ([...standing.values()].reduce((sum, mass) => sum + mass, 0) < 1e-13) break;
    }
    return converted;
  };
  const all = chance(null);
  const names = new Set(ways.flatMap(({ campaigns }) => campaigns));
  return new Map([...names].map((name) => [name, all === 0 ? 0 : 1 - chance(name) / all]));
}
