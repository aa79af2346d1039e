import { gainInFullDelivery } from '../pacing/what-if.ts';
import { shareEstimate } from '../statistics.ts';
import { type Findings, impressionsPerWin, isShort, type Recommendation, times } from './recommendation.ts';
import { roomPerDay, within } from './room.ts';

/**
 * A campaign that will hardly deliver in full. Where its own pacing turned views away, and its days have room for them, it is to be
 * spent as fast as it can be; else its flight is to be as long as full delivery takes.
 */
export function underDelivery(findings: Findings): readonly Recommendation[] {
  const { campaign, projection, auctions, muPpm, now } = findings;
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
  const { entered, shadowPriced } = auctions;
  const heldBack = shadowPriced > 0 && (shadowPriced > entered / 10 || muPpm > 50_000);
  const room = roomPerDay(findings);
  if (campaign.pacingMode !== 'asap' && heldBack && room !== null) {
    // Of what its pacing turned away it would win as much as of the rest.
    const won = shareEstimate({ successes: auctions.won, trials: entered - shadowPriced });
    const more = within(times(won, shadowPriced * impressionsPerWin(findings)), room);
    return [
      {
        ...base,
        why: `It will end at ${share} % of its total, and its own pacing turns views away.`,
        effect: { measure: 'impressions_per_day', ...more },
        change: { field: 'pacing_mode', mode: 'asap' },
      },
    ];
  }
  const longer = projection.levers.find(({ kind }) => kind === 'ends_at');
  if (longer === undefined) return [];
  const endsAt = Math.ceil(longer.value / 3_600_000) * 3_600_000;
  const { flight, delivered, forecast } = findings;
  const gain = gainInFullDelivery(flight, delivered, forecast, now, muPpm > 0, endsAt);
  if (gain === null) return [];
  return [
    {
      ...base,
      why: `It will end at ${share} % of its total; a longer flight would fill it.`,
      effect: { measure: 'probability_of_full_delivery', ...gain },
      change: { field: 'ends_at', endsAt },
    },
  ];
}
