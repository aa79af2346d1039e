import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let admin: string;
let campaign: string;

beforeAll(async () => {
  desk = await openTestDesk();
  admin = await desk.key(await desk.organisation('Ours'), 'admin');
  const advertiser = await desk.ask(admin, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const made = await desk.ask(admin, 'POST', '/api/v2/campaigns', {
    name: 'Spring',
    description: 'first',
    advertiser_id: advertiser.body.id,
    starts_at: '2026-12-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
  });
  campaign = made.body.id;
});

afterAll(() => desk?.close());

const any = { 'if-match': '*' };

interface Entry {
  readonly action: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** The oldest first. */
async function entriesOf(resource: string, id: string): Promise<readonly Entry[]> {
  const { body } = await desk.ask(admin, 'GET', `/api/v2/audit?resource=${resource}&resource_id=${id}`);
  return [...(body.items as Entry[])].reverse();
}

test('a description that changed is told as it was and as it is', async () => {
  await desk.ask(admin, 'PATCH', `/api/v2/campaigns/${campaign}`, { description: 'second' }, any);
  const v1 = { description: 'third', cpc_rate: '0.5' };
  expect((await desk.ask(admin, 'PATCH', `/api/v1/campaigns/${campaign}`, v1)).status).toBe(200);
  const [, second, third] = await entriesOf('campaign', campaign);
  expect([second?.before?.description, second?.after?.description]).toEqual(['first', 'second']);
  expect([third?.before?.description, third?.after?.description]).toEqual(['second', 'third']);
  expect([third?.before?.rates, third?.after?.rates]).toMatchObject([{ cpc: null }, { cpc: '0.500000' }]);
});

test('a creative is found under its own id, from its making to its end', async () => {
  const spot = {
    name: 'Spot',
    duration_seconds: 30,
    media: [{ url: 'https://cdn.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 2, height: 2 }],
  };
  const { body } = await desk.ask(admin, 'POST', `/api/v2/campaigns/${campaign}/creatives`, spot);
  await desk.ask(admin, 'PATCH', `/api/v1/creatives/${body.id}`, { name: 'Spot 2' });
  await desk.ask(admin, 'DELETE', `/api/v2/creatives/${body.id}`, undefined, any);
  const told = await entriesOf('creative', body.id);
  expect(told.map(({ action, before, after }) => [action, before?.name, after?.name])).toEqual([
    ['create', undefined, 'Spot'],
    ['update', 'Spot', 'Spot 2'],
    ['delete', 'Spot 2', undefined],
  ]);
});

test('another password is told of, without itself', async () => {
  const user = { email: 'ann@acme.example', password: 'correct horse battery', role: 'analyst' };
  const { body } = await desk.ask(admin, 'POST', '/api/v2/users', user);
  await desk.ask(admin, 'PATCH', `/api/v2/users/${body.id}`, { password: 'staple battery horse' }, any);
  await desk.ask(admin, 'PATCH', `/api/v2/users/${body.id}`, { name: 'Ann' }, any);
  const [, reset, renamed] = await entriesOf('user', body.id);
  expect([reset?.after?.password_changed, renamed?.after?.password_changed]).toEqual([true, undefined]);
  expect(JSON.stringify(reset)).not.toContain('staple');
});

test('an import is told with the targeting, the caps and the creatives that it brought', async () => {
  const lines = JSON.stringify({
    name: 'Imported',
    advertiser: { name: 'Acme' },
    starts_at: '2026-12-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
    targeting: [{ conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['NO'] }] }],
    frequency_caps: [{ scope: 'user', window: 'day', max_impressions: 1 }],
  });
  const sent = { method: 'POST', url: '/api/v2/campaigns/import', payload: lines } as const;
  const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/x-ndjson' };
  const answer = await desk.app.inject({ ...sent, headers });
  expect(answer.statusCode, answer.body).toBeLessThan(300);
  const { body } = await desk.ask(admin, 'GET', '/api/v2/campaigns?name=Imported');
  const [made] = await entriesOf('campaign', (body.items as { id: string }[])[0]?.id ?? '');
  expect(made?.after).toMatchObject({ targeting: [{ conditions: [{ values: ['NO'] }] }], creatives: [] });
  expect(made?.after?.frequency_caps).toHaveLength(1);
});
