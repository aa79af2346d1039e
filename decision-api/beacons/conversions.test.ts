import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PlayerKey } from '../../engines/catalog/catalog.ts';
import { withSecrets } from '../../engines/secrets.ts';
import { openHouse, type TestHouse, testCampaign, testId } from '../test-house.ts';
import { pixelToken } from './conversions.ts';

let house: TestHouse;
const ours = testId();
const foreign = testId();
const key = `bw_0123456789ab_${'k'.repeat(43)}`;
const weak = `bw_aaaaaaaaaaaa_${'w'.repeat(43)}`;
const known = (text: string, scopes: string[]): PlayerKey => ({
  prefix: text.slice(3, 15),
  hash: createHash('sha256').update(text).digest('hex'),
  organisation: 'org-1',
  scopes,
  expiresAt: null,
});

beforeEach(async () => {
  house = await openHouse([testCampaign()], {
    callers: {
      playerKeys: [known(key, ['conversions:write']), known(weak, ['ads:request'])],
      advertisers: [
        { id: ours, organisation: 'org-1' },
        { id: foreign, organisation: 'org-2' },
      ],
    },
  });
});

afterEach(() => house.close());

const sale = {
  conversion_id: 'order-1',
  advertiser_id: ours,
  type: 'purchase',
  value_micros: 12_990_000,
  user_id: 'u',
};

function send(conversions: unknown[], authorization = `Bearer ${key}`) {
  const headers = authorization === '' ? {} : { authorization };
  return house.api.app.inject({ method: 'POST', url: '/api/v2/conversions', payload: { conversions }, headers });
}

test('an address that is none is nobody’s', async () => {
  const { user_id: _, ...nameless } = sale;
  await send(['unknown', 'n/a', '203.0.113.9'].map((ip, at) => ({ ...nameless, conversion_id: `order ${at}`, ip })));
  const all = (await house.records('conversion')).map(({ event }) => [event.conversion_id, event.identities.length]);
  expect(all.sort()).toEqual([
    ['order 0', 0],
    ['order 1', 0],
    ['order 2', 1],
  ]);
});

test('a conversion from a server is in the log, with pseudonyms of who converted', async () => {
  const asked = await house.post({ pod_duration: 30, user: { id: 'u' } });
  expect(asked.status).toBe(200);
  const response = await send([{ ...sale, occurred_at: new Date(house.clock.now() - 60_000).toISOString() }]);
  expect([response.statusCode, response.json()]).toEqual([202, { received: 1, outcomes: ['taken'], errors: [] }]);
  const [request] = await house.records('ad-request');
  const [conversion] = await house.records('conversion');
  expect(conversion?.event).toMatchObject({
    conversion_id: 'order-1',
    advertiser: ours,
    type: 'purchase',
    value_micros: 12_990_000,
    source: 'server',
    viewer: request?.event.viewer,
    identities: [{ scope: 'user', hash: request?.event.viewer }],
  });
});

test('what comes again has the same place in the log, whoever converted: the first counts', async () => {
  await send([sale]);
  await send([{ ...sale, user_id: 'somebody else' }]);
  const partitions = (await house.records('conversion')).map(({ partition }) => partition);
  expect([partitions.length, new Set(partitions).size]).toEqual([2, 1]);
});

