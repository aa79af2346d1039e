import { expect, test } from 'vitest';
import { micros } from '../domain/money.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { encode } from '../schemas/codec.ts';
import { openHouse, testCampaign } from './test-house.ts';

test('a bid that is told again is told at the price of its decision, also when its campaign has changed or is gone', async () => {
  const campaign = testCampaign({ pricing: { model: 'cpm', priceMicros: micros(10_000) } });
  const house = await openHouse([campaign]);
  const video = { mimes: ['video/mp4'], protocols: [7, 13] };
  const ask = async (id: string) => {
    const payload = { id, imp: [{ id: '1', video }] };
    const answer = await house.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload });
    return answer.statusCode === 204 ? [] : (answer.json().seatbid[0].bid as { price: number; adm: string }[]);
  };
  const tell = async (version: number, priceMicros: number | null) => {
    const pricing = { model: 'cpm', priceMicros };
    const document = priceMicros === null ? null : JSON.stringify({ ...campaign, version, pricing });
    const deleted = document === null;
    const value = encode('catalog-change', {
      ...{ kind: 'campaign', id: campaign.id, version, deleted, document, changed_at: 0 },
    });
    await house.log.append('catalog-changes', [{ partition: partitionOf(campaign.id, 4), key: campaign.id, value }]);
  };
  try {
    const first = await ask('first');
    expect(first.map(({ price }) => price)).toEqual([10]);
    await tell(2, 20_000);
    await expect.poll(async () => (await ask(`${Math.random()}`))[0]?.price).toBe(20);
    expect((await ask('first')).map(({ price }) => price)).toEqual([10]);
    await tell(3, null);
    await expect.poll(() => ask(`${Math.random()}`)).toEqual([]);
    expect((await ask('first')).map(({ price }) => price)).toEqual([10]);
  } finally {
    await house.close();
  }
});
