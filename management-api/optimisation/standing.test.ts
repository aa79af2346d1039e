import { expect, test } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { micros } from '../../domain/money.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { readStandings } from './standing.ts';

const hourMs = 3_600_000;
const monday = Date.parse('2026-11-02T00:00:00Z');
const id = '00000000-0000-7000-8000-0000000000c1';
const evenings = [{ dimension: 'day_parts', mode: 'include', values: [{ start: '18:00', end: '22:00' }] }] as const;
const campaign = {
  id,
  status: 'active',
  startsAt: monday,
  endsAt: monday + 10 * 24 * hourMs,
  timeZone: 'UTC',
  pricing: { model: 'cpm', priceMicros: micros(1_000) },
  totalBudgetMicros: micros(1_000_000),
  dailyBudgetMicros: null,
  goalImpressions: null,
  pacingMode: 'even',
  targeting: [{ id: 'r', conditions: evenings }],
} as unknown as Campaign;

/** Answers each table with these rows. */
function warehouseOf(tables: Readonly<Record<string, readonly object[]>>): Warehouse {
  const named = (sql: string) => Object.keys(tables).find((table) => sql.includes(`breakwater.${table}`)) ?? '';
  return {
    query: async <Row>(sql: string) => (tables[named(sql)] ?? []) as Row[],
    run: async () => {},
    insertAvro: async () => {},
    close: async () => {},
  };
}

test('what its plan wants by now goes by the hours in which a campaign may serve', async () => {
  const targetAt = async (hour: number) => {
    const { standings } = await readStandings([campaign], { warehouse: warehouseOf({}) }, monday + hour * hourMs);
    return standings[0]?.target;
  };
  expect(await targetAt(12)).toBe(0);
  expect(await targetAt(20)).toBe(50_000);
  expect(await targetAt(23)).toBe(100_000);
});

test('what it will deliver goes by those hours too, also where pacing holds it back in them', async () => {
  const shown = [0, 1, 2, 3, 4].flatMap((day) => [18, 19, 20, 21].map((hour) => monday + (day * 24 + hour) * hourMs));
  const amounts = { campaign: id, impressions: '12', micros: '12500' };
  const warehouse = warehouseOf({
    delivery_days: [{ campaign: id, impressions: '240', micros: '250000' }],
    delivery_hours: shown.map((at) => ({ ...amounts, at: String(at / 1_000) })),
    signals: [{ campaign: id, mu: '300000', status: 'over', at: '0' }],
  });
  const { standings } = await readStandings([campaign], { warehouse }, monday + 5 * 24 * hourMs);
  // Fifty thousand an evening, and five evenings are left.
  expect(standings[0]).toMatchObject({ done: 250_000, projection: { expected: 500_000 } });
});
