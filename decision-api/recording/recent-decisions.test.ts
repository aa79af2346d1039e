import { expect, test } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { limits } from '../limits.ts';
import { RecentDecisions } from './recent-decisions.ts';

const record = Buffer.from('record');
const many = (length: number): readonly Campaign[] => Array.from({ length });

function keeper() {
  const recent = new RecentDecisions();
  const keep = (id: number, catalog: readonly Campaign[], organisation = 'ours') =>
    recent.keep({ requestId: `${id}`, organisation, record, catalog });
  const held = (ids: readonly number[]) => ids.filter((id) => recent.of(`${id}`, 'ours') !== null);
  return { recent, keep, held };
}

test('the newest thousand are remembered, each organisation’s ids apart', () => {
  const { recent, keep, held } = keeper();
  const catalog = many(10);
  for (let id = 0; id <= limits.decisionsRemembered; id++) keep(id, catalog);
  expect(held([0, 1, limits.decisionsRemembered])).toEqual([1, limits.decisionsRemembered]);
  keep(1, catalog, 'theirs');
  expect(held([1, 2])).toEqual([2]);
  expect(recent.of('1', 'theirs')?.organisation).toBe('theirs');
  expect(recent.of('1', null)?.organisation).toBe('theirs');
});

test('of long lists that change with each decision only so many are held', () => {
  const { keep, held } = keeper();
  const each = limits.campaignsRemembered / 4;
  for (let id = 0; id < 6; id++) keep(id, many(each));
  expect(held([0, 1, 2, 3, 4, 5])).toEqual([2, 3, 4, 5]);
  const shared = many(each);
  for (let id = 6; id < 16; id++) keep(id, shared);
  expect(held([2, 3, 4, 5, 6, 15])).toEqual([3, 4, 5, 6, 15]);
  // A decision of the same id takes the other one's place, and its list.
  keep(3, shared);
  expect(held([3, 4, 5])).toEqual([3, 4, 5]);
  keep(20, many(limits.campaignsRemembered + 1));
  expect(held([3, 15, 20])).toEqual([20]);
});

test('a record is told as it was, and of long ones only so many are held', () => {
  const { recent } = keeper();
  const each = limits.recordsBytes / 4;
  const catalog = many(1);
  for (let id = 1; id <= 6; id++) {
    recent.keep({ requestId: `${id}`, organisation: 'ours', record: Buffer.alloc(each, id), catalog });
  }
  expect([1, 2].map((id) => recent.of(`${id}`, null))).toEqual([null, null]);
  for (const id of [3, 4, 5, 6]) expect(recent.of(`${id}`, 'ours')?.record.equals(Buffer.alloc(each, id))).toBe(true);
});
