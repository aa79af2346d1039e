import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { decode, encodeBare } from '../schemas/codec.ts';
import { evaluateRules } from './alerts/evaluate.ts';
import { publishEvents, sendEvents } from './alerts/send.ts';
import type { AnalyticsParts } from './analytics/parts.ts';
import { openTestNumbers, type TestNumbers } from './optimisation/test-numbers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let numbers: TestNumbers;
let desk: TestDesk;
let manager: string;
let foreign: string;
let ends: number[] = [0];
/** How far the warehouse worker is. */
let applied = 0;
/** Its watermark, epoch ms; far ahead: what it lacks has just come. */
let appliedAt = 4e12;
const appended: { alert_id: string; state: string; rule: string }[] = [];

const log = {
  ends: async () => ends,
  partitions: async () => 1,
  append: async (_topic: string, records: readonly { readonly value: Buffer }[]) => {
    for (const { value } of records) appended.push(decode(value).value as never);
    return [];
  },
} as unknown as EventLog;

const store = {
  read: async (names: readonly string[]) =>
    names.map((name) => {
      const head = { position: name.includes('warehouse') ? applied : 0, watermark: appliedAt, caught_up: [] };
      return { version: 1, bytes: encodeBare('head-record', head), store: 'one' };
    }),
};
const analytics = { log, store, logClockMarginMs: 1_000 } as unknown as AnalyticsParts;

beforeAll(async () => {
  numbers = await openTestNumbers();
  desk = await openTestDesk(numbers.warehouse);
  manager = await desk.key(HOUSE_ORGANISATION, 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
});

afterAll(async () => {
  await desk?.close();
  await numbers?.close();
});

const evaluate = (now = desk.parts.clock.now()) => evaluateRules({ ...desk.parts, analytics }, now);
const lagRule = { name: 'Lag', measure: 'lag', comparison: 'above', threshold: 10, clear_threshold: 2 };

test('an alert is raised once and cleared once, however often and by however many it is looked at', async () => {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', lagRule);
  expect(body).toMatchObject({ state: 'clear', window_seconds: 300, enabled: true });
  ends = [5];
  expect(await evaluate()).toBe(0);
  ends = [50];
  const changes = await Promise.all([evaluate(), evaluate(), evaluate()]);
  expect(changes.reduce((sum, one) => sum + one, 0)).toBe(1);
  ends = [5];
  expect(await evaluate()).toBe(0);
  ends = [1];
  expect(await evaluate()).toBe(1);
  expect(await evaluate()).toBe(0);
  const events = await desk.ask(manager, 'GET', `/api/v2/alerts/events?rule_id=${body.id}`);
  expect(events.body.items).toMatchObject([
    { state: 'cleared', value: 1 },
    { state: 'raised', value: 50, detail: 'lag is 50, above 10' },
  ]);
  expect((await desk.ask(foreign, 'GET', '/api/v2/alerts/events')).body.items).toEqual([]);
  expect((await desk.ask(foreign, 'GET', `/api/v2/alerts/rules/${body.id}`)).status).toBe(404);
  const { desk: catalog } = desk.parts;
  expect(await publishEvents(catalog, log, desk.parts.clock.now())).toBe(2);
  expect(await publishEvents(catalog, log, desk.parts.clock.now())).toBe(0);
  expect(appended.map(({ state, rule }) => `${rule} ${state}`)).toEqual(['Lag RAISED', 'Lag CLEARED']);
});

test('lag is what the warehouse worker has not applied, whatever kind of record that was', async () => {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', { ...lagRule, name: 'Applied' });
  // Marks and ticks make no row in the warehouse: its rows say nothing of how far it is.
  [ends, applied] = [[1_000], 995];
  await evaluate();
  const read = async () => (await desk.ask(manager, 'GET', `/api/v2/alerts/rules/${body.id}`)).body;
  expect(await read()).toMatchObject({ state: 'clear', last_value: 5 });
  [ends, applied] = [[1], 0];
  await evaluate();
});

test('a campaign without a plan, or whose plan has hardly begun, is not behind it', async () => {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const { body: rule } = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', {
    name: 'Behind',
    measure: 'delivery',
    comparison: 'below',
    threshold: 0.5,
  });
  // At noon: what a day has planned by midnight is hardly anything.
  const now = Math.floor(desk.parts.clock.now() / 86_400_000) * 86_400_000 + 43_200_000;
  const made = async (pacing_mode: string, startsAt: number) => {
    const { status } = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
      name: 'Spring',
      advertiser_id: owner.id,
      status: 'active',
      starts_at: new Date(startsAt).toISOString(),
      ends_at: new Date(now + 10 * 86_400_000).toISOString(),
      pricing: { model: 'cpm', rate_micros: 10_000_000 },
      total_budget_micros: 100_000_000,
      pacing_mode,
    });
    expect(status).toBe(201);
  };
  const state = async () => {
    await evaluate(now);
    const { body } = await desk.ask(manager, 'GET', `/api/v2/alerts/rules/${rule.id}`);
    return [body.state, body.last_value];
  };
  await made('asap', now - 5 * 86_400_000);
  await made('even', now - 60_000);
  expect(await state()).toEqual(['clear', null]);
  await made('even', now - 5 * 86_400_000);
  expect(await state()).toEqual(['raised', 0]);
});

