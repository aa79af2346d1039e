import { expect, test } from 'vitest';
import { checkValues } from './check-values.ts';
import type { CandidateFact, RequestFact, SignalFact } from './facts.ts';
import { names } from './fault.ts';
import { candidate, cola, creativeOf, request, shoes } from './sample-parts.ts';
import { sampleRun, withLog } from './sample-run.ts';

const score: SignalFact = {
  kind: 'SCORE',
  campaign: shoes,
  version: 3,
  mu_ppm: 0,
  ctr_ppm: 10_000,
  vtr_ppm: 400_000,
  completion_ppm: 800_000,
  quality_centi: 600,
  creatives: [],
  contexts: [{ dimension: 'device_type', value: 'smart_tv', ctr_ppm: 2_000_000, completion_ppm: 1_000_000 }],
};

function judged(one: CandidateFact, changes: Partial<RequestFact> = {}, settings: object = {}, pricing: object = {}) {
  const run = sampleRun();
  const seed = new Map(
    [...run.seed].map(([id, of]) => [id, id === shoes ? { ...of, pricing: { ...of.pricing, ...pricing } } : of]),
  );
  const { value, ...at } = request(1, [], [one]);
  const [signal] = run.log.signals;
  if (signal === undefined) throw new Error('a run without a signal');
  const log = { requests: [{ ...at, value: { ...value, ...changes } }], signals: [{ ...signal, value: score }] };
  const { faults, checked, byRate } = checkValues({
    ...withLog(run, log),
    seed,
    settings: { ...run.settings, ...settings },
  });
  return { faults: names(faults), checked, byRate };
}

const worth = (value_micros: number, score_micros: number) => ({ value_micros, score_micros });

test('without a signal a candidate is worth what is believed of ads of which nothing is known', () => {
  expect(judged(candidate(cola, 'lost'))).toEqual({ faults: [], checked: 1, byRate: 0 });
  expect(judged(candidate(shoes, 'lost'))).toEqual({ faults: [], checked: 1, byRate: 1 });
  expect(judged({ ...candidate(cola, 'lost'), value_micros: 12_001 }).faults).toEqual(['value_differs']);
  expect(judged({ ...candidate(cola, 'lost'), score_micros: 11_999 }).faults).toEqual(['value_differs']);
});

test('with one it is price times rate times the context’s factor times quality, less the shadow price', () => {
  const one = { ...candidate(shoes, 'lost'), score_signal: 3, mu_ppm: 500_000 };
  // 50,000 micros a click, 1 % on average, twice that on this device, quality 6 of 10.
  expect(judged({ ...one, ...worth(1_100, 600) }).faults).toEqual([]);
  expect(judged({ ...one, ...worth(550, 300) }).faults).toEqual(['value_differs']);
  const elsewhere = { context: { country: 'US', device_type: 'phone' } };
  expect(judged({ ...one, ...worth(550, 300) }, elsewhere).faults).toEqual([]);
  expect(judged({ ...one, creative: creativeOf(cola), ...worth(1_100, 600) }).faults).toEqual([]);
});

test('a completed view is worth what impressions bring of them; before `other_categories`, what views that began did', () => {
  const views = { model: 'cpv', priceMicros: 50_000 };
  const one = { ...candidate(shoes, 'lost'), score_signal: 3, mu_ppm: 0 };
  const context = { country: 'US', device_type: 'phone' };
  const now = { context: { ...context, other_categories: [] } };
  expect(judged({ ...one, ...worth(22_000, 20_000) }, now, {}, views).faults).toEqual(['value_differs']);
  expect(judged({ ...one, ...worth(22_000, 22_000) }, now, {}, views).faults).toEqual([]);
  expect(judged({ ...one, ...worth(44_000, 44_000) }, now, {}, views).faults).toEqual(['value_differs']);
  expect(judged({ ...one, ...worth(44_000, 44_000) }, { context }, {}, views).faults).toEqual([]);
  const unknown = { ...one, score_signal: null };
  expect(judged({ ...unknown, ...worth(42_500, 42_500) }, now, {}, views).faults).toEqual([]);
  expect(judged({ ...unknown, ...worth(45_000, 45_000) }, { context }, {}, views).faults).toEqual([]);
});

test('an arm weighs quality and shadow price as the settings say, and what they do not say is not judged', () => {
  const one = { ...candidate(shoes, 'lost'), score_signal: 3, mu_ppm: 500_000 };
  const experiments = [{ experiment: 'Price alone', arm: 'plain' }];
  const arms = [{ name: 'plain', quality_percent: 0, shadow_price_percent: 50 }];
  const known = { experiments: [{ name: 'Price alone', arms }] };
  expect(judged({ ...one, ...worth(1_000, 750) }, { experiments }, known)).toEqual({
    faults: [],
    checked: 1,
    byRate: 1,
  });
  expect(judged({ ...one, ...worth(1_100, 600) }, { experiments }, known).faults).toEqual(['value_differs']);
  expect(judged({ ...one, ...worth(1, 1) }, { experiments })).toEqual({ faults: [], checked: 0, byRate: 0 });
});