test.each([
  ['/advertiser_id', { ...sale, advertiser_id: foreign }],
  ['/advertiser_id', { ...sale, advertiser_id: 'x' }],
  ['/value_micros', { ...sale, value_micros: -1 }],
  ['/value_micros', { ...sale, value_micros: 1.5 }],
  ['/type', { ...sale, type: 'a b' }],
  ['/occurred_at', { ...sale, occurred_at: 'yesterday evening' }],
  ['/occurred_at', { ...sale, occurred_at: `order num ${new Date().getUTCFullYear()}` }],
  ['/occurred_at', { ...sale, occurred_at: '2019-01-01T00:00:00Z' }],
  ['/occurred_at', { ...sale, occurred_at: '2099-01-01T00:00:00Z' }],
  ['/conversion_id', { ...sale, conversion_id: '' }],
  ['', { ...sale, user_id: undefined }],
  ['', { ...sale, surprise: 1 }],
  ['/consent', { ...sale, consent: false }],
  ['/consent/given', { ...sale, consent: { given: 'no' } }],
  ['/consent', { ...sale, consent: { gvien: false } }],
  ['', 7],
])('a wrong item is refused by its place %s, and the others are taken', async (pointer, item) => {
  const response = await send([item, sale]);
  expect(response.statusCode).toBe(202);
  const { received, outcomes, errors } = response.json();
  expect([received, outcomes]).toEqual([1, ['refused', 'taken']]);
  expect(errors[0].pointer.startsWith(`/conversions/0${pointer}`)).toBe(true);
  expect((await send([item])).statusCode).toBe(400);
});

test.each([
  ['no key', '', 401],
  ['a key that is none', `Bearer bw_bbbbbbbbbbbb_${'x'.repeat(43)}`, 401],
  ['a key without the scope', `Bearer ${weak}`, 403],
])('%s: a problem, and nothing is taken', async (_, authorization, status) => {
  const response = await send([sale], authorization);
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toContain('application/problem+json');
  expect(await house.records('conversion')).toEqual([]);
});

test('a pixel is taken where its signature is its advertiser’s, and answered alike where it is not', async () => {
  const { pepper } = withSecrets(house.config);
  const good = pixelToken(ours, pepper ?? '');
  const get = (query: string) => house.api.app.inject({ method: 'GET', url: `/api/v2/conversions/pixel?${query}` });
  const answers = [
    await get(`t=${good}&id=order-2&type=signup&value=12.99&user_id=u`),
    await get(`t=${good.replace(ours, foreign)}&id=order-3`),
    await get(`t=${pixelToken(testId(), pepper ?? '')}&id=order-4`),
    await get('t=nonsense&id=order-5'),
    await get(`t=${good}`),
  ];
  for (const { statusCode, rawPayload } of answers) expect([statusCode, rawPayload.length]).toEqual([200, 43]);
  const conversions = await house.records('conversion');
  expect(conversions.map(({ event }) => [event.conversion_id, event.type, event.value_micros, event.source])).toEqual([
    ['order-2', 'signup', 12_990_000, 'pixel'],
  ]);
  expect(await house.metric('conversions_total', 'refused')).toBe(4);
});

test.each([
  ['gdpr=1', false],
  ['gdpr=true&gdpr_consent=nonsense', false],
  ['gpp_sid=2', false],
  ['gpp_sid=x', false],
  ['tfcd=1', false],
  ['coppa=perhaps', false],
  ['us_privacy=2NYN', false],
  ['consent=0', false],
  ['gdpr=0&gdpr_consent=nonsense', true],
  ['us_privacy=[US_PRIVACY]', true],
  ['age=unknown&duration=x', true],
])('of a pixel that says %s it is kept who converted: %s', async (consent, kept) => {
  const { pepper } = withSecrets(house.config);
  const query = `t=${pixelToken(ours, pepper ?? '')}&id=order-6&user_id=u&${consent}`;
  const { rawPayload } = await house.api.app.inject({ method: 'GET', url: `/api/v2/conversions/pixel?${query}` });
  expect(rawPayload.length).toBe(43);
  expect((await house.records('conversion'))[0]?.event.identities.length).toBe(kept ? 1 : 0);
});

test('without consent a server’s conversion is of nobody', async () => {
  const said = [
    { given: true },
    { given: false },
    { gdpr: 1 },
    { coppa: true },
    { us_privacy: '1YYN' },
    { gpp_sid: [2] },
  ];
  const response = await send(said.map((consent, at) => ({ ...sale, conversion_id: `order-${at}`, consent })));
  expect([response.statusCode, response.json().received]).toEqual([202, said.length]);
  const kept = (await house.records('conversion')).filter(({ event }) => event.identities.length > 0);
  expect(kept.map(({ event }) => event.conversion_id)).toEqual(['order-0']);
});
