import type { ServedAd, ServedBreak } from './call.ts';
import type { Dice } from './random.ts';
import { inTurn } from './read-vast.ts';

/** How often somebody else bids more. */
const OUTBID = 0.12;

/** What an exchange makes of bids: those that win are the pod, the others are told. Other answers are the pod as they stand. */
export function auction(
  dice: Dice,
  breaks: readonly ServedBreak[],
): { readonly won: readonly ServedBreak[]; readonly lost: readonly ServedAd[] } {
  const lost: ServedAd[] = [];
  const won = breaks.map((each) => {
    const { pod } = each;
    const kept = pod.ads.filter((ad) => ad.lossUrl === null || !dice.chance(OUTBID) || lost.push(ad) === 0);
    if (kept.length === pod.ads.length) return each;
    const ads = inTurn(kept);
    return { ...each, pod: { ...pod, ads, filled_seconds: ads.reduce((sum, ad) => sum + ad.duration_seconds, 0) } };
  });
  return { won, lost };
}
