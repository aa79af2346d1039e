/**
 * How often each group was given its partitions anew, by the broker's own log: the generations it has stabilised, less the
 * first. `since`: what the log held before is not counted.
 */
export function rebalancesIn(log: string, groups: readonly string[], since = 0): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const group of groups) {
    const pattern = new RegExp(`Stabilized group ${group} generation (\\d+)`, 'g');
    const generations = (text: string) => [...text.matchAll(pattern)].length;
    const before = generations(log.slice(0, since));
    counts[group] = Math.max(0, generations(log) - Math.max(1, before));
  }
  return counts;
}
