import { bidOf } from '../../../decision-api/dialects/openrtb/bid.ts';
import { type VastVersion, vastVersions } from '../../../decision-api/dialects/vast/versions.ts';
import type { Draft, DraftAd } from '../../../decision-api/draft.ts';
import type { Checker } from './check.ts';
import type { Dice } from './dice.ts';
import { base, now, tokens } from './generate.ts';
import { type Read, vastMismatch } from './read-back.ts';

/** AdCOM's numbers of a version, for files and for a tag. */
const protocols: Readonly<Record<VastVersion, readonly [files: number, tag: number]>> = {
  '2.0': [2, 5],
  '3.0': [3, 6],
  '4.0': [7, 8],
  '4.1': [11, 12],
  '4.2': [13, 14],
  '4.3': [15, 16],
};

interface Bid {
  readonly impid: string;
  readonly price: number;
  readonly crid: string;
  readonly dur: number;
  readonly exp: number;
  readonly protocol: number;
  readonly adm: string;
  readonly lurl: string;
}

/** Each ad of a draft as a bid, in a version that the seller takes: its document is a whole one with this ad alone. */
export async function readBids(checker: Checker, dice: Dice, draft: Draft): Promise<Read> {
  const counts = new Map<string, number>();
  let invalid: string | null = null;
  let mismatched: string | null = null;
  for (const ad of draft.pod.ads) {
    const version = dice.of(vastVersions);
    const house = dice.chance(0.1);
    const bid = bidFor(ad, draft, version, house);
    if (bid === null) return { invalid, mismatched: 'no bid', counts };
    invalid ??= checker.fault(bid.adm, version);
    for (const [name, count] of checker.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    const pod = { ...draft.pod, ads: version === '2.0' ? [ad] : [] };
    const alone = { ...draft, pod, backups: version === '2.0' ? [] : [ad] };
    mismatched ??= (await vastMismatch(bid.adm, alone, version)) ?? bidMismatch(bid, ad, version, house);
  }
  return { invalid, mismatched, counts };
}

/** As an exchange reads it. */
function bidFor(ad: DraftAd, draft: Draft, version: VastVersion, house: boolean): Bid | null {
  const video = { protocols: [...protocols[version]] };
  const pod = { imp: { id: `imp-${ad.position}`, video }, video, podKey: 'pod', dynamic: false, body: {} };
  const tier = house ? 'house' : 'guaranteed';
  const told = ad.shown === undefined ? ad : { ...ad, shown: { ...ad.shown, tier } as const };
  return JSON.parse(JSON.stringify(bidOf(told, draft, pod, { tokens, base, now })));
}

function bidMismatch(bid: Bid, ad: DraftAd, version: VastVersion, house: boolean): string | null {
  const { shown } = ad;
  if (!shown) return 'nothing was drafted';
  const worth = shown.pricing.model === 'cpm' ? shown.pricing.priceMicros : shown.valueMicros;
  const wanted = {
    impid: `imp-${ad.position}`,
    price: house ? 0 : Number((worth / 1_000).toFixed(6)),
    crid: ad.creative_id,
    dur: ad.duration_seconds,
    exp: Math.floor((shown.expiresAt - now) / 1_000),
    protocol: protocols[version][shown.creative.vastTagUrl === undefined ? 0 : 1],
  };
  for (const [name, value] of Object.entries(wanted)) {
    const found = bid[name as keyof typeof wanted];
    if (found !== value) return `bid with ${name} ${found} instead of ${value}`;
  }
  const begin = `${base}/api/v2/beacons/notUsed?t=k1.`;
  return bid.lurl.startsWith(begin) && bid.lurl.endsWith(`&code=$\{AUCTION_LOSS}`) ? null : `lurl ${bid.lurl}`;
}
