import { expect, it } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { decode } from '../../schemas/codec.ts';
import type { CampaignSignal } from '../../schemas/records.ts';
import { type Bench, id, openBench } from '../fixture.ts';
import { startRunner } from '../runner.ts';
import { scoringWorker } from './scoring.ts';

/** A campaign as far as the scoring worker looks at it. */
function campaign(n: number): Campaign {
  const creative = { id: id(200 + n), name: '', durationSeconds: 30, status: 'active', media: [], clickThrough: null };
  return { id: id(100 + n), version: 1, creatives: [creative], categories: [] } as unknown as Campaign;
}

async function signalsOf(bench: Bench): Promise<readonly CampaignSignal[]> {
  const found: CampaignSignal[] = [];
  const reader = await bench.log.subscribe(`reader-${bench.random.uuid()}`, ['campaign-signals'], {
    resume: async () => 0,
    apply: async (records) => {
      for (const { value } of records) {
        const decoded = decode(value);
        if (decoded.name === 'campaign-signal') found.push(decoded.value);
      }
    },
  });
  await bench.clock.advance(bench.clock.now() + 200);
  await reader.stop();
  return found;
}

const start = (bench: Bench, campaigns: readonly Campaign[]) => {
  const view = { ...bench.view, campaigns: new Map(campaigns.map((one) => [one.id, one])) };
  return startRunner(scoringWorker({ view, metrics: bench.metrics, suppressions: bench.suppressions }), bench);
};

/** `views` impressions of campaign n, the first `ends` of them watched to the end. */
async function watch(bench: Bench, n: number, views: number, ends: number): Promise<void> {
  for (let view = 0; view < views; view++) {
    const beacon = { reservation: id(n * 1000 + view), campaign: id(100 + n), creative: id(200 + n) };
    const events = ['impression', 'start', ...(view < ends ? ['complete'] : [])];
    await bench.send(...events.map((event) => ({ ...beacon, event, partition: view % 3 })));
  }
}

it('publishes better rates and quality for what is watched to the end', async () => {
  await using bench = await openBench();
  const runner = await start(bench, [campaign(1), campaign(2)]);
  await watch(bench, 1, 40, 40);
  await watch(bench, 2, 40, 4);
  await bench.clock.advance(bench.clock.now() + 2000);
  const signals = await signalsOf(bench);
  await runner.close();
  const last = (n: number) => signals.findLast((signal) => signal.campaign === id(100 + n));
  expect(last(1)?.completion_ppm).toBeGreaterThan((last(2)?.completion_ppm ?? 0) + 200_000);
  expect(last(1)?.quality_centi).toBeGreaterThan(last(2)?.quality_centi ?? 1000);
  expect(last(1)?.creatives).toHaveLength(1);
});

it('goes on with the next version after a restart, and counts a repeated beacon once', async () => {
  await using bench = await openBench();
  const first = await start(bench, [campaign(1)]);
  await watch(bench, 1, 10, 5);
  await bench.clock.advance(bench.clock.now() + 2000);
  await first.close();
  const before = (await signalsOf(bench)).at(-1);
  await watch(bench, 1, 10, 5);
  const second = await start(bench, [campaign(1)]);
  await bench.clock.advance(bench.clock.now() + 2000);
  await second.close();
  const after = (await signalsOf(bench)).at(-1);
  expect(after?.version).toBeGreaterThan(before?.version ?? Number.POSITIVE_INFINITY);
  expect(after?.completion_ppm).toBe(before?.completion_ppm);
});

it('says everything again once a minute, and otherwise only what changed', async () => {
  await using bench = await openBench();
  const runner = await start(bench, [campaign(1)]);
  await bench.clock.advance(bench.clock.now() + 2000);
  expect(await signalsOf(bench)).toHaveLength(1);
  await bench.clock.advance(bench.clock.now() + 61_000);
  await runner.close();
  expect(await signalsOf(bench)).toHaveLength(2);
});
