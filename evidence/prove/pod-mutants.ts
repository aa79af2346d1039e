import { type Mutant, mutant } from './mutant.ts';

const pods = ['pods'];
const search = 'pods/search.ts';
const keepOut = 'pods/keep-out.ts';
const field = 'pods/field.ts';

/** Faults of separation and of the two pod solvers. */
export const podMutants: readonly Mutant[] = [
  mutant(
    'separation: a child does not compete with its parent',
    'separation.ts',
    ' || one.ancestors.includes(other.id)',
    '',
    [...pods, 'separation'],
  ),
  mutant(
    'separation: the gap is a second short',
    'pods/order.ts',
    'sinceSeconds < gapSeconds &&',
    'sinceSeconds < gapSeconds - 1 &&',
    pods,
  ),
  mutant(
    'separation: competitors meet in one pod',
    keepOut,
    'rules.minSeparationSeconds === null;',
    'rules.minSeparationSeconds !== null;',
    pods,
  ),
  mutant('pods: a creative may stand twice', 'pods/conflicts.ts', 'a.creativeId === b.creativeId || ', '', pods),
  mutant('pods: duplicates of an advertiser', 'pods/conflicts.ts', 'a.advertiserId === b.advertiserId || ', '', pods),
  mutant('solver: min_ads is ignored', search, 'this.#chosen.length >= this.#rules.minAds && ', '', pods),
  mutant('pods: min_ads is ignored', 'pods/plain-solver.ts', 'chosen.length < rules.minAds || ', '', pods),
  mutant('pods: fatigue of the ads before is forgotten', 'pods/objective.ts', 'before * more + ', '', pods),
  mutant(
    'pods: fill_rate looks at the score first',
    'pods/objective.ts',
    '[...secondsFirst(guaranteed), ...secondsFirst(standard)',
    '[...secondsFirst(guaranteed), ...scoreFirst(standard)',
    pods,
  ),
  mutant(
    'pods: house before standard',
    'pods/order.ts',
    'tiers.indexOf(a.tier) - tiers.indexOf(b.tier)',
    'tiers.indexOf(b.tier) - tiers.indexOf(a.tier)',
    pods,
  ),
  mutant('pods: two ads come first', 'pods/order.ts', 'first.length > 1 || ', '', pods),
  mutant(
    'pods: the last ad is not last',
    'pods/order.ts',
    "ad.place === 'last' && left",
    "ad.place === 'first' && left",
    pods,
  ),
  mutant(
    'pods: one too many under a cap of the pod',
    'pods/backups.ts',
    '.length <= podMax',
    '.length <= podMax + 1',
    pods,
  ),
  mutant(
    'pods: an unfilled pod counts as filled',
    'pods/plain-solver.ts',
    'seconds !== rules',
    'seconds > rules',
    pods,
  ),
  mutant('pods: a backup is longer than a slot', 'pods/backups.ts', 'Math.min(...taken', 'Math.max(...taken', pods),
  mutant('pods: a backup competes', 'pods/backups.ts', "=== 'free') ||", "!== 'never') ||", pods),
  mutant(
    'solver: what is to be filled is anything',
    'pods/to-come.ts',
    '(left) => left === 0 && divides',
    '(left) => left > 0 && divides',
    pods,
  ),
  mutant('solver: a length that is not allowed', 'pods/pod.ts', 'allowedDurations === null ||', 'true ||', pods),
  mutant(
    'solver: a tie goes to the last',
    search,
    'house > best.house : house >= best.house',
    'house >= best.house : house >= best.house',
    pods,
  ),
  mutant(
    'solver: the bound forgets an entry',
    search,
    'standard + second.at(index, left, slots)',
    'standard + second.at(index + 1, left, slots)',
    pods,
  ),
  mutant(
    'solver: the table forgets the ads before',
    'pods/suffix-table.ts',
    'value - (tired[slots] as number)',
    'value - 2 * (tired[slots] as number)',
    pods,
  ),
  mutant(
    'solver: cut one too early',
    field,
    'if (before.apart > 2 * others) continue;',
    'if (before.apart > 0) continue;',
    pods,
  ),
  mutant(
    'solver: one of each list is enough',
    field,
    'if (listOwners.size > others) continue;',
    'if (listOwners.size > 0) continue;',
    pods,
  ),
  mutant(
    'solver: the best is the worst',
    field,
    'a.qualityCenti > b.qualityCenti',
    'a.qualityCenti < b.qualityCenti',
    pods,
  ),
  mutant(
    'solver: duplicates count as conflicts',
    field,
    'pairs - competingPairsOfOwners(entries, owners)',
    'pairs',
    pods,
  ),
];
