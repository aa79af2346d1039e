import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign, testCreative } from '../decision-api/test-house.ts';
import type { Campaign } from '../domain/campaign.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { startTestPostgres } from '../engines/catalog/test-postgres.ts';
import { keepEndpoints } from '../engines/endpoints.ts';
import { openCategories } from '../engines/open.ts';
import { encode } from '../schemas/codec.ts';
import { catalogOf, explainCommand } from './explain.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const german = {
  id: 'r',
  conditions: [{ dimension: 'geo_countries' as const, mode: 'include' as const, values: ['DE'] }],
};
const household = { scope: 'household' as const, creativeId: null, windowSeconds: 3600, max: 1 };

const unending = (['household', 'stream', 'pod'] as const).map((scope) => ({
  ...household,
  scope,
  windowSeconds: null,
}));

interface Told {
  readonly catalog_proven: boolean;
  readonly request_id: string;
  readonly slots: readonly { readonly campaign_id: string }[];
  readonly campaigns: readonly {
    readonly campaign_id: string;
    readonly outcome: string;
    readonly detail: string | null;
  }[];
}

test('the log explains what the answer explained: every campaign of the catalog of that moment, with its slot or its reason', async () => {
  const changing = testCampaign();
  const campaigns = [
    changing,
    testCampaign({ targeting: [german] }),
    testCampaign({ status: 'paused' }),
    testCampaign({ caps: [household] }),
    testCampaign({ caps: unending }),
    testCampaign({ creatives: [testCreative({ durationSeconds: 90 })] }),
    testCampaign({ tier: 'house' }),
  ];
  house = await openHouse([]);
  await tell(house, campaigns);
  const ask = { pod_duration: 30, user: { id: 'u', household_id: 'h' }, geo: { country: 'US' } };
  await until(async () => (await asked(house, ask)).explain.campaigns.length === campaigns.length);
  const { explain, pod } = await asked(house, { ...ask, request_id: 'one' });
  // What came later is no part of that moment.
  await tell(house, [{ ...changing, version: 2, status: 'paused' }, testCampaign()]);

  const told = JSON.parse(await explained(house, 'one', true)) as Told;
  const outcomes = (list: Told['campaigns']) => list.map((each) => [each.campaign_id, each.outcome, each.detail]);
  expect(told.catalog_proven).toBe(true);
  expect(outcomes(told.campaigns)).toEqual(outcomes(explain.campaigns));
  expect(told.campaigns.map(({ campaign_id }) => campaign_id)).toEqual(campaigns.map(({ id }) => id));
  expect(new Set(told.campaigns.map(({ outcome }) => outcome)).size).toBeGreaterThanOrEqual(4);
  expect(told.slots.map(({ campaign_id }) => campaign_id)).toEqual(pod.ads.map((ad) => ad.campaign_id));

  const text = await explained(house, 'one', false);
  for (const { id } of campaigns) expect(text.split(`  ${id}  `)).toHaveLength(2);
  expect(text).toContain('slot 1');
  expect(text).toContain('1 per household for life; 1 per stream; 1 per pod');
  expect(text).not.toContain('null');
});

test('a stream is explained pod by pod, and an unknown request is told as such', async () => {
  const campaign = testCampaign();
  house = await openHouse([campaign]);
  await tell(house, [campaign]);
  await asked(house, { request_id: 'stream', breaks: [{ pod_duration: 30 }, { id: 'b', pod_duration: 15 }] });
  const told = JSON.parse(await explained(house, 'stream', true)) as readonly Told[];
  expect(told.map(({ request_id, campaigns }) => [request_id, campaigns[0]?.outcome])).toEqual([
    ['stream/0', 'won'],
    ['stream/b', 'too_long'],
  ]);
  await expect(explained(house, 'nobody', true)).rejects.toThrow(/no request nobody/);
});

