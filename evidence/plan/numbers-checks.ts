import { adsFor, assert, type Check, campaignFor, told, until, untilNotServed, untilServed } from './checks.ts';
import type { OwnHouse } from './house.ts';

const viewer = (brand: string, id: string) => ({ device: { type: 'smart_tv', brand }, user: { id } });

async function watched(house: OwnHouse) {
  const { id, brand } = await campaignFor(house);
  const [ad] = await untilServed(house, id, viewer(brand, `viewer of ${brand}`));
  assert(ad !== undefined, 'no ad');
  const beacon = await fetch(ad.tracking.impression);
  assert(beacon.status < 300, `the beacon: ${beacon.status}`);
  return { id, brand };
}

const rateOf = (campaign: Record<string, unknown>) => (campaign.pricing as { rate_micros: number }).rate_micros;

/** A campaign that delivers too little of its goal, since a richer one for the same viewers wins every pod of one ad. */
async function outbid(house: OwnHouse) {
  const now = Date.now();
  const { id, brand } = await campaignFor(house, {
    starts_at: new Date(now - 86_400_000).toISOString(),
    ends_at: new Date(now + 3_600_000).toISOString(),
    goal_impressions: 100_000_000,
    pacing_mode: 'asap',
  });
  const request = { device: { type: 'smart_tv', brand }, max_ads: 1 };
  await untilServed(house, id, request);
  for (let views = 0; views < 5; views++) {
    for (const ad of await adsFor(house, request)) await fetch(ad.tracking.impression);
  }
  const rival = await campaignFor(house, { pricing: { model: 'cpm', rate_micros: 12_000_000 } });
  const rules = [{ conditions: [{ dimension: 'device_brands', mode: 'include', values: [brand] }] }];
  await told(house, 200, 'PUT', `/api/v2/campaigns/${rival.id}/targeting`, { rules });
  await untilNotServed(house, id, request);
  for (let asked = 0; asked < 150; asked++) await adsFor(house, request);
  return { id, request };
}

async function untilAdvised(house: OwnHouse, id: string): Promise<void> {
  await until('a higher price is recommended', async () => {
    const path = `/api/v2/optimization/recommendations?campaign_id=${id}`;
    const { items } = (await told(house, 200, 'GET', path)).body as { items: { kind: string; campaign_id: string }[] };
    return items.some((each) => each.kind === 'bid_too_low' && each.campaign_id === id);
  });
}

/** Analytics and optimisation: what was served and seen is in them, and what they advise reaches decisions. */
export const numbersChecks: readonly Check[] = [
  {
    id: 'E12',
    async run(house) {
      const { id } = await watched(house);
      await until('the impression is in the report', async () => {
        const { body } = await told(house, 200, 'GET', `/api/v2/analytics/campaigns/${id}`);
        return /"impressions":"?1\b/.test(JSON.stringify(body));
      });
    },
  },
  {
    id: 'E13',
    async run(house) {
      const { id } = await watched(house);
      await until('the campaign has its numbers', async () => {
        const { body } = await told(house, 200, 'GET', '/api/v2/analytics/performance?limit=500');
        const items = (body.items ?? []) as { campaign_id?: string }[];
        const own = items.find(({ campaign_id }) => campaign_id === id);
        return own !== undefined && /impressions":"?1\b/.test(JSON.stringify(own));
      });
    },
  },
  {
    id: 'E14',
    async run(house) {
      const { id, brand } = await watched(house);
      const { body: campaign } = await told(house, 200, 'GET', `/api/v2/campaigns/${id}`);
      const sale = { advertiser_id: campaign.advertiser_id, type: 'purchase', value_micros: 5_000_000 };
      const conversion = { ...sale, conversion_id: `order of ${brand}`, user_id: `viewer of ${brand}` };
      await until('the impression is in the warehouse', async () => {
        const { body } = await told(house, 200, 'GET', `/api/v2/analytics/campaigns/${id}`);
        return /"impressions":"?1\b/.test(JSON.stringify(body));
      });
      await until(
        'the conversion is taken',
        async () => {
          // Whose an advertiser is, deciders learn with the next snapshot.
          const headers = { authorization: `Bearer ${house.key}`, 'content-type': 'application/json' };
          const body = JSON.stringify({ conversions: [conversion] });
          return (
            (await fetch(`${house.decision}/api/v2/conversions`, { method: 'POST', headers, body })).status === 202
          );
        },
        60,
      );
      await until('the campaign is credited with the conversion', async () => {
        const { body } = await told(house, 200, 'GET', '/api/v2/analytics/attribution');
        const { last_touch } = body.models as Record<string, { rows: { key: string; value_micros: number }[] }>;
        return last_touch?.rows.some(({ key, value_micros }) => key === id && value_micros === 5_000_000) === true;
      });
    },
  },
  {
    id: 'E15',
    async run(house) {
      const { id } = await watched(house);
      const report = { measures: ['impressions'], dimensions: ['campaign'], range: 'today' };
      await until('the report has the campaign', async () => {
        const { body } = await told(house, 200, 'POST', '/api/v2/analytics/custom-report', report);
        return JSON.stringify(body).includes(id);
      });
    },
  },
  {
    id: 'E16',
    async run(house) {
      const { id } = await outbid(house);
      await untilAdvised(house, id);
    },
  },
  {
    id: 'E17',
    async run(house) {
      const { id, request } = await outbid(house);
      await untilAdvised(house, id);
      const before = await told(house, 200, 'GET', `/api/v2/campaigns/${id}`);
      const wanted = { kinds: ['bid_too_low'], campaign_ids: [id], hold_out_percent: 0, max_price_change_percent: 50 };
      const { body: run } = await told(house, 201, 'POST', '/api/v2/optimization/auto-optimize', wanted);
      const [item] = run.items as { outcome: string }[];
      assert(item?.outcome === 'applied', `nothing was applied: ${JSON.stringify(run.items).slice(0, 200)}`);
      const after = await told(house, 200, 'GET', `/api/v2/campaigns/${id}`);
      assert(rateOf(after.body) > rateOf(before.body), 'the price was not raised');
      await untilServed(house, id, request);
      const { body: read } = await told(house, 200, 'GET', `/api/v2/optimization/auto-optimize/${run.id}`);
      assert(read.id === run.id, 'the run is not read back');
    },
  },
  {
    id: 'E18',
    async run(house) {
      const { id } = await campaignFor(house, { total_budget_micros: 1_000_000_000 });
      await until('the campaign is in the analysis', async () => {
        const { body } = await told(house, 200, 'GET', `/api/v2/optimization/pacing?campaign_id=${id}`);
        return JSON.stringify(body).includes(id);
      });
    },
  },
];
