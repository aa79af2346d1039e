import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { evaluateRules } from './alerts/evaluate.ts';
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
  const log = { ends: async () => [5] };
  await evaluateRules({ ...desk.parts, log } as never, desk.parts.clock.now()).catch(() => 0);
  const path = `/api/v2/alerts/rules/${id}`;
  expect((await desk.ask(tenant, 'GET', path)).body).toMatchObject({ last_value: null, evaluated_at: null });
  expect((await desk.ask(tenant, 'PATCH', path, { threshold: 5 }, { 'if-match': '*' })).status).toBe(403);
  expect((await desk.ask(tenant, 'DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
});
