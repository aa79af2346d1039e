import { expect, test } from 'vitest';
import type { Campaign, Condition } from '../../domain/campaign.ts';
import type { Experiment } from '../../domain/experiment.ts';
import { micros } from '../../domain/money.ts';
import { normaliseContext } from '../../domain/targeting/context.ts';
import { CatalogCache } from './catalog-cache.ts';

/** A UUID that ends in the name, in hexadecimal, so that both have one order. */
const uuid = (name: string) => `00000000-0000-4000-8000-${name.padEnd(12, '0')}`;

function campaign(name: string, version: number, country: string | null, caps: Campaign['caps'] = []): Campaign {
  const conditions: Condition[] = [{ dimension: 'geo_countries', mode: 'include', values: [country] }];
  return {
    id: uuid(name),
    version,
    name,
    advertiserId: uuid('a'),
    advertiserName: 'a',
    status: 'active',
    startsAt: 0,
    endsAt: 1,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(1) },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: country === null ? [] : [{ id: 'r', conditions }],
    caps,
    categories: [],
    creatives: [],
  };
}

const ids = (campaigns: readonly Campaign[]) => campaigns.map(({ name }) => name).join(' ');
const matched = (cache: CatalogCache) => cache.match(inCountry('US')).map(({ campaign }) => campaign);
const inCountry = (country: string) => normaliseContext({ geo: { country } }, 0);
const change = (name: string, version: number, document: unknown) => ({
  kind: 'campaign',
  id: uuid(name),
  version,
  deleted: document === null,
  document: document === null ? null : JSON.stringify(document),
  changed_at: 0,
});

test('the list and the matches follow each change, in the order of ids', () => {
  const cache = new CatalogCache();
  const many = Array.from({ length: 20 }, (_, n) => campaign(`c${10 + n}`, 1, n % 2 === 0 ? 'US' : 'FR'));
  cache.load({ campaigns: many.toReversed(), pods: [] });
  const before = cache.campaigns;
  expect(before).toHaveLength(20);
  expect(ids(matched(cache))).toBe('c10 c12 c14 c16 c18 c20 c22 c24 c26 c28');
  cache.apply(change('c12', 2, campaign('c12', 2, 'FR')));
  cache.apply(change('c14', 2, null));
  cache.apply(change('c145', 1, campaign('c145', 1, null)));
  cache.apply(change('c16', 1, campaign('c16', 1, 'FR')));
  expect(ids(matched(cache))).toBe('c10 c145 c16 c18 c20 c22 c24 c26 c28');
  expect(ids(cache.campaigns)).toBe(ids([...cache.campaigns].sort((a, b) => (a.id < b.id ? -1 : 1))));
  expect([cache.campaigns.length, before.length]).toEqual([20, 20]);
});

test('campaigns are counted by the features they carry, also when they change', () => {
  const cache = new CatalogCache();
  const cap = { scope: 'user', creativeId: null, windowSeconds: 3_600, max: 1 } as const;
  cache.load({
    campaigns: [campaign('a', 1, 'US'), campaign('b', 1, null, [cap]), campaign('c', 1, 'US', [cap])],
    pods: [],
  });
  expect(cache.carriers(['targeting'])).toBe(2);
  expect(cache.carriers(['frequency'])).toBe(2);
  expect(cache.carriers(['targeting', 'frequency'])).toBe(3);
  cache.apply(change('c', 2, campaign('c', 2, null)));
  expect(cache.carriers(['targeting', 'frequency', 'pods'])).toBe(2);
});

test('a campaign whose rules cannot be read is no campaign', () => {
  const cache = new CatalogCache();
  expect(cache.apply(change('a', 1, { ...campaign('a', 1, null), targeting: [{ id: 'r' }] }))).toBe(false);
  expect(cache.apply(change('a', 1, { ...campaign('a', 1, null), targeting: ['US'] }))).toBe(false);
  expect(cache.campaigns).toEqual([]);
});

test('what a snapshot says is gone goes, unless it changed since the snapshot was asked for', () => {
  const cache = new CatalogCache();
  cache.load({ campaigns: ['b1', 'b2', 'b3'].map((name) => campaign(name, 1, 'US')), pods: [] });
  const held = cache.held();
  cache.apply(change('b2', 2, campaign('b2', 2, 'US')));
  cache.apply(change('b4', 1, campaign('b4', 1, 'US')));
  const gone = ['b1', 'b2', 'b4'].map(uuid);
  cache.load({ campaigns: [], gone, pods: [] }, held);
  expect([ids(cache.campaigns), ids(matched(cache))]).toEqual(['b2 b3 b4', 'b2 b3 b4']);
  const again = new CatalogCache();
  again.load({ campaigns: ['b2', 'b3', 'b4'].map((name, at) => campaign(name, at === 0 ? 2 : 1, 'US')), pods: [] });
  expect(cache.mark).toEqual(again.mark);
  // Restored as it was, it is taken as it is.
  cache.load({ campaigns: [campaign('b1', 1, 'FR')], pods: [] });
  expect([ids(cache.campaigns), ids(matched(cache))]).toEqual(['b1 b2 b3 b4', 'b2 b3 b4']);
});

test('a log that catches up brings nothing back that a snapshot has no more', () => {
  const cache = new CatalogCache();
  cache.load({ campaigns: [campaign('a', 2, null), campaign('b', 1, null)], pods: [] });
  cache.load({ campaigns: [], gone: [uuid('a')], pods: [] }, cache.held());
  expect(cache.apply(change('a', 3, campaign('a', 3, null)))).toBe(true);
  expect(ids(cache.campaigns)).toBe('b');
  expect(cache.apply({ ...change('a', 4, campaign('a', 4, null)), deleted: true, document: null })).toBe(true);
  expect(ids(cache.campaigns)).toBe('b');
});

test('a campaign that was deleted and comes back is served, as its versions go on', () => {
  const cache = new CatalogCache();
  const gone = { ...change('a', 4, campaign('a', 4, null)), deleted: true, document: null };
  for (const one of [change('a', 3, campaign('a', 3, null)), gone, change('a', 5, campaign('a', 5, null))])
    expect(cache.apply(one)).toBe(true);
  expect(cache.campaign(uuid('a'))?.version).toBe(5);
});

test('experiments that a snapshot has no more run no longer, unless they came since it was asked for', () => {
  const cache = new CatalogCache();
  const experiment = (name: string): Experiment => {
    return { id: uuid(name), version: 1, name, status: 'running', arms: [{ name: 'on', weight: 1 }] };
  };
  const [old, stays, fresh] = ['e1', 'e2', 'e3'].map(experiment) as [Experiment, Experiment, Experiment];
  cache.load({ campaigns: [], pods: [], experiments: [old, stays] });
  const held = cache.held();
  const document = JSON.stringify(fresh);
  cache.apply({ kind: 'experiment', id: fresh.id, version: 1, deleted: false, document, changed_at: 0 });
  cache.load({ campaigns: [], pods: [], experiments: [stays] }, held);
  expect(cache.experiments.map(({ name }) => name).toSorted()).toEqual(['e2', 'e3']);
});
