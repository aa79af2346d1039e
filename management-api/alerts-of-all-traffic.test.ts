import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { encodeBare } from '../schemas/codec.ts';
import { evaluateRules } from './alerts/evaluate.ts';
import type { AnalyticsParts } from './analytics/parts.ts';
import { openTestNumbers, type TestNumbers } from './optimisation/test-numbers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let numbers: TestNumbers;
let desk: TestDesk;
let house: string;
let tenant: string;
let tenants: string;

beforeAll(async () => {
  numbers = await openTestNumbers();
  desk = await openTestDesk(numbers.warehouse);
  house = await desk.key(HOUSE_ORGANISATION, 'manager');
  tenants = await desk.organisation('Tenant');
  tenant = await desk.key(tenants, 'manager');
});

afterAll(async () => {
  await desk?.close();
  await numbers?.close();
});

const rule = (measure: string) => ({ name: `Of ${measure}`, measure, comparison: 'above', threshold: -1 });

test.each(['fill', 'lag'])('%s is the house’s to watch, as requests are its to count', async (measure) => {
  const path = '/api/v2/alerts/rules';
  expect(await desk.ask(tenant, 'POST', path, rule(measure))).toMatchObject({
    status: 403,
    body: { errors: [{ pointer: '/measure' }] },
  });
  const campaign_id = '00000000-0000-7000-8000-000000000000';
  expect(await desk.ask(house, 'POST', path, { ...rule(measure), campaign_id })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/campaign_id' }] },
  });
  expect((await desk.ask(house, 'POST', path, rule(measure))).status).toBe(201);
});

test('a rule of a tenant’s that is from before is looked at no more, and can only be removed', async () => {
  const id = '00000000-0000-7000-8000-0000000000aa';
  await desk.parts.desk.system((sql) =>
    sql.query(
      `INSERT INTO alert_rules (id, organisation_id, name, measure, comparison, threshold, clear_threshold, window_seconds)
       VALUES ($1, $2, 'Old', 'lag', 'above', -1, -1, 300)`,
      [id, tenants],
    ),
  );
  const head = {
    version: 1,
    bytes: encodeBare('head-record', { position: 0, watermark: 0, caught_up: [] }),
    store: 'one',
  };
  const log = { partitions: async () => 1, ends: async () => [5] };
  const analytics = { log, store: { read: async (names: readonly string[]) => names.map(() => head) } };
  await evaluateRules({ ...desk.parts, analytics: analytics as unknown as AnalyticsParts }, desk.parts.clock.now());
  const { items } = (await desk.ask(house, 'GET', '/api/v2/alerts/rules')).body as unknown as {
    items: readonly { readonly measure: string; readonly evaluated_at: string | null }[];
  };
  expect(items.find(({ measure }) => measure === 'lag')?.evaluated_at).not.toBeNull();
  const path = `/api/v2/alerts/rules/${id}`;
  expect((await desk.ask(tenant, 'GET', path)).body).toMatchObject({ last_value: null, evaluated_at: null });
  expect((await desk.ask(tenant, 'PATCH', path, { threshold: 5 }, { 'if-match': '*' })).status).toBe(403);
  expect((await desk.ask(tenant, 'DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
});
