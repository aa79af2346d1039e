import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnHouse, startOwnHouse } from '../evidence/plan/house.ts';
import { until } from './operations-house.ts';

/** A third party's tag in a whole house: management follows it, deciders serve what it leads to. */

let house: OwnHouse;
let server: Server;
let tags: string;
/** What the third party answers now. */
let away = false;

const file =
  '<MediaFile type="video/mp4" delivery="progressive" width="1280" height="720">https://cdn.example/end.mp4</MediaFile>';
const pages: Readonly<Record<string, string>> = {
  '/outer': `<VAST version="4.2"><Ad><Wrapper><Impression>https://outer.example/i</Impression><Creatives/>
    <VASTAdTagURI>BASE/inner</VASTAdTagURI></Wrapper></Ad></VAST>`,
  '/inner': `<VAST version="4.2"><Ad><InLine><AdTitle>The end</AdTitle><Expires>120</Expires><Impression>https://inner.example/i</Impression>
    <Creatives><Creative><Linear><Duration>00:00:15</Duration><MediaFiles>${file}</MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>`,
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(away || page === undefined ? 500 : 200).end(page?.replaceAll('BASE', tags));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  tags = `http://${host}`;
  process.env.UNWRAP_HOSTS = host;
  house = await startOwnHouse();
}, 120_000);

afterAll(async () => {
  delete process.env.UNWRAP_HOSTS;
  server?.close();
  await house?.stop();
});

async function management(method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${house.key}`, 'content-type': 'application/json', 'if-match': '*' };
  const answer = await fetch(`${house.management}/api/v2${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const read = (await answer.json()) as { readonly id: string; readonly state: string; readonly trackers: object[] };
  expect(answer.ok, JSON.stringify(read)).toBe(true);
  return read;
}

const vast = async () => (await fetch(`${house.decision}/api/v2/vast?pod_duration=15&max_ads=1&version=3.0`)).text();

test('a player without wrappers gets the ad at the end of the chain, and all are told', async () => {
  const advertiser = await management('POST', '/advertisers', { name: 'Third' });
  const campaign = await management('POST', '/campaigns', {
    name: 'Tagged',
    advertiser_id: advertiser.id,
    status: 'active',
    starts_at: '2020-01-01T00:00:00Z',
    ends_at: '2090-01-01T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
  });
  const body = { name: 'Tag', duration_seconds: 15, vast_tag_url: `${tags}/outer` };
  const creative = await management('POST', `/campaigns/${campaign.id}/creatives`, body);
  await until(20, 'the tag is served as a wrapper', async () => (await vast()).includes('<Wrapper>'));
  await management('PATCH', `/creatives/${creative.id}`, { unwrap: true });
  await until(30, 'the tag is unwrapped', async () => (await vast()).includes('https://cdn.example/end.mp4'));
  const text = await vast();
  expect(text).not.toContain('<Wrapper>');
  const impressions = [...text.matchAll(/<Impression[^>]*><!\[CDATA\[(.*?)\]\]>/g)].map(([, url]) => url);
  expect(impressions[0]).toContain('/api/v2/beacons/impression?t=');
  expect(impressions.slice(1)).toEqual(['https://outer.example/i', 'https://inner.example/i']);
  // A fault leaves what is known; asked for another tag there is nothing to leave.
  away = true;
  await management('POST', `/creatives/${creative.id}/unwrap`);
  await until(30, 'the fault is told', async () => {
    const { fault } = (await management('GET', `/creatives/${creative.id}/unwrap`)) as unknown as {
      fault: string | null;
    };
    return fault !== null;
  });
  expect(await vast()).toContain('https://cdn.example/end.mp4');
  await management('PATCH', `/creatives/${creative.id}`, { vast_tag_url: `${tags}/other` });
  await until(20, 'the tag is a wrapper again', async () => (await vast()).includes(`${tags}/other`));
}, 180_000);
