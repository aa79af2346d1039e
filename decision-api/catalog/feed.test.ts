import { afterEach, expect, test } from 'vitest';
import { micros } from '../../domain/money.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { encode } from '../../schemas/codec.ts';
import type { CampaignSignal, CatalogChange } from '../../schemas/records.ts';
import { openHouse, type TestHouse, testCampaign } from '../test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

async function append(open: TestHouse, topic: string, key: string, value: Buffer): Promise<void> {
  await open.log.append(topic, [{ partition: partitionOf(key, await open.log.partitions(topic)), key, value }]);
}

function change(open: TestHouse, given: Partial<CatalogChange> & { id: string; version: number }): Promise<void> {
  const value = { kind: 'campaign', deleted: false, document: null, changed_at: 1, ...given };
  return append(open, 'catalog-changes', given.id, encode('catalog-change', value));
}

function signal(
  open: TestHouse,
  given: Partial<CampaignSignal> & { campaign: string; version: number },
): Promise<void> {
  const value: CampaignSignal = {
    kind: 'PACING',
    computed_at: 1,
    caused_by_received_at: open.clock.now(),
    mu_ppm: 0,
    pacing_status: 'on_track',
    spent_micros: 0,
    target_micros: 0,
    impressions: 0,
    ctr_ppm: 0,
    vtr_ppm: 0,
    completion_ppm: 0,
    quality_centi: 500,
    relevance_centi: 500,
    creatives: [],
    contexts: [],
    ...given,
  };
  return append(open, 'campaign-signals', given.campaign, encode('campaign-signal', value));
}

async function shown(open: TestHouse): Promise<readonly string[]> {
  return (await open.post({ pod_duration: 30 })).json.pod.ads.map((ad) => ad.campaign_id);
}

test('changes of the catalog arrive through the log; the newest version wins and a deletion is final', async () => {
  const old = testCampaign();
  house = await openHouse([old]);
  const open = house;
  const fresh = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(50_000) } });
  await change(open, { id: fresh.id, version: 1, document: JSON.stringify(fresh) });
  await expect.poll(() => shown(open)).toEqual([fresh.id]);
  await change(open, { id: fresh.id, version: 3, deleted: true });
  await expect.poll(() => shown(open)).toEqual([old.id]);
  await change(open, { id: fresh.id, version: 2, document: JSON.stringify(fresh) });
  await change(open, { id: old.id, version: 2, document: JSON.stringify({ ...old, version: 2, status: 'paused' }) });
  await expect.poll(() => shown(open)).toEqual([]);
});

test('a record that cannot be read is counted and stops nothing', async () => {
  const old = testCampaign();
  house = await openHouse([old]);
  const open = house;
  await append(open, 'catalog-changes', old.id, Buffer.from('nonsense'));
  await change(open, { id: old.id, version: 2, document: '{"id":1}' });
  await change(open, { id: old.id, version: 3, document: '{' });
  await change(open, { id: old.id, version: 4, document: JSON.stringify({ ...old, creatives: [{}] }) });
  await change(open, { id: testCampaign().id, version: 1, document: JSON.stringify(testCampaign()) });
  const stray = { kind: 'campaign', id: old.id, version: 9, deleted: true, document: null, changed_at: 1 };
  await append(open, 'campaign-signals', old.id, encode('catalog-change', stray));
  await expect.poll(() => open.metric('undecodable_total', 'campaign-signals')).toBe(1);
  expect(await shown(open)).toEqual([old.id]);
  await change(open, { id: old.id, version: 5, deleted: true });
  await expect.poll(() => shown(open)).toEqual([]);
  expect(await open.metric('undecodable_total', 'catalog-changes')).toBe(5);
});

test('a shadow price reorders the next pod, an older one does not, and the effect is timed', async () => {
  const dear = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(20_000) } });
  const cheap = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(10_000) } });
  house = await openHouse([dear, cheap]);
  const open = house;
  expect(await shown(open)).toEqual([dear.id]);
  await signal(open, { campaign: dear.id, version: 5, mu_ppm: 900_000 });
  await expect.poll(() => shown(open)).toEqual([cheap.id]);
  await signal(open, { campaign: dear.id, version: 4, mu_ppm: 0 });
  await signal(open, {
    campaign: cheap.id,
    version: 1,
    kind: 'SCORE',
    quality_centi: 900,
    caused_by_received_at: null,
  });
  await expect.poll(() => open.metric('signals_applied_total')).toBe(2);
  expect(await shown(open)).toEqual([cheap.id]);
  expect(await open.metric('event_to_effect_seconds_count', 'signal')).toBe(1);
  const newest = (await open.records('ad-request')).sort((a, b) => b.event.received_at - a.event.received_at);
  const candidates = newest[0]?.event.candidates ?? [];
  expect(candidates.find((each) => each.campaign === dear.id)).toMatchObject({ mu_ppm: 900_000, pacing_signal: 5 });
});

test('an instance knows the signals that were there before it started', async () => {
  const dear = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(20_000) } });
  const cheap = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(10_000) } });
  house = await openHouse([dear, cheap]);
  await signal(house, { campaign: dear.id, version: 5, mu_ppm: 900_000 });
  const other = await house.another();
  await other.ready();
  const answer = await other.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload: { pod_duration: 30 } });
  expect(answer.json().pod.ads[0].campaign_id).toBe(cheap.id);
  const metrics = (await other.app.inject({ url: '/metrics' })).payload;
  expect(metrics).toContain('breakwater_signals_applied_total 1\n');
  expect(metrics).not.toMatch(/event_to_effect_seconds_count\{effect="signal"\} [1-9]/);
});

test('with signals off they are counted and change nothing', async () => {
  const dear = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(20_000) } });
  const cheap = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(10_000) } });
  house = await openHouse([dear, cheap], { environment: { SIGNALS: 'off' } });
  const open = house;
  await signal(open, { campaign: dear.id, version: 5, mu_ppm: 900_000 });
  await expect.poll(() => open.metric('signals_applied_total')).toBe(1);
  expect(await shown(open)).toEqual([dear.id]);
});