test('a campaign that is behind its plan is so no longer when nothing of it is to be delivered', async () => {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Brisk' });
  const now = Math.floor(desk.parts.clock.now() / 86_400_000) * 86_400_000 + 43_200_000;
  const endsAt = now + 10 * 86_400_000;
  const { body: campaign } = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Autumn',
    advertiser_id: owner.id,
    status: 'active',
    starts_at: new Date(now - 5 * 86_400_000).toISOString(),
    ends_at: new Date(endsAt).toISOString(),
    pricing: { model: 'cpm', rate_micros: 10_000_000 },
    total_budget_micros: 100_000_000,
  });
  const { body: rule } = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', {
    name: 'Autumn is behind',
    measure: 'delivery',
    comparison: 'below',
    threshold: 0.5,
    campaign_id: campaign.id,
  });
  const states = async (at: number) => {
    await evaluate(at);
    await evaluate(at);
    const { body } = await desk.ask(manager, 'GET', `/api/v2/alerts/events?rule_id=${rule.id}`);
    return (body.items as { state: string }[]).map(({ state }) => state).reverse();
  };
  const become = (status: string) =>
    desk.ask(manager, 'PATCH', `/api/v2/campaigns/${campaign.id}`, { status }, { 'if-match': '*' });
  expect(await states(now)).toEqual(['raised']);
  expect((await become('paused')).status).toBe(200);
  expect(await states(now + 1)).toEqual(['raised', 'cleared']);
  expect((await become('active')).status).toBe(200);
  expect(await states(now + 2)).toEqual(['raised', 'cleared', 'raised']);
  expect(await states(endsAt)).toEqual(['raised', 'cleared', 'raised', 'cleared']);
  const { body } = await desk.ask(manager, 'GET', `/api/v2/alerts/events?rule_id=${rule.id}`);
  expect((body.items as unknown[])[0]).toMatchObject({
    value: null,
    detail: expect.stringMatching(/^delivery no longer applies/),
  });
  expect((await desk.ask(manager, 'GET', `/api/v2/alerts/rules/${rule.id}`)).body).toMatchObject({
    state: 'clear',
    last_value: null,
  });
});

test('a webhook that fails is tried again until it arrives, with the same id', async () => {
  const ids: string[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    ids.push(String(request.headers['breakwater-alert-id']));
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const refused = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', {
    ...lagRule,
    name: 'Hook',
    webhook_url: `http://${host}/`,
  });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/webhook_url' }] } });
  (desk.parts.webhookHosts as string[]).push(host);
  const made = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', {
    ...lagRule,
    name: 'Hook',
    webhook_url: `http://${host}/`,
  });
  expect(made.body.webhook_secret).toMatch(/^whs_/);
  expect((await desk.ask(manager, 'GET', `/api/v2/alerts/rules/${made.body.id}`)).body.webhook_secret).toBeUndefined();
  ends = [99];
  await evaluate();
  const { desk: catalog } = desk.parts;
  const later = (ms: number) => desk.parts.clock.now() + ms;
  expect(await sendEvents(catalog, [host], later(0))).toBe(0);
  expect(await sendEvents(catalog, [host], later(1_000))).toBe(0);
  status = 200;
  expect(await sendEvents(catalog, [host], later(60_000))).toBe(1);
  expect(await sendEvents(catalog, [host], later(600_000))).toBe(0);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  const events = await desk.ask(manager, 'GET', `/api/v2/alerts/events?rule_id=${made.body.id}`);
  expect(events.body.items).toMatchObject([
    { webhook: { attempts: 2, last_error: null, delivered_at: expect.any(String) } },
  ]);
  await new Promise((resolve) => server.close(resolve));
});

