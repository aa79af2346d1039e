import {
  addCreative,
  adsFor,
  assert,
  type Check,
  campaignFor,
  told,
  until,
  untilNotServed,
  untilServed,
} from './checks.ts';
import type { OwnHouse } from './house.ts';

const country = (values: readonly string[]) => ({
  conditions: [{ dimension: 'geo_countries', mode: 'include', values }],
});
const from = (brand: string, code: string) => ({ device: { type: 'smart_tv', brand }, geo: { country: code } });
const viewer = (brand: string, id: string) => ({ device: { type: 'smart_tv', brand }, user: { id } });

async function targeted(house: OwnHouse) {
  const { id, brand } = await campaignFor(house);
  const both = [{ dimension: 'device_brands', mode: 'include', values: [brand] }, ...country(['US']).conditions];
  return { id, brand, path: `/api/v2/campaigns/${id}/targeting`, both };
}

/** Each endpoint of the plan: its status, what it says, and what it does to decisions and reports. */
export const endpointChecks: readonly Check[] = [
  {
    id: 'E1',
    async run(house) {
      const { id, brand, path, both } = await targeted(house);
      const { body } = await told(house, 201, 'POST', path, { conditions: both });
      assert((body.rules as unknown[]).length === 2, 'the rule was not added');
      await untilServed(house, id, from(brand, 'US'));
    },
  },
  {
    id: 'E2',
    async run(house) {
      const { path, brand } = await targeted(house);
      const { body } = await told(house, 200, 'GET', path);
      assert(JSON.stringify(body.rules).includes(brand), 'the rule is not read back');
    },
  },
  {
    id: 'E3',
    async run(house) {
      const { id, brand, path, both } = await targeted(house);
      await untilServed(house, id, from(brand, 'CA'));
      const { body } = await told(house, 200, 'PUT', path, { rules: [{ conditions: both }] });
      assert((body.rules as unknown[]).length === 1, 'the rules were not replaced');
      await untilNotServed(house, id, from(brand, 'CA'));
      await untilServed(house, id, from(brand, 'US'));
    },
  },
  {
    id: 'E4',
    async run(house) {
      const { id, brand, path, both } = await targeted(house);
      const { body } = await told(house, 200, 'PUT', path, { rules: [{ conditions: both }] });
      await untilNotServed(house, id, from(brand, 'CA'));
      const [rule] = body.rules as { id: string }[];
      await told(house, 204, 'DELETE', `${path}/${rule?.id}`);
      await untilServed(house, id, from(brand, 'CA'));
      await told(house, 200, 'PATCH', `/api/v2/campaigns/${id}`, { status: 'paused' });
    },
  },
  {
    id: 'E5',
    async run(house) {
      const { id, brand } = await campaignFor(house);
      const cap = { scope: 'user', window: 'day', max_impressions: 1 };
      const { body } = await told(house, 201, 'POST', `/api/v2/campaigns/${id}/frequency-cap`, cap);
      assert((body.caps as unknown[]).length === 1, 'the cap was not added');
      await untilServed(house, id, viewer(brand, 'seen once'));
      await untilNotServed(house, id, viewer(brand, 'seen once'));
      await untilServed(house, id, viewer(brand, 'another'));
    },
  },
  {
    id: 'E6',
    async run(house) {
      const { id } = await campaignFor(house);
      const cap = { scope: 'device', window: 'week', max_impressions: 5 };
      await told(house, 201, 'POST', `/api/v2/campaigns/${id}/frequency-cap`, cap);
      const { body } = await told(house, 200, 'GET', `/api/v2/campaigns/${id}/frequency-cap`);
      assert(JSON.stringify(body.caps).includes('"week"'), 'the cap is not read back');
    },
  },
  {
    id: 'E7',
    async run(house) {
      const { id, brand } = await campaignFor(house);
      const path = `/api/v2/campaigns/${id}/frequency-cap`;
      await told(house, 200, 'PUT', path, { caps: [{ scope: 'user', window: 'hour', max_impressions: 1 }] });
      await untilServed(house, id, viewer(brand, 'v'));
      await untilNotServed(house, id, viewer(brand, 'v'));
      await told(house, 200, 'PUT', path, { caps: [] });
      await untilServed(house, id, viewer(brand, 'v'));
    },
  },
  {
    id: 'E8',
    async run(house) {
      const { body } = await told(house, 201, 'POST', '/api/v2/categories', { name: 'Plan cars' });
      const below = await told(house, 201, 'POST', '/api/v2/categories', {
        name: 'Plan vans',
        parent_category_id: body.id,
      });
      assert(below.body.parent_category_id === body.id, 'it does not lie below');
    },
  },
  {
    id: 'E9',
    async run(house) {
      const { body: made } = await told(house, 201, 'POST', '/api/v2/categories', { name: 'Plan boats' });
      const { body } = await told(house, 200, 'GET', '/api/v2/categories?limit=500');
      assert(
        (body.items as { id: unknown }[]).some(({ id }) => id === made.id),
        'the category is not listed',
      );
    },
  },
  {
    id: 'E10',
    async run(house) {
      const category = await told(house, 201, 'POST', '/api/v2/categories', { name: 'Plan drinks' });
      const first = await campaignFor(house);
      const second = await campaignFor(house);
      const all = { rules: [{ conditions: [{ dimension: 'device_brands', mode: 'include', values: [first.brand] }] }] };
      await told(house, 200, 'PUT', `/api/v2/campaigns/${second.id}/targeting`, all);
      const pod = {
        ...viewer(first.brand, 'of drinks'),
        pod_duration: 60,
        max_ads: 2,
        pod: { min_separation_seconds: null },
      };
      await until('both are in one pod', async () => (await adsFor(house, pod)).length === 2);
      for (const { id } of [first, second]) {
        await told(house, 200, 'POST', `/api/v2/campaigns/${id}/categories`, { category_ids: [category.body.id] });
      }
      await until('competitors are kept apart', async () => (await adsFor(house, pod)).length === 1);
    },
  },
  {
    id: 'E11',
    async run(house) {
      const { id, brand } = await campaignFor(house);
      await untilServed(house, id, viewer(brand, 'x'));
      const request = {
        request_id: '5d7f3f6a-3d2c-4c8e-9d0a-0b7e6e9b1c11',
        pod_duration: 90,
        max_ads: 3,
        user: { id: 'hashed_id', age: 35, gender: 'male' },
        device: { type: 'smart_tv', brand, os: 'tizen' },
        content: { category: 'sports', rating: 'PG' },
        geo: { country: 'US', region: 'CA', city: 'Los Angeles', dma: '803' },
      };
      const ads = await adsFor(house, request);
      assert(ads.length >= 1 && ads.length <= 3, `${ads.length} ads`);
      assert(
        JSON.stringify(await adsFor(house, request)) === JSON.stringify(ads),
        'a repeated request gets another pod',
      );
    },
  },
  {
    id: 'E19',
    async run(house) {
      const { body } = await told(house, 201, 'POST', '/api/v2/pods', {
        name: 'Plan break',
        duration_seconds: 30,
        max_ads: 1,
      });
      const { id, brand } = await campaignFor(house);
      await addCreative(house, id);
      await until('a request names the pod', async () => {
        const response = await fetch(`${house.decision}/api/v2/ad-request`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...viewer(brand, 'p'), pod: { id: body.id } }),
        });
        if (response.status !== 200) return false;
        return ((await response.json()) as { pod: { ads: unknown[] } }).pod.ads.length === 1;
      });
    },
  },
];
