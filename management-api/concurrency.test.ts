import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type Said, type TestDesk } from './test-desk.ts';

const AT_ONCE = 12;

let desk: TestDesk;
let manager: string;
let advertiser: string;

beforeAll(async () => {
  desk = await openTestDesk();
  manager = await desk.key(await desk.organisation('Ours'), 'admin');
  advertiser = (await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' })).body.id;
});

afterAll(() => desk?.close());

const flight = (name: string) => ({
  name,
  advertiser_id: advertiser,
  starts_at: '2026-12-01T00:00:00Z',
  ends_at: '2027-12-31T00:00:00Z',
  pricing: { model: 'cpm', rate_micros: 12_000_000 },
});

const make = async (fields: object = {}) =>
  (await desk.ask(manager, 'POST', '/api/v2/campaigns', { ...flight('Spring'), ...fields })).body;

const together = (one: (n: number) => Promise<Said>) => Promise.all(Array.from({ length: AT_ONCE }, (_, n) => one(n)));
const counted = (answers: readonly Said[]) =>
  Object.fromEntries([...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]));

test('of many who change the same version at once, one does, and the others learn that they were late', async () => {
  const { id, version } = await make();
  const answers = await together((n) =>
    desk.ask(manager, 'PATCH', `/api/v2/campaigns/${id}`, { name: `Winner ${n}` }, { 'if-match': `"${version}"` }),
  );
  expect(counted(answers)).toEqual({ 200: 1, 412: AT_ONCE - 1 });
  const won = answers.find(({ status }) => status === 200)?.body;
  expect((await desk.ask(manager, 'GET', `/api/v2/campaigns/${id}`)).body).toEqual(won);
});

test('a POST that is sent many times at once with one Idempotency-Key makes one thing and is answered alike', async () => {
  const answers = await together(() =>
    desk.ask(manager, 'POST', '/api/v2/campaigns', flight('Once'), { 'idempotency-key': 'all-at-once' }),
  );
  expect(counted(answers)).toEqual({ 201: AT_ONCE });
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  const { body } = await desk.ask(manager, 'GET', '/api/v2/campaigns?name=Once');
  expect(body.items).toHaveLength(1);
});

test('a key that was made for a refused request is free for the next one', async () => {
  const headers = { 'idempotency-key': 'refused-before' };
  const wrong = { ...flight('Never'), ends_at: '2020-01-01T00:00:00Z' };
  expect((await desk.ask(manager, 'POST', '/api/v2/campaigns', wrong, headers)).status).toBe(422);
  expect((await desk.ask(manager, 'POST', '/api/v2/campaigns', flight('Then'), headers)).status).toBe(201);
});

test('a refresh token that is used many times at once is good once at most, and ends the login', async () => {
  const user = { email: 'ann@acme.example', name: 'Ann', password: 'correct horse battery', role: 'manager' };
  expect((await desk.ask(manager, 'POST', '/api/v2/users', user)).status).toBe(201);
  const { email, password } = user;
  const login = await desk.ask(null, 'POST', '/api/v2/auth/login', { email, password });
  const { refresh_token } = login.body;
  const answers = await together(() => desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token }));
  expect(counted(answers)).toEqual({ 200: 1, 401: AT_ONCE - 1 });
  const next = answers.find(({ status }) => status === 200)?.body as unknown as Record<string, string>;
  expect((await desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token: next.refresh_token })).status).toBe(
    401,
  );
  expect((await desk.ask(next.access_token ?? '', 'GET', '/api/v2/me')).status).toBe(401);
});

test('names that are taken once stay once, whoever comes at the same moment', async () => {
  const pods = await together(() => desk.ask(manager, 'POST', '/api/v2/pods', { name: 'Break', duration_seconds: 60 }));
  expect(counted(pods)).toEqual({ 201: 1, 409: AT_ONCE - 1 });
  const categories = await together(() => desk.ask(manager, 'POST', '/api/v2/categories', { name: 'Cars' }));
  expect(counted(categories)).toEqual({ 201: 1, 409: AT_ONCE - 1 });
});

test('two categories that are put below each other at once do not form a circle', async () => {
  const category = async (name: string) => (await desk.ask(manager, 'POST', '/api/v2/categories', { name })).body.id;
  const [one, other] = [await category('One'), await category('Other')];
  const put = (id: string, parent: string) =>
    desk.ask(manager, 'PATCH', `/api/v2/categories/${id}`, { parent_category_id: parent }, { 'if-match': '*' });
  const answers = await Promise.all([put(one, other), put(other, one)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
});

const statuses = ['draft', 'active', 'paused', 'completed'] as const;
const lawful: Readonly<Record<string, readonly string[]>> = {
  draft: ['draft', 'active', 'completed'],
  active: ['active', 'paused', 'completed'],
  paused: ['active', 'paused', 'completed'],
  completed: ['completed'],
};
const way: Readonly<Record<string, readonly string[]>> = {
  draft: [],
  active: ['active'],
  paused: ['active', 'paused'],
  completed: ['completed'],
};

test.each(statuses.flatMap((from) => statuses.map((to) => [from, to] as const)))(
  'from %s to %s: as the order of statuses has it, in v1 and v2',
  async (from, to) => {
    for (const path of ['/api/v2/campaigns', '/api/v1/campaigns'] as const) {
      const { id } = await make();
      const patch = (status: string) => desk.ask(manager, 'PATCH', `${path}/${id}`, { status }, { 'if-match': '*' });
      for (const status of way[from] ?? []) expect((await patch(status)).status).toBe(200);
      const answer = await patch(to);
      const isLawful = lawful[from]?.includes(to) === true;
      expect([path, answer.status]).toEqual([path, isLawful ? 200 : 422]);
      if (!isLawful) expect(answer.body.errors.map(({ pointer }) => pointer)).toContain('/status');
      expect((await desk.ask(manager, 'GET', `/api/v2/campaigns/${id}`)).body.status).toBe(isLawful ? to : from);
    }
  },
);

test('audit and versions grow without a gap when everybody writes at once', async () => {
  const { id } = await make();
  const answers = await together((n) =>
    desk.ask(manager, 'PATCH', `/api/v2/campaigns/${id}`, { name: `Turn ${n}` }, { 'if-match': '*' }),
  );
  expect(counted(answers)).toEqual({ 200: AT_ONCE });
  const versions = answers.map(({ body }) => body.version).sort((a, b) => a - b);
  expect(versions).toEqual(Array.from({ length: AT_ONCE }, (_, n) => n + 2));
  expect((await desk.ask(manager, 'GET', '/api/v2/audit/verify')).body).toMatchObject({ intact: true });
});
