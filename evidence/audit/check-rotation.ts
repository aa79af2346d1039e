import type { RequestFact, Run, SeedCampaign, SignalFact } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, groupBy } from './judge.ts';

export interface RotationResult {
  readonly faults: readonly Fault[];
  /** Draws that were made again, and could have come out otherwise. */
  readonly drawn: number;
}

type Creative = SeedCampaign['creatives'][number];

/**
 * Which of a campaign's creatives of one length and place came to the ranking: drawn again from the request's id, the campaign's and
 * the weights of the seed, or else the shares of the very signal that the decision used. Whoever was let in must be the first that
 * are drawn. Not judged: campaigns with caps on single creatives, which may have kept one out before the draw, pods that may
 * hold several of one advertiser, other dialects than JSON, and records that were cut.
 */
export function checkRotation({ log, seed }: Pick<Run, 'log' | 'seed'>): RotationResult {
  const signals = new Map(
    log.signals.map(({ value }) => [`${value.kind} ${value.campaign} ${value.version}`, value] as const),
  );
  const differs: string[] = [];
  let drawn = 0;
  for (const { value: request } of firstRequests(log.requests).values()) {
    if (request.allow_duplicate_advertisers || (request.dialect ?? 'json') !== 'json' || isCut(request)) continue;
    for (const [id, candidates] of groupBy(request.candidates, ({ campaign }) => campaign)) {
      const campaign = seed.get(id);
      if (!campaign || campaign.caps.some(({ creativeId }) => creativeId !== null)) continue;
      const version = candidates[0]?.score_signal ?? null;
      // One that was let in later may have been scored by a newer signal than the one that was drawn by.
      if (candidates.some(({ score_signal }) => score_signal !== version)) continue;
      const signal = version === null ? undefined : signals.get(`SCORE ${id} ${version}`);
      if (version !== null && signal === undefined) continue;
      const letIn = new Set(candidates.map(({ creative }) => creative));
      for (const [kind, group] of groupBy(campaign.creatives.filter(isShown), (one) => String(kindOf(one)))) {
        const inside = group.filter((one) => letIn.has(one.id));
        if (group.length < 2 || inside.length === 0 || inside.length === group.length) continue;
        drawn++;
        const first = drawAgain(request.request_id, campaign, Number(kind), group, signal).slice(0, inside.length);
        if (!first.every((one) => letIn.has(one.id))) differs.push(`${request.request_id}: ${id}`);
      }
    }
  }
  return {
    faults: fault('rotation_differs', 'another creative came to the ranking than the one that is drawn', differs),
    drawn,
  };
}

function isCut({ fallouts }: RequestFact): boolean {
  return fallouts.some(({ reason }) => reason === 'record_cut');
}

function isShown({ status, media, vastTagUrl }: Creative): boolean {
  return status === 'active' && (media.length > 0 || vastTagUrl !== undefined);
}

/** Equal lengths at equal places. */
function kindOf({ durationSeconds, place }: Creative): number {
  return 3 * durationSeconds + ['', 'first', 'last'].indexOf(place ?? '');
}

/** In the order in which they are drawn, without putting back. */
function drawAgain(
  requestId: string,
  campaign: SeedCampaign,
  kind: number,
  group: readonly Creative[],
  signal: SignalFact | undefined,
): Creative[] {
  const waiting = [...group].sort((a, b) => (a.id < b.id ? -1 : 1)).map((creative) => ({ creative, chance: 0 }));
  const shares = new Map((signal?.creatives ?? []).map(({ creative, share_ppm }) => [creative, share_ppm ?? null]));
  const known = group.flatMap(({ id }) => shares.get(id) ?? []);
  const mean = known.length === 0 ? 1 : Math.round(known.reduce((a, b) => a + b, 0) / known.length);
  const weighted = campaign.creatives.some((one) => isShown(one) && one.weight !== undefined);
  for (const one of waiting) {
    one.chance = weighted ? (one.creative.weight ?? 1) : (shares.get(one.creative.id) ?? mean);
  }
  const begin = murmur(fnv(requestId) ^ murmur(fnv(campaign.id) + kind));
  const order: Creative[] = [];
  while (waiting.length > 0) {
    const all = waiting.reduce((sum, { chance }) => sum + chance, 0);
    const number = murmur(begin + 0x9e3779b9 * order.length);
    // In whole numbers of any size, so that it does not matter how the other side rounds.
    let left = Number((BigInt(number) * BigInt(all)) >> 32n);
    const at = waiting.findIndex(({ chance }) => {
      left -= chance;
      return left < 0;
    });
    order.push(...waiting.splice(at, 1).map(({ creative }) => creative));
  }
  return order;
}

/** FNV-1a, 32 bits, over UTF-8. */
function fnv(text: string): number {
  return [...Buffer.from(text, 'utf8')].reduce((hash, byte) => Math.imul(hash ^ byte, 16_777_619) >>> 0, 2_166_136_261);
}

/** MurmurHash3's last step, of the lowest 32 bits. */
function murmur(number: number): number {
  let bits = Number(BigInt.asUintN(32, BigInt(number)));
  for (const [shift, factor] of [
    [16, 0x85ebca6b],
    [13, 0xc2b2ae35],
  ] as const) {
    bits = Math.imul(bits ^ (bits >>> shift), factor) >>> 0;
  }
  return (bits ^ (bits >>> 16)) >>> 0;
}
