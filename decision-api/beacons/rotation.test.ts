import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { rotatePepper, rotateTokenKeys } from '../../engines/secret-ring.ts';
import { readSecrets, writeSecrets } from '../../engines/secrets.ts';
import { openHouse, type TestHouse, testCampaign, testId } from '../test-house.ts';

let house: TestHouse;

afterEach(() => house.close());

const secretsFile = () => join(house.config.dataDir, 'secrets.json');

function get(url: string | undefined) {
  return house.api.app.inject({ method: 'GET', url: String(url).replace(house.api.url, '') });
}

test('a rotation of token keys loses no beacon: neither the old key’s nor, at a neighbour who has not looked, the new one’s', async () => {
  house = await openHouse([testCampaign()]);
  const ask = async () => (await house.post({ pod_duration: 30, user: { id: 'u' } })).json.pod.ads[0]?.tracking ?? {};
  const before = await ask();
  // Signs at once, and this instance is asked before it looks at the file again.
  const { secrets } = rotateTokenKeys(readSecrets(secretsFile()), house.clock.now() - 10_000, 0);
  writeSecrets(secretsFile(), secrets);
  const neighbour = await house.another();
  const asked = await neighbour.app.inject({
    method: 'POST',
    url: '/api/v2/ad-request',
    payload: { pod_duration: 30 },
  });
  const after = asked.json().pod.ads[0].tracking;
  expect([before.start, after.start].map((url) => /t=(\w+)\./.exec(url)?.[1])).toEqual(['k1', 'k2']);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await get(after.start.replace(neighbour.url, ''));
  await get(before.start);
  expect((await house.records('ad-beacon')).map(({ event }) => event.event)).toEqual(['start', 'start']);
});

test('no cap is passed across a rotation of the pepper, whichever of two instances has heard of it', async () => {
  const caps = [{ scope: 'user' as const, creativeId: null, windowSeconds: 3600, max: 3 }];
  house = await openHouse([testCampaign({ caps })]);
  const filled = async (api: TestHouse['api']) => {
    const payload = { pod_duration: 30, user: { id: 'u' } };
    const { pod } = (await api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload })).json();
    return pod.ads.length;
  };
  expect(await filled(house.api)).toBe(1);
  const { secrets } = rotatePepper(readSecrets(secretsFile()), house.clock.now());
  writeSecrets(secretsFile(), secrets);
  // The second instance knows both peppers from its start; the first may still know the old one alone.
  const neighbour = await house.another();
  expect([await filled(neighbour), await filled(house.api), await filled(neighbour), await filled(house.api)]).toEqual([
    1, 1, 0, 0,
  ]);
  const users = (await house.records('ad-request')).map(({ event }) => event.identities.length);
  // Both kinds of instance have taken part.
  expect(new Set(users)).toEqual(new Set([1, 2]));
});

test('viewers stand in the same arm before and after a rotation of the pepper, by whatever they are known', async () => {
  const arms = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 1 },
  ];
  house = await openHouse([testCampaign()], {
    experiments: [{ id: testId(), version: 1, name: 'halves', status: 'running', arms }],
  });
  const numbers = Array.from({ length: 8 }, (_, at) => `viewer-${at}`);
  const asks = numbers.flatMap((id) => [
    { user: { id } },
    { session: { id } },
    { device: { ua: id, ip: '192.0.2.7' } },
  ]);
  const askAll = async (api: TestHouse['api'], when: string) => {
    for (const [at, ask] of asks.entries()) {
      const payload = { request_id: `${when} ${at}`, pod_duration: 30, ...ask };
      await api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
    }
  };
  await askAll(house.api, 'before');
  const { secrets } = rotatePepper(readSecrets(secretsFile()), house.clock.now());
  writeSecrets(secretsFile(), secrets);
  await askAll(await house.another(), 'after');
  const asked = new Map((await house.records('ad-request')).map(({ event }) => [event.request_id, event]));
  const armsOf = (when: string) => asks.map((_, at) => asked.get(`${when} ${at}`)?.experiments[0]?.arm);
  const before = armsOf('before');
  expect(armsOf('after')).toEqual(before);
  expect(new Set(before)).toEqual(new Set(['a', 'b']));
  expect(new Set([...asked.values()].map(({ viewer }) => viewer)).size).toBe(2 * asks.length);
});
