import type { Campaign } from '../campaign.ts';
import { covers } from '../frequency/cap-set.ts';
import { micros } from '../money.ts';
import type { Change } from './recommendation.ts';

/** The campaign with the change in place. `uuid` names rules that are new. A cap takes the place of those that it makes idle. */
export function applied(campaign: Campaign, change: Change, uuid: () => string): Campaign {
  switch (change.field) {
    case 'price':
      return { ...campaign, pricing: { ...campaign.pricing, priceMicros: micros(change.priceMicros) } };
    case 'pacing_mode':
      return { ...campaign, pacingMode: change.mode, ...(campaign.pacingCurve ? { pacingCurve: null } : {}) };
    case 'ends_at':
      return { ...campaign, endsAt: change.endsAt };
    case 'cap':
      return { ...campaign, caps: [...campaign.caps.filter((each) => !covers(change.cap, each)), change.cap] };
    case 'targeting':
      return {
        ...campaign,
        targeting: change.rules.map((conditions, index) => ({
          id: campaign.targeting[index]?.id ?? uuid(),
          conditions,
        })),
      };
    case 'creative_status':
      return {
        ...campaign,
        creatives: campaign.creatives.map((creative) =>
          creative.id === change.creativeId ? { ...creative, status: change.status } : creative,
        ),
      };
  }
}

/** The part of a campaign that a change touches, whole: what has to be as it was left before it may be put back. */
export function partOf(campaign: Campaign, change: Change): unknown {
  switch (change.field) {
    case 'price':
      return campaign.pricing;
    case 'pacing_mode':
      return { mode: campaign.pacingMode, curve: campaign.pacingCurve ?? null };
    case 'ends_at':
      return campaign.endsAt;
    case 'cap':
      return campaign.caps;
    case 'targeting':
      return campaign.targeting;
    case 'creative_status':
      return campaign.creatives.find(({ id }) => id === change.creativeId)?.status ?? null;
  }
}

/** The campaign with the part that a change touched as `partOf` gave it before. */
export function putBack(campaign: Campaign, change: Change, part: unknown): Campaign {
  switch (change.field) {
    case 'price':
      return { ...campaign, pricing: part as Campaign['pricing'] };
    case 'pacing_mode': {
      const { mode, curve } = part as {
        mode: Campaign['pacingMode'];
        curve: NonNullable<Campaign['pacingCurve']> | null;
      };
      return { ...campaign, pacingMode: mode, ...(curve === null ? {} : { pacingCurve: curve }) };
    }
    case 'ends_at':
      return { ...campaign, endsAt: part as number };
    case 'cap':
      return { ...campaign, caps: part as Campaign['caps'] };
    case 'targeting':
      return { ...campaign, targeting: part as Campaign['targeting'] };
    case 'creative_status':
      return {
        ...campaign,
        creatives: campaign.creatives.map((creative) =>
          creative.id === change.creativeId ? { ...creative, status: part as typeof creative.status } : creative,
        ),
      };
  }
}
