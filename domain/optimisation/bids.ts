import { shareEstimate } from '../statistics.ts';
import { type Findings, impressionsPerWin, isShort, type Recommendation, times } from './recommendation.ts';
import { canBuyGoal, roomPerDay, within } from './room.ts';

const enteredAtLeast = 100;
const lostShare = 0.3;
/** A raise is worth its price where it wins this share of what was lost. */
const worthwhile = 0.2;
const cutMost = 0.1;
const marginAtLeast = 0.15;

/**
 * It is outbid too often to deliver: the least raise that would win a fifth of what is lost, where its days have room for more at
 * that price and its budget still buys its goal.
 */
export function bidTooLow(findings: Findings): readonly Recommendation[] {
  const { campaign, auctions } = findings;
  if (campaign.pricing.model === 'flat' || !isShort(findings)) return [];
  if (auctions.entered < enteredAtLeast || auctions.lost < lostShare * auctions.entered) return [];
  const raise = auctions.wonAt.find(({ wins }) => wins >= worthwhile * auctions.lost);
  if (raise === undefined) return [];
  const priceMicros = Math.ceil(campaign.pricing.priceMicros * (1 + raise.raise));
  const room = roomPerDay(findings, priceMicros);
  if (room === null || !canBuyGoal(findings, priceMicros)) return [];
  const won = shareEstimate({ successes: raise.wins, trials: auctions.lost });
  const more = within(times(won, auctions.lost * impressionsPerWin(findings)), room);
  return [
    {
      kind: 'bid_too_low',
      campaignId: campaign.id,
      subject: null,
      why: `It is outbid in ${auctions.lost} of ${auctions.entered} requests that it entered; ${Math.round(raise.raise * 100)} % more would win ${raise.wins} of them.`,
      evidence: {
        entered: auctions.entered,
        won: auctions.won,
        lost: auctions.lost,
        raise: raise.raise,
        would_win: raise.wins,
        price_micros: campaign.pricing.priceMicros,
      },
      effect: { measure: 'impressions_per_day', ...more },
      change: { field: 'price', priceMicros },
    },
  ];
}

/** It delivers in full and wins with plenty to spare: half of what nine in ten wins had to spare comes off, a tenth at most. */
export function bidTooHigh(findings: Findings): readonly Recommendation[] {
  const { campaign, auctions, projection, spendMicrosPerDay } = findings;
  if (campaign.pricing.model === 'flat' || projection?.probability === null || projection === null) return [];
  if (projection.probability < 0.9 || auctions.won < enteredAtLeast) return [];
  if (auctions.margin === null || auctions.margin < marginAtLeast) return [];
  const cut = Math.min(cutMost, auctions.margin / 2);
  const priceMicros = Math.floor(campaign.pricing.priceMicros * (1 - cut));
  if (priceMicros < 1) return [];
  // One win in ten had less to spare than the margin, and the cut is half of that: some of those are lost, hardly all of them.
  const lessToSpare = shareEstimate({ successes: auctions.won / 10, trials: auctions.won });
  const saved = (lost: number) => -(1 - (1 - cut) * (1 - lost)) * spendMicrosPerDay;
  return [
    {
      kind: 'bid_too_high',
      campaignId: campaign.id,
      subject: null,
      why: `It delivers in full, and nine in ten wins had more than ${Math.round(auctions.margin * 100)} % of their score to spare.`,
      evidence: {
        won: auctions.won,
        margin: auctions.margin,
        probability_of_full_delivery: projection.probability,
        price_micros: campaign.pricing.priceMicros,
      },
      effect: {
        measure: 'spend_micros_per_day',
        expected: saved(lessToSpare.expected / 2),
        low: saved(lessToSpare.high),
        high: saved(0),
      },
      change: { field: 'price', priceMicros },
    },
  ];
}