test('a warehouse that is behind changes nothing: that it knows of no spend is no proof that there was none', async () => {
  const { body: owner } = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Steady' });
  const now = Math.floor(desk.parts.clock.now() / 86_400_000) * 86_400_000 + 43_200_000;
  const { body: campaign } = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Steady',
    advertiser_id: owner.id,
    status: 'active',
    starts_at: new Date(now - 5 * 86_400_000).toISOString(),
    ends_at: new Date(now + 5 * 86_400_000).toISOString(),
    pricing: { model: 'cpm', rate_micros: 10_000_000 },
    total_budget_micros: 1_000_000_000,
  });
  await numbers.deliver([
    { hour: now - 60_000, campaign: campaign.id, creative: campaign.id, impressions: 60_000, micros: 600_000_000 },
  ]);
  const rule = { threshold: 1_000_000, campaign_id: campaign.id };
  const ids: string[] = [];
  for (const one of [
    { name: 'Dear', measure: 'spend', comparison: 'above' },
    { name: 'Cheap', measure: 'spend', comparison: 'below' },
    { name: 'Slow', measure: 'delivery', comparison: 'below', threshold: 0.95 },
  ]) {
    const { status, body } = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', { ...rule, ...one });
    expect(status).toBe(201);
    ids.push(body.id);
  }
  const read = async (at: number) => {
    await evaluate(at);
    const each = await Promise.all(ids.map((id) => desk.ask(manager, 'GET', `/api/v2/alerts/rules/${id}`)));
    return each.map(({ body }) => body.state);
  };
  expect(await read(now)).toEqual(['raised', 'clear', 'clear']);
  // Records wait, and for four days nothing was applied: all of the window is behind.
  const later = now + 4 * 86_400_000;
  [ends, applied, appliedAt] = [[50], 10, now];
  expect(await read(later)).toEqual(['raised', 'clear', 'clear']);
  appliedAt = 0;
  expect(await read(later)).toEqual(['raised', 'clear', 'clear']);
  // A minute behind, and the margin of the log's clocks, is as fresh as it gets where much is going on.
  appliedAt = later - 61_000;
  expect(await read(later)).toEqual(['clear', 'raised', 'raised']);
  appliedAt = 4e12;
  for (const id of ids) await desk.ask(manager, 'DELETE', `/api/v2/alerts/rules/${id}`, undefined, { 'if-match': '*' });
});

test('every measure can be read where nothing happened, and says nothing then', async () => {
  for (const measure of ['delivery', 'spend', 'error_rate', 'fill', 'invalid_traffic']) {
    const rule = { name: `Quiet ${measure}`, measure, comparison: 'below', threshold: -1 };
    expect((await desk.ask(manager, 'POST', '/api/v2/alerts/rules', rule)).status).toBe(201);
  }
  expect(await evaluate()).toBe(0);
});

test('rules that contradict themselves, and fields that nobody knows, are refused by their place', async () => {
  const ask = (body: object) => desk.ask(manager, 'POST', '/api/v2/alerts/rules', body);
  expect(await ask({ ...lagRule, clear_threshold: 11 })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/clear_threshold' }] },
  });
  expect(await ask({ ...lagRule, name: 'Lag' })).toMatchObject({ status: 409 });
  expect(await ask({ ...lagRule, name: 'X', what: 1 })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/what' }] },
  });
  expect(
    await ask({ ...lagRule, name: 'X', measure: 'spend', campaign_id: '00000000-0000-7000-8000-000000000000' }),
  ).toMatchObject({
    status: 404,
  });
});
