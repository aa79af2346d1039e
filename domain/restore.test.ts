import { expect, it } from 'vitest';
import { confirm, emptyFrequency, restore } from './frequency/frequency.ts';
import { close, emptyMoney, takeAtLeast } from './ledger.ts';

const id = '00000000-0000-7000-8000-000000000001';
const place = { reservation: id, campaignId: id, creativeId: id, partition: 0, expiresAt: 5_000 };
const served = { minute: 7, day: '2026-01-05', micros: 24_000, impressions: 2 };

it('puts a forgotten place back once, and leaves one that is confirmed confirmed', () => {
  const restored = restore(emptyFrequency(), place);
  expect(restored.entries).toMatchObject([{ reservation: id, state: 'OUTSTANDING', expires_at: 5_000 }]);
  expect(restore(restored, place)).toBe(restored);
  const confirmed = confirm(emptyFrequency(), place, 10);
  expect(restore(confirmed, place)).toBe(confirmed);
});

it('takes what is missing of what was served, and nothing where as much or more is taken', () => {
  const once = takeAtLeast(emptyMoney(), served);
  expect(once.taken).toEqual([served]);
  expect(takeAtLeast(once, served)).toBe(once);
  expect(takeAtLeast(once, { ...served, micros: 12_000, impressions: 1 })).toBe(once);
  expect(takeAtLeast(once, { ...served, micros: 36_000, impressions: 3 }).taken).toMatchObject([{ micros: 36_000 }]);
});

it('takes nothing for a minute that is closed', () => {
  const closed = close(emptyMoney(), 7, []);
  expect(takeAtLeast(closed, served)).toBe(closed);
});
