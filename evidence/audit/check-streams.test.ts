import { expect, test } from 'vitest';
import { checkStreams } from './check-streams.ts';
import type { LogFacts, RequestFact } from './facts.ts';
import { judge } from './judge.ts';
import { ad, at0, campaign, cola, expiresAt, request, rival, shoes } from './sample-parts.ts';

const drinks = [{ id: 'drinks', ancestors: [] }];
const seed = new Map(
  [campaign(cola, { categories: drinks }), campaign(rival, { categories: drinks }), campaign(shoes)].map((one) => [
    one.id,
    one,
  ]),
);
const rule = { session: 's', separation: true, min_separation_seconds: 30, break_index: 0 };

function check(first: Partial<RequestFact>, second: Partial<RequestFact>, event: string | null = null) {
  const requests = [request(1, [ad(cola, 1, 1), ad(shoes, 2, 1)], []), request(2, [ad(rival, 1, 2)], [])].map(
    (one, n) => ({ ...one, value: { ...one.value, ...rule, filled_seconds: 60, ...(n === 0 ? first : second) } }),
  );
  const beacon = {
    topic: 'ad-beacons',
    partition: 0,
    offset: 0,
    appendedAt: at0,
    key: '',
    value: { event: event ?? 'start', reservation: ad(rival, 1, 2).reservation, expires_at: expiresAt },
  };
  const log = { requests } as unknown as LogFacts;
  return checkStreams({ log, seed }, judge([beacon] as unknown as LogFacts['beacons']));
}

test.each([
  ['a second short', { break_offset_ms: 0 }, { break_offset_ms: 59_000 }, 1],
  ['just far enough', { break_offset_ms: 0 }, { break_offset_ms: 60_000 }, 0],
  [
    'a second short where the later pod asks for more',
    { break_offset_ms: 0 },
    { break_offset_ms: 60_000, min_separation_seconds: 31 },
    1,
  ],
  ['in the same break of unknown time', {}, {}, 1],
  ['one after the other at unknown times', {}, { break_index: 1 }, 0],
  [
    'in the whole stream',
    { break_offset_ms: 0 },
    { break_offset_ms: 9e9, min_separation_seconds: null, separation_scope: 'stream' },
    1,
  ],
  ['in another stream', { break_offset_ms: 0 }, { break_offset_ms: 0, session: 't' }, 0],
  [
    'where nobody asks',
    { break_offset_ms: 0, separation: false },
    { break_offset_ms: 0, min_separation_seconds: null },
    0,
  ],
] as const)('competitors of two pods %s', (_, first, second, violations) => {
  const found = check(first, second);
  expect(found.violations).toBe(violations);
  expect(found.faults.map(({ name }) => name)).toEqual(violations > 0 ? ['stream_separation_broken'] : []);
});

test('an ad that was given back is near to nobody', () => {
  expect(check({ break_offset_ms: 0 }, { break_offset_ms: 0 }, 'notUsed').violations).toBe(0);
  expect(check({ break_offset_ms: 0 }, { break_offset_ms: 0 }, 'impression').violations).toBe(1);
});
