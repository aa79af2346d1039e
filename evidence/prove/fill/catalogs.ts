import { type CatalogTimes, demoCatalog } from '../../../cli/demo/catalog.ts';
import type { Campaign, CampaignCategory, Condition, FrequencyCap } from '../../../domain/campaign.ts';
import { micros } from '../../../domain/money.ts';
import { Dice } from '../../../simulator/random.ts';

export interface FillCatalog {
  readonly name: string;
  readonly campaigns: readonly Campaign[];
}

/** The demo's campaigns, and as many generated catalogs; budgets last for as long as anybody asks. */
export function fillCatalogs(generated: number, times: Omit<CatalogTimes, 'scale'>): readonly FillCatalog[] {
  const seeded = demoCatalog({ ...times, scale: 1_000 }).map((campaign): Campaign => ({ ...campaign, version: 1 }));
  return [
    { name: 'seeded', campaigns: seeded },
    ...Array.from({ length: generated }, (_, at) => ({
      name: `generated ${at + 1}`,
      campaigns: generate(at + 1, times),
    })),
  ];
}

const ADVERTISERS = 90;
/** So many categories pay most, so that those who pay most compete. */
const DEAR = 3;
const lengths = [6, 10, 15, 15, 20, 30, 30, 30, 45, 60] as const;
const countries = ['US', 'GB', 'DE', 'FR', 'CA'] as const;
const contents = ['sports', 'news', 'entertainment', 'movies', 'kids', 'documentary', 'lifestyle'] as const;
const uuid = (kind: number, seed: number, n: number) =>
  `00000000-000${seed}-7000-8${kind}00-${n.toString(16).padStart(12, '0')}`;

/**
 * Enough demand, and enough that gets in its way: 450 campaigns of 90 advertisers in 40 categories under 8 roots. Half keep to some
 * countries, a third to some content, a third have caps, a third a budget, a fiftieth are house ads.
 */
function generate(seed: number, { startsAt, endsAt }: Omit<CatalogTimes, 'scale'>): readonly Campaign[] {
  const dice = new Dice(seed, 'fill catalog');
  return Array.from({ length: 5 * ADVERTISERS }, (_, at): Campaign => {
    const advertiser = at % ADVERTISERS;
    const durationSeconds = dice.pick(lengths);
    const category = (advertiser * 7 + dice.whole(0, 2)) % 40;
    const [cheap, dear] = category < DEAR ? [1_200, 1_600] : [400, 1_200];
    const cap = (windowSeconds: number, max: number): FrequencyCap => ({
      scope: 'user',
      creativeId: null,
      windowSeconds,
      max,
    });
    const conditions: Condition[] = [];
    if (dice.chance(0.5)) {
      const values = countries.filter((country) => country === 'US' || dice.chance(0.5));
      conditions.push({ dimension: 'geo_countries', mode: 'include', values });
    }
    if (dice.chance(0.33)) {
      const values = contents.filter(() => dice.chance(0.3));
      if (values.length > 0) conditions.push({ dimension: 'content_categories', mode: 'exclude', values });
    }
    return {
      id: uuid(1, seed, at),
      version: 1,
      name: `campaign ${at}`,
      advertiserId: uuid(2, seed, advertiser),
      advertiserName: `advertiser ${advertiser}`,
      status: 'active',
      startsAt,
      endsAt,
      timeZone: 'America/New_York',
      pricing: {
        model: 'cpm',
        priceMicros: micros(1_000 * Math.round((durationSeconds * dice.whole(cheap, dear)) / 1_000)),
      },
      totalBudgetMicros: dice.chance(0.33) ? micros(1_000_000_000_000) : null,
      dailyBudgetMicros: null,
      goalImpressions: null,
      pacingMode: 'asap',
      tier: dice.chance(0.02) ? 'house' : dice.chance(0.05) ? 'guaranteed' : 'standard',
      targeting: conditions.length === 0 ? [] : [{ id: uuid(4, seed, at), conditions }],
      caps: dice.chance(0.33) ? [cap(3_600, dice.whole(1, 3)), cap(86_400, dice.whole(4, 8))] : [],
      categories: category < DEAR || dice.chance(0.8) ? [categoryAt(category, dice.chance(0.1))] : [],
      creatives: [
        {
          id: uuid(3, seed, at),
          name: `creative ${at}`,
          durationSeconds,
          status: 'active',
          media: [
            {
              url: `https://media.breakwater.example/${seed}/${at}.mp4`,
              type: 'video/mp4',
              delivery: 'progressive',
              width: 1920,
              height: 1080,
              bitrateKbps: 6_000,
            },
          ],
          clickThrough: null,
        },
      ],
    };
  });
}

/** `root`: what is above it, so that it competes with everything below. */
function categoryAt(at: number, root: boolean): CampaignCategory {
  const above = `root ${at % 8}`;
  if (root) return { id: above, name: above, ancestors: [] };
  return { id: `category ${at}`, name: `category ${at}`, ancestors: [above] };
}
