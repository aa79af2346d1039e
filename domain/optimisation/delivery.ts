import { type Findings, isShort, type Recommendation } from './recommendation.ts';

/**
 * A campaign that will hardly deliver in full. Where its own pacing turned views away, it is to be spent as fast as it can be;
 * else its flight is to be as long as full delivery takes.
 */
export function underDelivery(findings: Findings): readonly Recommendation[] {
  const { campaign, projection, auctions, muPpm } = findings;
  if (!isShort(findings) || projection === null || projection.probability === null) return [];
  const base = {
    kind: 'under_delivery',
    campaignId: campaign.id,
    subject: null,
    evidence: {
      unit: projection.unit,
      total: projection.total,
      done: projection.done,
      projected: projection.expected,
      projected_low: projection.low,
      projected_high: projection.high,
      probability_of_full_delivery: projection.probability,
      entered: auctions.entered,
      shadow_priced: auctions.shadowPriced,
    },
  } as const;
  const share = Math.round(((projection.expected ?? 0) / projection.total) * 100);
  const gain = 0.9 - projection.probability;
  const heldBack = auctions.shadowPriced > auctions.entered / 10 || muPpm > 50_000;
  if (campaign.pacingMode !== 'asap' && heldBack) {
    return [
      {
        ...base,
        why: `It will end at ${share} % of its total, and its own pacing turns views away.`,
        effect: { measure: 'probability_of_full_delivery', expected: gain / 2, low: 0, high: gain },
        change: { field: 'pacing_mode', mode: 'asap' },
      },
    ];
  }
  const longer = projection.levers.find(({ kind }) => kind === 'ends_at');
  if (longer === undefined) return [];
  return [
    {
      ...base,
      why: `It will end at ${share} % of its total; a longer flight would fill it.`,
      effect: {
        measure: 'probability_of_full_delivery',
        expected: gain,
        low: gain / 2,
        high: 1 - projection.probability,
      },
      change: { field: 'ends_at', endsAt: Math.ceil(longer.value / 3_600_000) * 3_600_000 },
    },
  ];
}
