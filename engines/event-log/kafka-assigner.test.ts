import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TopicPartition } from './event-log.ts';
import { type Candidate, share } from './kafka-assigner.ts';

const places = (counts: Readonly<Record<string, number>>): TopicPartition[] =>
  Object.entries(counts).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );

const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

const candidate = (number: number, topics: readonly string[], held: readonly TopicPartition[] = []): Candidate => ({
  memberId: `member ${number}`,
  joinedAt: number,
  topics,
  held,
});

it('gives every partition to exactly one member, and shares differ by one at most', () => {
  const any = fc.record({ members: fc.integer({ min: 1, max: 7 }), a: fc.nat(30), b: fc.nat(30), claims: fc.nat(50) });
  fc.assert(
    fc.property(any, ({ members, a, b, claims }) => {
      const all = places({ a, b });
      // Claims that contradict each other, as after a split.
      const candidates = Array.from({ length: members }, (_, at) => candidate(at, ['a', 'b'], all.slice(at, claims)));
      const shares = [...share(candidates, all).values()];
      expect(shares.flat().map(nameOf).sort()).toEqual(all.map(nameOf).sort());
      const sizes = shares.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

it('moves only what a newcomer needs, and seniors keep more', () => {
  const all = places({ a: 24, b: 24 });
  const two = [candidate(1, ['a', 'b']), candidate(2, ['a', 'b'])];
  const before = share(two, all);
  const holding = two.map((one) => ({ ...one, held: before.get(one.memberId) ?? [] }));
  const after = share([...holding, candidate(3, ['a', 'b'])], all);
  for (const { memberId, held } of holding) {
    expect(held.map(nameOf)).toEqual(expect.arrayContaining((after.get(memberId) ?? []).map(nameOf)));
  }
  expect([...after.values()].map(({ length }) => length)).toEqual([16, 16, 16]);
  expect([...share(two, places({ a: 5 })).values()].map(({ length }) => length)).toEqual([3, 2]);
});

it('gives nobody a topic that they do not read', () => {
  const shares = share([candidate(1, ['a']), candidate(2, ['a', 'new'])], places({ a: 4, new: 4 }));
  expect((shares.get('member 1') ?? []).every(({ topic }) => topic === 'a')).toBe(true);
  expect([...shares.values()].flat()).toHaveLength(8);
});
