import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PodConfig } from '../domain/campaign.ts';
import type { Experiment } from '../domain/experiment.ts';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import type { PlayerKey } from '../engines/catalog/catalog.ts';
import { type AnswerJson, openHouse, type TestHouse, testCampaign, testCreative, testId } from './test-house.ts';

const [ours, theirs] = [testId(), testId()];
const keyOf = (letter: string) => `bw_${letter.repeat(12)}_${letter.repeat(43)}`;
const [houseKey, ourKey, theirKey] = [keyOf('h'), keyOf('o'), keyOf('t')];

function known(key: string, organisation: string): PlayerKey {
  const hash = createHash('sha256').update(key).digest('hex');
  return { prefix: key.slice(3, 15), hash, organisation, scopes: ['ads:request'], expiresAt: null };
}

function pod(name: string, durationSeconds: number, organisation?: string): PodConfig {
  const rules = { minAds: 1, maxAds: 6, competitiveSeparation: true, minSeparationSeconds: null };
  return {
    id: testId(),
    version: 1,
    ...(organisation === undefined ? {} : { organisation }),
    name,
    durationSeconds,
    ...rules,
    allowDuplicateAdvertisers: false,
    objective: 'revenue',
  };
}

function oneAd(organisation: string): Experiment {
  const arms = [{ name: 'all', weight: 1, features: { pods: false } }];
  return { id: testId(), version: 1, organisation, name: 'one ad', status: 'running', arms };
}

let house: TestHouse;
const ourPod = pod('prime time', 60, ours);
const housePod = pod('prime time', 90);

beforeEach(async () => {
  const campaigns = [1, 2, 3].map(() => testCampaign({ creatives: [testCreative()] }));
  house = await openHouse(campaigns, {
    pods: [ourPod, housePod, pod('theirs alone', 30, theirs)],
    experiments: [oneAd(theirs)],
    callers: {
      playerKeys: [known(houseKey, HOUSE_ORGANISATION), known(ourKey, ours), known(theirKey, theirs)],
      advertisers: [],
    },
  });
});

afterEach(() => house.close());

async function ask(body: object, key: string | null) {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await house.api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload: body, headers });
  return { status: response.statusCode, json: response.json() as AnswerJson };
}

test.each([
  ['without a key', null, 90],
  ['with the house’s key', houseKey, 90],
  ['with the key of an organisation', ourKey, 60],
])('a name of a kept pod, %s, is the one of whose request it is', async (_, key, seconds) => {
  const { status, json } = await ask({ pod: { name: 'prime time' } }, key);
  expect([status, json.pod.duration_seconds]).toEqual([200, seconds]);
});

test.each([
  ['by name', { name: 'theirs alone' }, ourKey, '/pod/name'],
  ['by name, without a key', { name: 'theirs alone' }, null, '/pod/name'],
  ['by id', { id: ourPod.id }, theirKey, '/pod/id'],
  ['by id, without a key', { id: ourPod.id }, null, '/pod/id'],
  ['the house’s by id', { id: housePod.id }, ourKey, '/pod/id'],
])('somebody else’s kept pod, %s, is one that there is not', async (_, named, key, pointer) => {
  const foreign = await ask({ pod: named }, key);
  expect([foreign.status, foreign.json.errors[0]?.pointer]).toEqual([422, pointer]);
  const never = await ask({ pod: 'id' in named ? { id: testId() } : { name: 'nobody’s' } }, key);
  expect(foreign.json.errors).toEqual(never.json.errors);
});

test('an experiment acts on the requests of its organisation, and is recorded as theirs', async () => {
  const wanted = { pod_duration: 90, max_ads: 3 };
  const adsOf = async (key: string | null) => (await ask(wanted, key)).json.pod.ads.length;
  expect([await adsOf(null), await adsOf(houseKey), await adsOf(ourKey), await adsOf(theirKey)]).toEqual([3, 3, 3, 1]);
  const records = await house.records('ad-request');
  const recorded = records.flatMap(({ event }) => event.experiments);
  expect(recorded).toEqual([{ experiment: `${theirs}:one ad`, arm: 'all' }]);
});

test('a request_id is its organisation’s: another’s is another request, and no way to its answer', async () => {
  const wanted = { request_id: 'shared', pod_duration: 30 };
  const answers = [await ask(wanted, ourKey), await ask(wanted, theirKey), await ask(wanted, houseKey)];
  expect(answers.map(({ status, json }) => [status, json.pod.ads.length])).toEqual(
    [200, 200, 200].map((each) => [each, 1]),
  );
  expect(new Set(answers.map(({ json }) => json.pod.ads[0]?.ad_id)).size).toBe(3);
  expect((await ask(wanted, ourKey)).json).toEqual(answers[0]?.json);
  expect((await ask(wanted, theirKey)).json).toEqual(answers[1]?.json);
  // A caller without a key asks for the house.
  expect((await ask(wanted, null)).json).toEqual(answers[2]?.json);
  for (const key of [ourKey, theirKey, null])
    expect((await ask({ ...wanted, pod_duration: 45 }, key)).status).toBe(409);
  const records = await house.records('ad-request');
  expect(new Set(records.map(({ event }) => event.viewer)).size).toBe(3);
});

test('breaks that two organisations ask for under one id are two streams', async () => {
  const wanted = { request_id: 'shared', breaks: [{ pod_duration: 30 }, { pod_duration: 30 }] };
  for (const key of [ourKey, theirKey, houseKey]) expect((await ask(wanted, key)).status).toBe(200);
  const records = await house.records('ad-request');
  expect(records).toHaveLength(6);
  expect(new Set(records.map(({ event }) => event.session)).size).toBe(3);
});
