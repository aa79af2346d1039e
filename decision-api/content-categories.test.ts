import { expect, test } from 'vitest';
import { createTaxonomy } from '../domain/targeting/content-taxonomy.ts';
import type { AdRequest } from '../schemas/records.ts';
import { explainRecord } from './recording/explain-record.ts';
import { openHouse, testCampaign, testId } from './test-house.ts';

test('of content with several categories none is overlooked, neither here nor where the decision is explained', async () => {
  const without = (value: string) =>
    testCampaign({
      targeting: [
        { id: testId(), conditions: [{ dimension: 'content_categories', mode: 'exclude', values: [value] }] },
      ],
    });
  const campaigns = [testCampaign(), without('IAB26'), without('IAB25')];
  const row = (id: string, parentId: string | null = null, sensitive = false) => ({
    id,
    name: id,
    parentId,
    sensitive,
  });
  const contentCategories = [row('IAB1'), row('IAB2'), row('IAB25', null, true), row('IAB26'), row('IAB26-1', 'IAB26')];
  const other = await openHouse(campaigns, { contentCategories });
  try {
    for (const [cat, matched] of [
      [
        ['IAB1', 'IAB2'],
        [0, 1, 2],
      ],
      [
        ['IAB1', 'IAB26-1'],
        [0, 2],
      ],
      [
        ['IAB1', 'IAB25'],
        [0, 1],
      ],
      [
        ['', 'IAB1', 'what nobody knows'],
        [0, 1],
      ],
      [
        ['', 'IAB2'],
        [0, 1, 2],
      ],
    ] as const) {
      const imp = [{ id: '1', video: { mimes: ['video/mp4'], protocols: [3, 7, 11, 13], poddur: 120, maxseq: 6 } }];
      const payload = { id: `of ${cat.join()}.`, imp, app: { content: { cat } } };
      await other.api.app.inject({ method: 'POST', url: '/api/v2/openrtb', payload });
      const records = await other.records('ad-request');
      const record = records.find(({ event }) => event.request_id.startsWith(payload.id))?.event as AdRequest;
      expect(
        campaigns.flatMap(({ id }, at) => (record.ads.some(({ campaign }) => campaign === id) ? [at] : [])),
      ).toEqual(matched);
      const told = [...explainRecord(record, campaigns, createTaxonomy(contentCategories)).campaigns];
      expect(told.flatMap(({ outcome }, at) => (outcome === 'targeting' ? [] : [at]))).toEqual(matched);
    }
  } finally {
    await other.close();
  }
});
