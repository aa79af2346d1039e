import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteRing } from './byte-ring.ts';

const text = (bytes: Buffer | undefined) => bytes?.toString() ?? null;

test('the newest are there, under their names, and what was given may be changed afterwards', () => {
  const ring = new ByteRing(10);
  const given = Buffer.from('aaaa');
  ring.put('a', given);
  given.fill('x');
  ring.put('b', Buffer.from('bbbb'));
  expect([text(ring.get('a')), text(ring.get('b'))]).toEqual(['aaaa', 'bbbb']);
  ring.get('a')?.fill('x');
  expect(text(ring.get('a'))).toBe('aaaa');
  ring.put('c', Buffer.from('cccc'));
  expect([text(ring.get('a')), text(ring.get('b')), text(ring.get('c'))]).toEqual([null, 'bbbb', 'cccc']);
  ring.delete('b');
  ring.put('huge', Buffer.alloc(11));
  expect([text(ring.get('b')), text(ring.get('c')), text(ring.get('huge'))]).toEqual([null, 'cccc', null]);
});

test('what it answers is what was put last under the name, and it holds what fits', () => {
  const step = fc.record({ name: fc.integer({ min: 0, max: 12 }), length: fc.integer({ min: 0, max: 60 }) });
  let held = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 80 }), fc.integer({ min: 1, max: 300 }), (steps, most) => {
      const ring = new ByteRing(most);
      const put: { name: string; bytes: Buffer }[] = [];
      for (const [at, { name, length }] of steps.entries()) {
        const bytes = Buffer.alloc(length, at + 1);
        put.push({ name: `${name}`, bytes });
        ring.put(`${name}`, bytes);
        let since = 0;
        const seen = new Set<string>();
        for (const one of put.toReversed()) {
          since += one.bytes.length;
          if (seen.has(one.name)) continue;
          seen.add(one.name);
          const got = ring.get(one.name);
          if (got !== undefined) expect(got.equals(one.bytes)).toBe(true);
          // A string that does not fit behind the others leaves less than its own length unused, once in a round.
          if (one.bytes.length <= most && since + 60 <= most) {
            expect(got).toBeDefined();
            held++;
          }
        }
      }
    }),
  );
  expect(held).toBeGreaterThan(1_000);
});

test('its room grows as it is needed', () => {
  const ring = new ByteRing(5 << 20);
  for (let at = 0; at < 50; at++) ring.put(`${at}`, Buffer.alloc(100_000, at));
  for (let at = 0; at < 50; at++) expect(ring.get(`${at}`)?.equals(Buffer.alloc(100_000, at))).toBe(true);
  for (let at = 50; at < 60; at++) ring.put(`${at}`, Buffer.alloc(100_000, at));
  expect(ring.get('0')).toBeUndefined();
  expect(ring.get('59')?.[99_999]).toBe(59);
});
