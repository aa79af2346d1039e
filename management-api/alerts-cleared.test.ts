import { afterAll, beforeAll, expect, test } from 'vitest';
import { evaluateRules } from './alerts/evaluate.ts';
import { atItsEnd, openTestNumbers, type TestNumbers } from './optimisation/test-numbers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let numbers: TestNumbers;
let desk: TestDesk;
let manager: string;

beforeAll(async () => {
  numbers = await openTestNumbers();
  desk = await openTestDesk(numbers.warehouse);
  manager = await desk.key(await desk.organisation('Ours'), 'manager');
  (desk.parts.webhookHosts as string[]).push('127.0.0.1:9');
});

afterAll(async () => {
  await desk?.close();
  await numbers?.close();
});

const path = '/api/v2/alerts/rules';
const any = { 'if-match': '*' };
const evaluate = () => evaluateRules({ ...desk.parts, analytics: atItsEnd }, desk.parts.clock.now());

/** Raised by the next evaluation, as nothing is spent; nobody hears its webhook. */
async function defined(name: string, more: object = {}): Promise<string> {
  const rule = {
    name,
    measure: 'spend',
    comparison: 'below',
    threshold: 1,
    webhook_url: 'http://127.0.0.1:9/',
    ...more,
  };
  const { status, body } = await desk.ask(manager, 'POST', path, rule);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

/** Of a rule, the newest first. */
async function eventsOf(rule: string) {
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query<{ state: string; detail: string; webhook_url: string | null; due: boolean }>(
      `SELECT state, detail, webhook_url, next_attempt_at IS NOT NULL AS due FROM alert_events
       WHERE rule_id = $1 ORDER BY at DESC, id DESC`,
      [rule],
    ),
  );
  return rows;
}

async function draft(): Promise<string> {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const { body } = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Draft',
    advertiser_id: owner.id,
    starts_at: '2026-12-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 1_000_000 },
  });
  return body.id;
}

test('what was told that an alert is raised is told of its end, whatever ends it', async () => {
  const [disabled, removed] = [await defined('Disabled'), await defined('Removed')];
  const campaigns = [await draft(), await draft()] as const;
  const rules = [];
  for (const campaign_id of campaigns) rules.push(await defined(`Of ${campaign_id}`, { campaign_id }));
  const quiet = await defined('Quiet', { threshold: 0 });
  await evaluate();
  const off = { enabled: false, webhook_url: null };
  expect(await desk.ask(manager, 'PATCH', `${path}/${disabled}`, off, any)).toMatchObject({
    status: 200,
    body: { state: 'clear', enabled: false },
  });
  const deleted = [`${path}/${removed}`, `${path}/${quiet}`];
  deleted.push(`/api/v2/campaigns/${campaigns[0]}`, `/api/v1/campaigns/${campaigns[1]}`);
  for (const one of deleted) expect((await desk.ask(manager, 'DELETE', one, undefined, any)).status).toBe(204);
  await evaluate();
  const told = { webhook_url: 'http://127.0.0.1:9/', due: true };
  for (const [rule, detail] of [
    [disabled, 'the alert was disabled'],
    [removed, 'the alert was removed'],
    ...rules.map((rule) => [rule, 'its campaign was removed'] as const),
  ] as const) {
    expect(await eventsOf(rule)).toMatchObject([
      { state: 'CLEARED', detail, ...told },
      { state: 'RAISED', ...told },
    ]);
  }
  expect(await eventsOf(quiet)).toEqual([]);
});

test('an alert that an evaluation raises while it is being disabled is cleared too', async () => {
  const id = await defined('Under way');
  const { off } = await desk.parts.desk.system(async (sql) => {
    await sql.query('SELECT FROM alert_rules WHERE id = $1 FOR UPDATE', [id]);
    const off = desk.ask(manager, 'PATCH', `${path}/${id}`, { enabled: false }, any);
    const waiting = () => sql.query(`SELECT FROM pg_locks WHERE NOT granted`);
    while ((await waiting()).count === 0) await desk.parts.clock.sleep(5);
    await sql.query('UPDATE alert_rules SET raised = true, evaluated_at = $2 WHERE id = $1', [
      id,
      new Date('2100-01-01'),
    ]);
    return { off };
  });
  expect((await off).body).toMatchObject({ state: 'clear', enabled: false });
  expect(await eventsOf(id)).toMatchObject([{ state: 'CLEARED' }]);
  const { body } = await desk.ask(manager, 'GET', `/api/v2/alerts/events?rule_id=${id}`);
  expect(body.items).toMatchObject([{ at: '2100-01-01T00:00:00.001Z', value: null }]);
});

test('a clear threshold of its own stays when the threshold moves, and one that was the threshold moves along', async () => {
  const own = await defined('Own', { comparison: 'above', threshold: 10, clear_threshold: 2 });
  const move = async (id: string, threshold: number) =>
    await desk.ask(manager, 'PATCH', `${path}/${id}`, { threshold }, any);
  expect(await move(own, 20)).toMatchObject({ status: 200, body: { threshold: 20, clear_threshold: 2 } });
  expect(await move(own, 1)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/clear_threshold' }] } });
  const same = await defined('Same', { comparison: 'above', threshold: 10 });
  expect(await move(same, 1)).toMatchObject({ status: 200, body: { threshold: 1, clear_threshold: 1 } });
});
