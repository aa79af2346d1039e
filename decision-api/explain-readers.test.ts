import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AnswerJson, openHouse, type TestHouse, testCampaign, testId } from './test-house.ts';

const [ours, theirs] = [testId(), testId()];
const keyOf = (letter: string) => `bw_${letter.repeat(12)}_${letter.repeat(43)}`;
const keyed = (letter: string) => ({ authorization: `Bearer ${keyOf(letter)}` });
const [ourKey, theirKey] = [keyed('o'), keyed('t')];

function known(letter: string, organisation: string) {
  const hash = createHash('sha256').update(keyOf(letter)).digest('hex');
  return { prefix: letter.repeat(12), hash, organisation, scopes: ['ads:request'], expiresAt: null };
}

const ourCampaign = testCampaign({ name: 'ours' });
const theirCampaign = testCampaign({ name: 'a secret launch' });
const advertisers = [
  { id: ourCampaign.advertiserId, organisation: ours },
  { id: theirCampaign.advertiserId, organisation: theirs },
];
const stranger = '192.0.2.1';
let house: TestHouse;

beforeEach(async () => {
  house = await openHouse([ourCampaign, theirCampaign], {
    environment: { TRUSTED_NETWORKS: '198.51.100.0/24' },
    callers: { playerKeys: [known('o', ours), known('t', theirs)], advertisers },
  });
});

afterEach(() => house.close());

type Headers = Readonly<Record<string, string>>;

async function ask(requestId: string, remoteAddress: string, headers: Headers = {}) {
  const payload = { request_id: requestId, pod_duration: 60 };
  const url = '/api/v2/ad-request?explain=1';
  const response = await house.api.app.inject({ method: 'POST', url, payload, remoteAddress, headers });
  return response.json() as AnswerJson;
}

function read(requestId: string, remoteAddress: string, headers: Headers = {}) {
  return house.api.app.inject({ url: `/api/v2/requests/${requestId}/explain`, remoteAddress, headers });
}

test.each([
  ['anybody', stranger, {}],
  ['whom a proxy on this machine hands on', '127.0.0.1', { 'x-forwarded-for': stranger }],
  ['whom a proxy of a trusted network hands on', '198.51.100.7', { 'x-forwarded-for': stranger }],
  ['a page in a browser of this machine', '127.0.0.1', { origin: 'https://page.example' }],
])('%s gets ads and no explanation', async (_, address, headers) => {
  const answer = await ask('r', address, headers);
  expect(answer.pod.ads).toHaveLength(2);
  expect(answer.explain).toBeUndefined();
  expect(answer.warnings.map(({ pointer }) => pointer)).toEqual(['/explain']);
  expect((await read('r', address, headers)).statusCode).toBe(401);
});

test.each([
  ['this machine', '127.0.0.1'],
  ['this machine by IPv6', '::1'],
  ['a trusted network', '198.51.100.7'],
])('%s reads all of the house', async (_, address) => {
  const { explain } = await ask('r', address);
  expect(explain.campaigns.map((each) => 'pricing' in each)).toEqual([true, true]);
  expect((await read('r', address)).json().campaigns).toMatchObject([{ name: 'ours' }, { name: 'a secret launch' }]);
});

test('a key reads of other organisations’ campaigns only what became of them', async () => {
  const { explain } = await ask('r', stranger, ourKey);
  const foreign = { campaign_id: theirCampaign.id, outcome: 'won' };
  expect(explain.campaigns).toEqual([expect.objectContaining({ name: 'ours' }), foreign]);
  const told = (await read('r', stranger, ourKey)).json();
  expect(told.campaigns).toEqual([expect.objectContaining({ name: 'ours' }), foreign]);
  expect(told.slots.map((slot: object) => 'pricing' in slot).toSorted()).toEqual([false, true]);
  expect(told.proof).toBeNull();
});

test('of one id each organisation reads its own request, and the house the newest', async () => {
  await ask('r', stranger, ourKey);
  await ask('r', stranger, theirKey);
  const viewers: string[] = [];
  for (const [address, key] of [
    [stranger, ourKey],
    [stranger, theirKey],
    ['127.0.0.1', {}],
  ] as const) {
    viewers.push((await read('r', address, key)).json().viewer);
  }
  expect(viewers[0]).not.toBe(viewers[1]);
  expect(viewers[2]).toBe(viewers[1]);
});

test('another organisation’s request is one that there is not', async () => {
  await ask('r', stranger, ourKey);
  const foreign = await read('r', stranger, theirKey);
  expect([foreign.statusCode, foreign.body]).toEqual([404, (await read('never', stranger, theirKey)).body]);
  expect((await read('r', stranger, keyed('x'))).statusCode).toBe(401);
});
