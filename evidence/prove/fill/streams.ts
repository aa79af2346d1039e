import { Dice } from '../../../simulator/random.ts';

/** Pods of one stream that are asked for at once. */
export const podsAtOnce = 4;

/**
 * The bodies of one stream: pods that follow each other soon, and whose competitors have to be further apart than that, or are never
 * to be in one stream. All want the same ads, so that what one has is in the way of the others.
 */
export function streamBodies(seed: number, stream: number): readonly Readonly<Record<string, unknown>>[] {
  const dice = new Dice(seed, `stream ${stream}`);
  const gap = dice.pick<number | null>([60, 120, 120, 300, null]);
  const everySeconds = dice.pick([60, 90, 200]);
  return Array.from({ length: podsAtOnce }, (_, index) => ({
    request_id: `stream-${seed}-${stream}-${index}`,
    pod: {
      duration_seconds: 60,
      min_ads: 1,
      max_ads: 4,
      objective: 'revenue',
      enable_competitive_separation: true,
      min_separation_seconds: gap,
      separation_scope: 'stream',
    },
    session: { id: `stream-${seed}-${stream}` },
    break: { index, offset_seconds: index * everySeconds },
    user: { id: `streamer-${seed}-${stream}` },
    device: { type: 'smart_tv', os: 'tizen', brand: 'samsung' },
    content: { category: dice.pick(['sports', 'news', 'movies']) },
    geo: { country: 'US', region: 'CA' },
  }));
}
