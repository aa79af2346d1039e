import { readFileSync } from 'node:fs';
import { readConfig } from '../../engines/config.ts';
import { proofs } from '../prove/proofs.ts';
import { adsFor, assert, type Check, campaignFor, told, until, untilServed } from './checks.ts';

/** Rows of a bench whose result is kept: all of them hold their floors. */
function kept(id: string, name: string): Check {
  return {
    id,
    async run() {
      const text = readFileSync(new URL(`../results/bench-${name}.json`, import.meta.url), 'utf8');
      const { rows } = JSON.parse(text) as { rows: Record<string, { ok: boolean }> };
      const missed = Object.entries(rows).filter(([, { ok }]) => !ok);
      assert(
        Object.keys(rows).length > 0 && missed.length === 0,
        `bench-${name}.json misses ${missed.map(([row]) => row).join(', ')}`,
      );
    },
  };
}

/** A proof that is run by its own command; here a few cases of it. */
function proved(id: string, name: string, runs = 20): Check {
  return {
    id,
    async run() {
      const proof = proofs.find((each) => each.name === name);
      assert(proof !== undefined, `there is no proof ${name}`);
      const lines: string[] = [];
      const options = {
        dir: null,
        only: null,
        allowNo: [],
        deadLettersExpected: 0,
        runs,
        decisions: 400,
        concurrency: 20,
        processes: 2,
        pods: 200,
      };
      const { passed, failed } = await proof.run({ ...options, say: (line: string) => void lines.push(line) } as never);
      assert(failed === 0 && passed > 0, lines.join('; '));
    },
  };
}

const ASKED = 200;
const RATE_MS = 3_000;
/** The plan's 10,000 a minute. */
const RATE_MIN = 10_000 / 60;

export const targetChecks: readonly Check[] = [
  {
    id: 'L1',
    async run(house) {
      const { id, brand } = await campaignFor(house);
      const request = { device: { type: 'smart_tv', brand } };
      await untilServed(house, id, request);
      const took: number[] = [];
      for (let n = 0; n < ASKED; n++) {
        const begun = performance.now();
        await adsFor(house, request);
        took.push(performance.now() - begun);
      }
      const p95 = took.sort((a, b) => a - b)[Math.floor(0.95 * ASKED)] ?? Infinity;
      assert(p95 < 50, `p95 of ${ASKED} ad requests: ${p95.toFixed(1)} ms`);
    },
  },
  {
    id: 'L2',
    async run() {
      const text = readFileSync(new URL('../results/bench-reserve.json', import.meta.url), 'utf8');
      const { rows } = JSON.parse(text) as { rows: Record<string, { detail: string }> };
      const took = Object.values(rows).map(({ detail }) =>
        Number(/reserve ([\d.]+) µs/.exec(detail)?.[1] ?? Number.NaN),
      );
      assert(took.length > 0 && took.every((us) => us < 10_000), `reserving takes ${took.join(', ')} µs`);
    },
  },
  kept('L3', 'solve'),
  kept('L4', 'counter'),
  {
    id: 'H1',
    async run(house) {
      let answered = 0;
      const until = performance.now() + RATE_MS;
      const viewer = async (n: number) => {
        while (performance.now() < until) {
          await adsFor(house, { user: { id: `rate ${n}` } });
          answered++;
        }
      };
      await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(viewer));
      const rate = (answered * 1_000) / RATE_MS;
      assert(rate >= RATE_MIN, `${rate.toFixed(0)} ad requests a second, ${RATE_MIN.toFixed(0)} are asked`);
    },
  },
  kept('H2', 'pipeline'),
  {
    id: 'H3',
    async run(house) {
      const { id, brand } = await campaignFor(house);
      const request = { device: { type: 'smart_tv', brand } };
      await untilServed(house, id, request);
      await told(house, 200, 'PATCH', `/api/v2/campaigns/${id}`, { status: 'paused' });
      const begun = performance.now();
      while ((await adsFor(house, request)).some(({ campaign_id }) => campaign_id === id)) {
        assert(performance.now() - begun < 1_000, 'a paused campaign is served for more than 1 s');
      }
    },
  },
  proved('A1', 'index'),
  proved('A2', 'caps'),
  proved('A3', 'separation'),
  proved('A4', 'attribution', 300),
  {
    id: 'F1',
    async run() {
      const { features } = readConfig({
        ENABLE_TARGETING: '10',
        ENABLE_FREQUENCY_CAP: 'false',
        ENABLE_POD_ASSEMBLY: 'true',
      });
      assert(features.targeting === 10 && features.frequency === 0 && features.pods === 100, JSON.stringify(features));
    },
  },
  {
    id: 'M1',
    async run(house) {
      const flight = { start_date: '2020-01-01T00:00:00Z', end_date: '2090-01-01T00:00:00Z' };
      const fields = { name: 'As ever', budget_total: 1_000, pricing_model: 'cpm', cpm_rate: 900, ...flight };
      const { body: made } = await told(house, 201, 'POST', '/api/v1/campaigns', fields);
      const creative = { name: 'Spot', duration: 15, video_url: 'https://cdn.example/as-ever.mp4' };
      await told(house, 201, 'POST', `/api/v1/campaigns/${made.id}/creatives`, creative);
      await told(house, 200, 'PATCH', `/api/v1/campaigns/${made.id}/status`, { status: 'active' });
      const viewer = { device_id: 'a device of the MVP', device_type: 'smart_tv' };
      let ad: Record<string, unknown> = {};
      await until('the campaign is served', async () => {
        const response = await fetch(`${house.decision}/api/v1/ad-request`, jsonOf(viewer));
        ad = response.status === 200 ? ((await response.json()) as typeof ad) : {};
        return ad.campaign_id === made.id;
      });
      const { ad_id, campaign_id, creative_id } = ad;
      const seen = { ad_id, campaign_id, creative_id, ...viewer, completed: true };
      const counted = await fetch(`${house.decision}/api/v1/impression`, jsonOf(seen));
      assert(counted.status < 300, `the impression: ${counted.status}`);
      let stats: Record<string, unknown> = {};
      await until('its stats count the impression and its completion', async () => {
        stats = (await told(house, 200, 'GET', `/api/v1/campaigns/${made.id}/stats`)).body;
        return Number(stats.impressions) === 1 && Number(stats.completions) === 1;
      }).catch((error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(stats).slice(0, 300)}`);
      });
      const { body: listed } = await told(house, 200, 'GET', '/api/v1/campaigns?status=active');
      assert(JSON.stringify(listed).includes(String(made.id)), 'the campaign is not listed');
      await told(house, 200, 'PATCH', `/api/v1/campaigns/${made.id}/status`, { status: 'paused' });
    },
  },
];

const jsonOf = (body: object) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
