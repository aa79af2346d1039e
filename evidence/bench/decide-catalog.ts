import type { Campaign, CampaignCategory } from '../../domain/campaign.ts';
import { micros } from '../../domain/money.ts';
import { generateCampaigns, seeded } from './catalog.ts';

const seconds = [15, 15, 20, 30, 30, 30, 45, 60];
const categories: readonly CampaignCategory[] = Array.from({ length: 40 }, (_, at) => ({
  id: `category ${at}`,
  name: `category ${at}`,
  ancestors: [`root ${at % 8}`],
}));
const uuid = (kind: number, n: number) => `00000000-0000-7000-8${kind}00-${n.toString(16).padStart(12, '0')}`;

/**
 * Campaigns of one rule as generateCampaigns makes them, thinned to eight of the twelve dimensions, so that a pod can be filled: of
 * 10,000 about 20 allow a moment, of 100,000 about 200. They are advertisers with five each; half are capped by user, a third by household too, a third have a budget, every twentieth is a house campaign.
 */
export function decidableCampaigns(count: number, seed: number): Campaign[] {
  const draw = seeded(seed);
  return generateCampaigns(count, seed).map(({ targeting, timeZone }, at): Campaign => {
    const rules = targeting.slice(0, 1).map((rule) => ({
      ...rule,
      conditions: rule.conditions.filter((_, condition) => condition === 0 || draw(11) < 7),
    }));
    const advertiser = draw(Math.ceil(count / 5));
    const durationSeconds = seconds[draw(seconds.length)] ?? 30;
    const capped = draw(2) === 0;
    const cap = (scope: 'user' | 'household', windowSeconds: number, max: number) => ({
      scope,
      creativeId: null,
      windowSeconds,
      max,
    });
    const category = categories[(advertiser * 7 + draw(3)) % categories.length];
    return {
      id: uuid(1, at),
      version: 1,
      name: `campaign ${at}`,
      advertiserId: uuid(2, advertiser),
      advertiserName: `advertiser ${advertiser}`,
      status: 'active',
      startsAt: 0,
      endsAt: 8.64e15,
      timeZone,
      pricing: { model: 'cpm', priceMicros: micros(durationSeconds * (300 + draw(900))) },
      totalBudgetMicros: draw(3) === 0 ? micros(1_000_000_000_000) : null,
      dailyBudgetMicros: null,
      goalImpressions: null,
      pacingMode: 'even',
      tier: draw(20) === 0 ? 'house' : 'standard',
      targeting: rules,
      caps: [
        ...(capped ? [cap('user', 3_600, 2), cap('user', 86_400, 6)] : []),
        ...(draw(3) === 0 ? [cap('household', 86_400, 10)] : []),
      ],
      categories: category ? [category] : [],
      creatives: [
        {
          id: uuid(3, at),
          name: `creative ${at}`,
          durationSeconds,
          status: 'active',
          media: [
            {
              url: `https://cdn.example/creatives/${at}/1080.mp4`,
              type: 'video/mp4',
              delivery: 'progressive',
              width: 1920,
              height: 1080,
              bitrateKbps: 8_000,
            },
          ],
          clickThrough: 'https://advertiser.example/landing',
        },
      ],
    };
  });
}

const countries = ['US', 'US', 'US', 'CA', 'GB', 'FR', 'DE', 'BR', 'MX', 'JP'];
const zones = ['America/New_York', 'America/Los_Angeles', 'Europe/Berlin', 'UTC'];

/** Bodies in the plan's shape, of 20,000 viewers in 8,000 households, each with a request_id of its own. */
export function adRequestBodies(count: number, seed: number): string[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      request_id: `bench-${seed}-${at}`,
      pod_duration: 120,
      max_ads: 6,
      session: { id: `session-${draw(20_000)}` },
      user: {
        id: `viewer-${draw(20_000)}`,
        household_id: `household-${draw(8_000)}`,
        age: draw(90),
        gender: draw(2) === 0 ? 'male' : 'female',
        household_income: draw(150_000),
        time_zone: zones[draw(zones.length)],
      },
      device: {
        type: `type ${draw(6)}`,
        brand: `brand ${draw(30)}`,
        os: `os ${draw(8)}`,
        ifa: uuid(4, draw(20_000)),
        ua: 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36',
      },
      content: { category: `category ${draw(40)}`, genre: `genre ${draw(20)}`, rating: `rating ${draw(6)}` },
      geo: { country: countries[draw(countries.length)], city: `city ${draw(10_000)}` },
    }),
  );
}
