import type { PodCandidate, PodRules } from '../../domain/pods/pod.ts';

/** [ads][seconds]: the first number of what they are worth at most. */
type Known = Map<number, Map<number, number>>;

/**
 * The first number of the best pod's worth, category by category: none of its ads, or one. For candidates of one category and one
 * advertiser each, where competitors never share a pod. Null: there is no pod.
 */
export function bestOfCrowd(candidates: readonly PodCandidate[], rules: PodRules): number | null {
  let known: Known = new Map([[0, new Map([[0, 0]])]]);
  const categories = Map.groupBy(candidates, ({ categories: [only] }) => only?.id ?? '');
  for (const ads of categories.values()) {
    const longer: Known = new Map([...known].map(([count, bySeconds]) => [count, new Map(bySeconds)]));
    for (const [count, bySeconds] of known) {
      if (count === rules.maxAds) continue;
      for (const [seconds, first] of bySeconds) {
        for (const ad of ads) {
          const total = seconds + ad.durationSeconds;
          if (total > rules.durationSeconds) continue;
          offer(longer, count + 1, total, first + worthOf(ad, rules));
        }
      }
    }
    known = longer;
  }
  let best: number | null = null;
  for (const [count, bySeconds] of known) {
    for (const [seconds, first] of bySeconds) {
      if (count < rules.minAds || (rules.exactDuration && seconds !== rules.durationSeconds)) continue;
      const tired = rules.objective === 'user_experience' ? (1_500 * count * (count - 1)) / 2 : 0;
      if (best === null || first - tired > best) best = first - tired;
    }
  }
  return best;
}

function worthOf(ad: PodCandidate, { objective }: PodRules): number {
  if (objective === 'revenue') return ad.scoreMicros;
  return objective === 'fill_rate' ? ad.durationSeconds : ad.durationSeconds * ad.qualityCenti;
}

function offer(known: Known, count: number, seconds: number, worth: number): void {
  const bySeconds = known.get(count) ?? new Map<number, number>();
  known.set(count, bySeconds);
  const held = bySeconds.get(seconds);
  if (held === undefined || worth > held) bySeconds.set(seconds, worth);
}
