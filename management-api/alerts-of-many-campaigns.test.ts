import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { evaluateRules } from './alerts/evaluate.ts';
import { atItsEnd, openTestNumbers, type TestNumbers } from './optimisation/test-numbers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';
import { olderCampaigns } from './test-many.ts';

const dayMs = 86_400_000;

let numbers: TestNumbers;
let desk: TestDesk;
let manager: string;
let advertiser: string;
/** At noon: a day's plan has well begun. */
let now: number;

beforeAll(async () => {
  numbers = await openTestNumbers();
  desk = await openTestDesk(numbers.warehouse);
  manager = await desk.key(HOUSE_ORGANISATION, 'manager');
  now = Math.floor(desk.parts.clock.now() / dayMs) * dayMs + dayMs / 2;
  advertiser = (await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' })).body.id;
  // In flight, and without a plan: neither budget nor goal.
  await olderCampaigns(desk, { advertiser, count: 2_001, from: now - 5 * dayMs, to: now + 5 * dayMs });
});

afterAll(async () => {
  await desk?.close();
  await numbers?.close();
});

async function lastValueOf(rule: object): Promise<unknown> {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/alerts/rules', { comparison: 'above', ...rule });
  await evaluateRules({ ...desk.parts, analytics: atItsEnd }, now);
  return (await desk.ask(manager, 'GET', `/api/v2/alerts/rules/${body.id}`)).body.last_value;
}

test('an alert without a campaign watches the newest of many, and what was delivered of one that is gone', async () => {
  const { body: newest } = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Newest',
    advertiser_id: advertiser,
    status: 'active',
    starts_at: new Date(now - 5 * dayMs).toISOString(),
    ends_at: new Date(now + 5 * dayMs).toISOString(),
    pricing: { model: 'cpm', rate_micros: 10_000_000 },
    total_budget_micros: 100_000_000,
  });
  const gone = '00000000-0000-7000-8000-0000000000aa';
  const theirs = '00000000-0000-7000-8000-0000000000bb';
  const minute = Math.floor(now / 60_000) * 60;
  const rows = [
    [newest.id, advertiser],
    [gone, advertiser],
    [theirs, theirs],
  ];
  await numbers.warehouse.run(
    `INSERT INTO breakwater.delivery_minutes (minute, campaign, advertiser, impressions, errors, spend_micros)
     VALUES ${rows.map(([campaign, of]) => `(${minute}, '${campaign}', '${of}', 3, 1, 500)`).join(', ')}`,
  );
  await numbers.warehouse.run(
    `INSERT INTO breakwater.beacons (offset, minute, campaign, advertiser, traffic)
     VALUES ${rows.map(([campaign, of], index) => `(${index}, ${minute}, '${campaign}', '${of}', '${index === 0 ? 'bot' : ''}')`).join(', ')}`,
  );
  expect(await lastValueOf({ name: 'Behind', measure: 'delivery', comparison: 'below', threshold: 0.5 })).toBe(0);
  expect(await lastValueOf({ name: 'Spend', measure: 'spend', threshold: 0 })).toBe(1_000);
  expect(await lastValueOf({ name: 'Errors', measure: 'error_rate', threshold: 0 })).toBe(0.25);
  expect(await lastValueOf({ name: 'Invalid', measure: 'invalid_traffic', threshold: 0 })).toBe(0.5);
  expect(await lastValueOf({ name: 'Own', measure: 'spend', threshold: 0, campaign_id: newest.id })).toBe(500);
});
