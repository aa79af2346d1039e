import { join } from 'node:path';
import { untilReady } from '../../cli/house.ts';
import { Supervised } from '../../cli/supervised.ts';
import { systemClock } from '../../engines/clock.ts';
import { environmentWith } from '../../engines/config.ts';
import { adsFor, assert, type Check, campaignFor, told, until, untilServed } from './checks.ts';
import { type OwnHouse, SETTINGS } from './house.ts';

const INSTANCE = 2;
const VIEWERS = 40;
const END_MS = 9_000;

/** One more decision API on the house's own log and stores. */
async function withFlags(house: OwnHouse, flags: Record<string, string>, work: (flagged: OwnHouse) => Promise<void>) {
  const { folder: DATA_DIR, catalog: CATALOG, warehouse: WAREHOUSE } = house;
  const spec = {
    name: 'decision-api-with-flags',
    role: 'decision-api',
    args: ['serve', 'decision'],
    environment: environmentWith({ ...SETTINGS, ...flags, DATA_DIR, CATALOG, WAREHOUSE, INSTANCE: String(INSTANCE) }),
    listens: true,
    stopsLast: false,
    logFile: join(house.folder, 'logs', 'decision-api-with-flags.log'),
  } as const;
  const child = new Supervised(spec, () => undefined);
  child.start();
  try {
    const started = await Promise.race([child.announced, child.failed]);
    assert(typeof started !== 'string', `a decision API with flags cannot start: ${started}`);
    const decision = started.moreDecisionApis?.[INSTANCE] ?? '';
    await untilReady(decision, systemClock());
    await work({ ...house, decision });
  } finally {
    await child.stop(END_MS);
  }
}

const viewerOf = (brand: string, n: number) => ({ device: { type: 'smart_tv', brand }, user: { id: `flagged ${n}` } });

/** A second campaign for the same viewers, and a pod with room for both. */
async function twoOf(house: OwnHouse) {
  const first = await campaignFor(house);
  const second = await campaignFor(house);
  const rules = [{ conditions: [{ dimension: 'device_brands', mode: 'include', values: [first.brand] }] }];
  await told(house, 200, 'PUT', `/api/v2/campaigns/${second.id}/targeting`, { rules });
  const pod = { pod_duration: 60, max_ads: 2, pod: { min_separation_seconds: null } };
  const asks = (n: number) => ({ ...viewerOf(first.brand, n), ...pod });
  await until('both are in one pod', async () => (await adsFor(house, asks(0))).length === 2);
  return asks;
}

/** Targeting for half of the viewers, caps and pods for none, in a decision API beside the one that has all. */
export const flagsCheck: Check = {
  id: 'F1',
  async run(house) {
    const targeted = await campaignFor(house);
    const capped = await campaignFor(house);
    const cap = { scope: 'user', window: 'day', max_impressions: 1_000 };
    await told(house, 201, 'POST', `/api/v2/campaigns/${capped.id}/frequency-cap`, cap);
    for (const { id, brand } of [targeted, capped]) await untilServed(house, id, viewerOf(brand, 0));
    const asks = await twoOf(house);
    const flags = { ENABLE_TARGETING: '50', ENABLE_FREQUENCY_CAP: 'false', ENABLE_POD_ASSEMBLY: 'false' };
    await withFlags(house, flags, async (flagged) => {
      const has = async (at: OwnHouse, { id, brand }: typeof capped, n: number) =>
        (await adsFor(at, viewerOf(brand, n))).some(({ campaign_id }) => campaign_id === id);
      const viewers = Array.from({ length: VIEWERS }, (_, n) => n);
      const served = async (at: OwnHouse, to: typeof capped) =>
        (await Promise.all(viewers.map(async (n) => ((await has(at, to, n)) ? [n] : [])))).flat();
      const on = await served(flagged, targeted);
      assert(on.length > 0 && on.length < VIEWERS, `${on.length} of ${VIEWERS} viewers are targeted, at 50 %`);
      assert((await served(flagged, targeted)).join() === on.join(), 'asked again, others are targeted');
      assert((await served(house, targeted)).length === VIEWERS, 'without the flag, not all are targeted');
      assert((await served(flagged, capped)).length === 0, 'without caps, a campaign with a cap is served');
      for (const n of on) {
        const [one, all] = await Promise.all([adsFor(flagged, asks(n)), adsFor(house, asks(n))]);
        assert(one.length === 1 && all.length === 2, `without pods ${one.length} ads, with them ${all.length}`);
      }
    });
  },
};