test('every decision of an id is explained, in the order in which they were made; one that was shipped twice is one', async () => {
  house = await openHouse([testCampaign()]);
  for (const id of ['u', 'v']) await asked(house, { request_id: id, pod_duration: 30, user: { id } });
  const [one, other] = (await house.records('ad-request')).map(({ event }) => ({ ...event, request_id: 'shared' }));
  if (!one || !other) throw new Error('two were asked');
  const later = { ...other, received_at: one.received_at + 7_200_000 };
  for (const [partition, record] of [later, one, one, later].entries()) {
    const value = encode('ad-request', record);
    await house.log.append('ad-requests', [{ partition, key: record.viewer, value }]);
  }
  const told = JSON.parse(await explained(house, 'shared', true)) as readonly { viewer: string }[];
  expect(told.map(({ viewer }) => viewer)).toEqual([one.viewer, other.viewer]);
  expect((await explained(house, 'shared', false)).match(/^request shared/gm)).toHaveLength(2);
});

test('a change that is told again does not empty the catalog of a moment that cannot be proven', () => {
  const change = (id: string, version: number, appendedAt: number) => ({
    id,
    version,
    campaign: testCampaign({ id, version }),
    appendedAt,
  });
  const changes = [change('a', 1, 1), change('b', 1, 2), change('a', 1, 3), change('a', 2, 100)];
  const { catalog, proven } = catalogOf({ catalog: { campaigns: 2, sum: -1 }, received_at: 50 }, changes);
  expect([catalog.map(({ id, version }) => `${id}${version}`), proven]).toEqual([['a1', 'b1'], false]);
  const beforeAll = catalogOf({ catalog: { campaigns: 0, sum: 0 }, received_at: 0 }, changes);
  expect(beforeAll).toEqual({ catalog: [], proven: true });
});

test('a catalog that cannot be put together again is told as unproven', async () => {
  house = await openHouse([testCampaign(), testCampaign()]);
  await asked(house, { request_id: 'one', pod_duration: 30 });
  expect(await explained(house, 'one', false)).toContain('NOT PROVEN');
});

test('away from a decider’s disk the content taxonomy is the catalog’s', async () => {
  const server = await startTestPostgres();
  try {
    await migrateCatalog(server.url);
    const tables = openCategories(server.url);
    const rows = [
      { id: '1', name: 'Sports', parentId: null },
      { id: '2', name: 'Football', parentId: '1' },
    ];
    await tables.importContent(rows, 'test', [], async () => undefined);
    await tables.close();
    const sporty = [
      {
        id: 'r',
        conditions: [{ dimension: 'content_categories' as const, mode: 'exclude' as const, values: ['Sports'] }],
      },
    ];
    const campaign = testCampaign({ targeting: sporty });
    const contentCategories = rows.map((row) => ({ ...row, sensitive: false }));
    house = await openHouse([campaign], { contentCategories });
    await tell(house, [campaign]);
    await asked(house, { request_id: 'one', pod_duration: 30, content: { category: 'Football' } });
    const { dataDir } = house.config;
    await rm(join(dataDir, 'decision-api-catalog.jsonl'), { force: true });
    const blind = await explained(house, 'one', false);
    expect([blind.includes('NO content taxonomy'), blind.includes('not_recorded')]).toEqual([true, true]);
    keepEndpoints(dataDir, { catalog: server.url });
    const told = JSON.parse(await explained(house, 'one', true)) as Told;
    expect(told.campaigns).toMatchObject([{ outcome: 'targeting', detail: 'content_categories' }]);
  } finally {
    await server.remove();
  }
});

async function asked(open: TestHouse | null, body: object) {
  if (open === null) throw new Error('no house is open');
  return (await open.post(body, '?explain=1')).json;
}

async function explained({ config }: TestHouse, requestId: string, json: boolean): Promise<string> {
  let text = '';
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  await explainCommand(requestId, { dir: config.dataDir, json }, out);
  return text;
}

async function tell({ log }: TestHouse, campaigns: readonly Campaign[]): Promise<void> {
  const records = campaigns.map((campaign) => {
    const { id, version } = campaign;
    const change = { kind: 'campaign', id, version, deleted: false, document: JSON.stringify(campaign), changed_at: 0 };
    return { partition: 0, key: id, value: encode('catalog-change', change) };
  });
  await log.append('catalog-changes', records);
}

async function until(met: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come true in 4 s');
}
