import { readFileSync } from 'node:fs';
import { readConfig } from '../../engines/config.ts';
import { proofs } from '../prove/proofs.ts';
import { adsFor, assert, type Check, campaignFor, told, untilServed } from './checks.ts';

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
  kept('L4', 'pipeline'),
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
  proved('A4', 'attribution', 100),
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
      await told(house, 200, 'GET', '/api/v1/campaigns');
    },
  },
];
