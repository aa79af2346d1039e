import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestHouse, partyOf, type TestHouse } from './analytics/test-house.ts';

let house: TestHouse;

beforeAll(async () => {
  house = await openTestHouse();
});

afterAll(() => house?.close());

test('a flat campaign owes its budget day by day, beside what others spend', async () => {
  const party = await partyOf(house.desk, 'Flat');
  const days = (count: number) => new Date(house.desk.parts.clock.now() + count * 86_400_000).toISOString();
  const made = async (name: string, status: string) => {
    const { body } = await house.desk.ask(party.key, 'POST', '/api/v2/campaigns', {
      name,
      status,
      advertiser_id: party.advertiser,
      starts_at: days(-20),
      ends_at: days(-10),
      pricing: { model: 'flat', rate_micros: 0 },
      total_budget_micros: 10_000_000_003,
    });
    return body.id;
  };
  const ended = await made('ended', 'active');
  const draft = await made('draft', 'draft');
  const said = await house.desk.ask(party.key, 'GET', '/api/v2/analytics/performance');
  const owed = (said.body.items as { campaign_id: string; flat_owed_micros: number | null }[]).map((one) => [
    one.campaign_id,
    one.flat_owed_micros,
  ]);
  expect(new Map(owed as [string, number | null][])).toEqual(
    new Map<string, number | null>([
      [ended, 10_000_000_003],
      [draft, null],
      [party.campaign, null],
    ]),
  );
  const { body } = await house.desk.ask(party.key, 'GET', `/api/v2/analytics/campaigns/${ended}`);
  expect(body).toMatchObject({ plan: { flat_owed_micros: 10_000_000_003, spent_micros: 0, budget_used: 1 } });
});
