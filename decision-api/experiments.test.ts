import { afterEach, expect, test } from 'vitest';
import { armAt, drawsOf, type Experiment } from '../domain/experiment.ts';
import { micros } from '../domain/money.ts';
import { pseudonym } from '../engines/pseudonym.ts';
import { encode } from '../schemas/codec.ts';
import { treatmentOf } from './asking/features.ts';
import { openHouse, type TestHouse, testCampaign, testCreative, testId } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const everybody = { targeting: 100, frequency: 100, pods: 100 };
const viewers = Array.from({ length: 4_000 }, (_, at) => `viewer ${at}`);

function experiment(given: Partial<Experiment> = {}): Experiment {
  const arms = [
    { name: 'money', weight: 3 },
    { name: 'full', weight: 1, objective: 'fill_rate' as const },
  ];
  return { id: testId(), version: 1, name: 'fuller pods', status: 'running', arms, ...given };
}

test('viewers stand in the arms by their weights, always in the same one, and otherwise in another experiment', () => {
  const one = experiment();
  const other = experiment({ name: 'another' });
  const both = viewers.map((viewer) => treatmentOf(viewer, everybody, [one, other]).arms.map(({ arm }) => arm));
  const full = both.filter(([arm]) => arm === 'full');
  expect(full.length / viewers.length).toBeGreaterThan(0.22);
  expect(full.length / viewers.length).toBeLessThan(0.28);
  const again = full.filter(([, arm]) => arm === 'full').length / full.length;
  expect(again).toBeGreaterThan(0.19);
  expect(again).toBeLessThan(0.31);
  expect(viewers.map((viewer) => treatmentOf(viewer, everybody, [one, other]).arms.map(({ arm }) => arm))).toEqual(
    both,
  );
});

test('arms get their share of draws also where it is one in twenty thousand', () => {
  const even = Array.from({ length: 100_000 }, (_, at) => Math.floor(((at + 0.5) / 100_000) * drawsOf));
  for (const weights of [
    [50, 999_950],
    [999_950, 50],
    [40, 999_960],
    [1_000_000, 10, 1_000_000],
  ]) {
    const arms = weights.map((weight) => ({ weight }));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const drawn = even.map((draw) => armAt(arms, draw));
    for (const arm of arms) {
      const share = drawn.filter((one) => one === arm).length / even.length;
      expect(Math.abs(share - arm.weight / total)).toBeLessThan(1.1 / even.length);
    }
  }
  const [most, last] = [{ weight: 1_000_000 }, { weight: 1 }];
  expect([armAt([most, last], drawsOf - 1), armAt([most], drawsOf - 1)]).toEqual([last, most]);
});

test('a flag with a percentage is an experiment of two arms; one for all or for nobody is none', () => {
  const treatments = viewers.map((viewer) => treatmentOf(viewer, { targeting: 30, frequency: 0, pods: 100 }, []));
  const on = treatments.filter(({ features }) => features.has('targeting'));
  expect(on.length / viewers.length).toBeGreaterThan(0.27);
  expect(on.length / viewers.length).toBeLessThan(0.33);
  for (const { features, arms } of treatments) {
    expect([...features].filter((feature) => feature !== 'targeting')).toEqual(['pods']);
    expect(arms).toEqual([{ experiment: 'flag:targeting', arm: features.has('targeting') ? 'on' : 'off' }]);
  }
});

test('a stopped experiment, and arms without weight, change nothing', () => {
  const nothing = treatmentOf('v', everybody, []);
  expect(treatmentOf('v', everybody, [experiment({ status: 'stopped' })])).toEqual(nothing);
  expect(treatmentOf('v', everybody, [experiment({ arms: [{ name: 'a', weight: 0 }] })])).toEqual(nothing);
});

test('an experiment that the log tells of is followed by the next decision, and recorded with it', async () => {
  const long = testCampaign({ creatives: [testCreative({ durationSeconds: 60 })] });
  const rich = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(90_000) } });
  house = await openHouse([long, rich]);
  const ask = { pod_duration: 60, max_ads: 1, user: { id: 'u' } };
  expect((await house.post(ask)).json.pod.ads.map((ad) => ad.campaign_id)).toEqual([rich.id]);
  const told = experiment({ arms: [{ name: 'all', weight: 1, objective: 'fill_rate' }] });
  await tell(house, told);
  await until(async () => (await house?.post(ask))?.json.pod.filled_seconds === 60);
  const records = await house.records('ad-request');
  const last = records
    .map(({ event }) => event)
    .sort((a, b) => a.received_at - b.received_at)
    .at(-1);
  expect(last).toMatchObject({ objective: 'fill_rate', experiments: [{ experiment: 'fuller pods', arm: 'all' }] });
  await tell(house, { ...told, version: 2, status: 'stopped' });
  await until(async () => (await house?.post(ask))?.json.pod.filled_seconds === 30);
});

test('an arm may let quality count for nothing, or shadow prices', async () => {
  const [arm] = experiment().arms;
  const arms = [{ name: 'price alone', weight: 1, qualityPercent: 0, shadowPricePercent: 50 }];
  expect(arm).toBeDefined();
  expect(treatmentOf('v', everybody, [experiment({ arms })]).weights).toEqual({
    qualityPercent: 0,
    shadowPricePercent: 50,
  });
});

test('an experiment that is called as a feature is draws of its own, beside the feature’s flag', () => {
  const half = { ...everybody, targeting: 50 };
  const named = experiment({
    name: 'targeting',
    arms: [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 1 },
    ],
  });
  const both = viewers.map((viewer) => treatmentOf(viewer, half, [named]).arms.map(({ arm }) => arm));
  const on = both.filter(([flag]) => flag === 'on');
  const share = on.filter(([, arm]) => arm === 'a').length / on.length;
  expect(share).toBeGreaterThan(0.45);
  expect(share).toBeLessThan(0.55);
});

test('whatever two experiments are called, where a viewer stands in the one says nothing of the other', () => {
  // FNV-1a alone links each of the first six with another or with the flag: its last bits follow from last bits alone.
  const linked = ['user experience', 'q3 fill', 'fuller pods', 'checkout', 'no targeting', 'quality'];
  const names = [...linked, ...Array.from({ length: 24 }, (_, at) => `experiment ${at}`)];
  const arms = [
    { name: 'on', weight: 1 },
    { name: 'off', weight: 1 },
  ];
  const running = names.map((name) => experiment({ name, arms }));
  const hashes = viewers.map((viewer) => pseudonym('pepper', 'user', viewer));
  const stands = hashes.map((viewer) => treatmentOf(viewer, { ...everybody, targeting: 50 }, running).arms);
  const all = ['flag:targeting', ...names];
  const alike: string[] = [];
  for (const [one, name] of all.entries()) {
    const on = stands.filter((arms) => arms[one]?.arm === 'on');
    for (let other = one + 1; other < all.length; other++) {
      const share = on.filter((arms) => arms[other]?.arm === 'on').length / on.length;
      if (share < 0.45 || share > 0.55) alike.push(`${name}, ${all[other]}: ${share}`);
    }
  }
  expect(alike).toEqual([]);
});

async function tell({ log }: TestHouse, document: Experiment): Promise<void> {
  const { id, version } = document;
  const change = { kind: 'experiment', id, version, deleted: false, document: JSON.stringify(document), changed_at: 0 };
  await log.append('catalog-changes', [{ partition: 0, key: id, value: encode('catalog-change', change) }]);
}

async function until(met: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come true in 2 s');
}
