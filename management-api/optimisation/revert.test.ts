import { expect, test } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { micros } from '../../domain/money.ts';
import type { DeskWrite } from '../../engines/catalog/desk.ts';
import { systemClock } from '../../engines/clock.ts';
import type { ManagementParts } from '../parts.ts';
import { type RunItem, type RunRow, revertRun } from './runs.ts';

const day = (n: number) => Date.UTC(2026, 10, n);
const id = '00000000-0000-7000-8000-0000000000c1';
const campaign = {
  id,
  version: 7,
  name: 'Spring',
  status: 'active',
  startsAt: day(1),
  endsAt: day(20),
  timeZone: 'UTC',
  pricing: { model: 'cpm', priceMicros: micros(1_000) },
  totalBudgetMicros: null,
  dailyBudgetMicros: null,
  goalImpressions: null,
  pacingMode: 'even',
  tier: 'standard',
  targeting: [],
  caps: [],
  categories: [],
  creatives: [],
} as unknown as Campaign;
const item = {
  campaign_id: id,
  outcome: 'applied',
  change: { field: 'ends_at', endsAt: day(20) },
  before: day(10),
  after: day(20),
  reverted: null,
} as unknown as RunItem;

test.each([
  ['still fits', day(1), 'reverted', [day(10)]],
  ['would end before it begins', day(15), 'changed_since', []],
])('a flight that %s is put back only then', async (_, startsAt, told, written) => {
  const put: number[] = [];
  const sql = {
    campaigns: async () => [{ ...campaign, startsAt }],
    putCampaign: async ({ endsAt }: Campaign) => put.push(endsAt),
    organisation: null,
    query: async () => ({ rows: [] }),
    noted: async () => {},
  } as unknown as DeskWrite;
  const run = { id: 'run', items: [item] } as unknown as RunRow;
  const items = await revertRun(run, sql, 'somebody', { clock: systemClock() } as ManagementParts);
  expect([items[0]?.reverted, put]).toEqual([told, written]);
});
