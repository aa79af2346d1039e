import { competes } from './competition.ts';
import type { Entry } from './field.ts';
import { type Best, compareWorths, type Problem, type Worth } from './problem.ts';

/** Line-ups kept after each ad, and of each of them the ads tried next. */
const widthMost = 12;
const tried = 8;
/** Entries looked at, about. */
const looksMost = 60_000;
const drawnLooksMost = 400_000;

interface LineUp extends Best {
  readonly left: number;
  /** The most that it could become. */
  readonly most: Worth;
}

/**
 * A good pod, ad by ad in playing order, for where competitors may share a pod if enough seconds lie between them: the few most
 * promising line-ups go on. `most`: what a worth can become with so many seconds and slots left. Null: none was found.
 */
export function lineUp(problem: Problem, most: (worth: Worth, left: number, slots: number) => Worth): Best | null {
  const looks = Math.max(1, problem.entries.length * problem.slots);
  const width = Math.max(2, Math.min(widthMost, Math.floor(looksMost / looks)));
  const worth: Worth = [0, 0, 0];
  let best: Best | null = null;
  let round: readonly LineUp[] = [{ order: [], left: problem.rules.durationSeconds, worth, most: worth }];
  while (round.length > 0) {
    const longer: LineUp[] = [];
    for (const one of round) {
      for (const index of one.order) problem.choose(index);
      if (problem.isPod(one.left) && (best === null || compareWorths(one.worth, best.worth) > 0)) best = one;
      longer.push(...longerBy(one, problem, most).sort(byPromise).slice(0, tried));
      problem.chosen.length = 0;
    }
    round = longer.sort(byPromise).slice(0, width);
  }
  return best;
}

function byPromise(a: LineUp, b: LineUp): number {
  return compareWorths(b.most, a.most);
}

function longerBy(
  { order, left, worth }: LineUp,
  problem: Problem,
  most: (worth: Worth, left: number, slots: number) => Worth,
): LineUp[] {
  const found: LineUp[] = [];
  for (const index of followers(order, left, problem)) {
    const rest = left - (problem.seconds[index] as number);
    const then = problem.plus(worth, index);
    const promise = most(then, rest, problem.slots - order.length - 1);
    if (isPossible(promise)) found.push({ order: [...order, index], left: rest, worth: then, most: promise });
  }
  return found;
}

function isPossible(worth: Worth): boolean {
  return worth.every((part) => part > Number.NEGATIVE_INFINITY);
}

/**
 * Any pod, where seconds have to be filled exactly and the most promising line-ups come to nothing: each ad is drawn from those that
 * leave something that could be filled. The same for the same problem. Null: none was found.
 */
export function drawnLineUp(problem: Problem, most: (worth: Worth, left: number, slots: number) => Worth): Best | null {
  const { seconds, slots, rules } = problem;
  const shortest = seconds.reduce((least, each) => Math.min(least, each), rules.durationSeconds);
  let seed = 1;
  for (let looks = 0; looks < drawnLooksMost; looks += problem.entries.length) {
    const order: number[] = [];
    let left = rules.durationSeconds;
    let worth: Worth = [0, 0, 0];
    for (;;) {
      looks += problem.entries.length;
      const free = slots - order.length - 1;
      const needed = shortest * Math.max(0, rules.minAds - order.length - 1);
      const some = followers(order, left, problem).filter((index) => {
        const rest = left - (seconds[index] as number);
        return rest >= needed && isPossible(most(worth, rest, free));
      });
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      const index = some.find((each) => seconds[each] === left) ?? some[(seed >>> 8) % some.length];
      if (index === undefined) break;
      worth = problem.plus(worth, index);
      left -= seconds[index] as number;
      problem.choose(index);
      order.push(index);
    }
    const found = problem.isPod(left);
    problem.chosen.length = 0;
    if (found) return { order, worth };
  }
  return null;
}

/** Who may play next. */
function followers(order: readonly number[], left: number, problem: Problem): readonly number[] {
  const { entries, seconds, slots } = problem;
  const last = entries[order.at(-1) ?? -1];
  if (order.length === slots || last?.candidate.place === 'last') return [];
  const found: number[] = [];
  for (let index = 0; index < entries.length; index++) {
    if ((seconds[index] as number) > left || order.includes(index) || problem.isBlocked(index)) continue;
    if (mayFollow(index, order, problem)) found.push(index);
  }
  return found;
}

/** Walks back from the end: what was played within the gap must not compete. */
function mayFollow(index: number, order: readonly number[], { entries, seconds, rules }: Problem): boolean {
  const { category, candidate } = entries[index] as Entry;
  if (candidate.place === 'first' && order.length > 0) return false;
  const gap = rules.separation ? (rules.minSeparationSeconds ?? 0) : 0;
  for (let at = order.length - 1, since = 0; at >= 0 && since < gap; at--) {
    const earlier = order[at] as number;
    if (competes(category, (entries[earlier] as Entry).category)) return false;
    since += seconds[earlier] as number;
  }
  return true;
}
