import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../engines/clock.ts';
import { readAuctions } from './evidence.ts';
import { openTestNumbers, type RequestRow, type TestNumbers } from './test-numbers.ts';

const hourMs = 3_600_000;
/** Rows that are older than they are kept would be gone. */
const now = systemClock().now();

let numbers: TestNumbers;

beforeAll(async () => {
  numbers = await openTestNumbers();
});

afterAll(async () => {
  await numbers?.close();
});

test('a request_id that returns later is another request, to be won and lost by itself', async () => {
  const campaign = '00000000-0000-7000-8000-0000000000c1';
  const entered = (outcome: string, back: number): RequestRow => ({
    at: now - back * hourMs,
    id: 'break-1',
    candidates: [{ campaign, outcome, value: 12_000, score: 12_000 }],
  });
  await numbers.ask([entered('won', 3), entered('lost', 1)]);
  expect((await readAuctions(numbers, [campaign], now)).get(campaign)).toMatchObject({ entered: 2, won: 1, lost: 1 });
});

test('a price moves a score in proportion to it, also where a shadow price has taken half of its value', async () => {
  const [campaign, rival] = ['00000000-0000-7000-8000-0000000000c2', '00000000-0000-7000-8000-0000000000c3'];
  const own = { campaign, value: 10_000, score: 5_000 };
  await numbers.ask([
    {
      at: now - hourMs,
      candidates: [
        { ...own, outcome: 'lost' },
        { ...own, campaign: rival, outcome: 'won', score: 6_000 },
      ],
    },
    {
      at: now - hourMs,
      candidates: [
        { ...own, outcome: 'won' },
        { ...own, campaign: rival, outcome: 'lost', score: 4_000 },
      ],
    },
  ]);
  const found = (await readAuctions(numbers, [campaign], now)).get(campaign);
  const winsAt = Object.fromEntries((found?.wonAt ?? []).map(({ raise, wins }) => [raise, wins]));
  expect(winsAt).toEqual({ 0.05: 0, 0.1: 0, 0.15: 0, 0.2: 1, 0.3: 1 });
  expect(found?.margin).toBe(0.2);
});
