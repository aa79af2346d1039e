import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { addressOf, pseudonym } from './pseudonym.ts';

test('a pseudonym is the first 16 bytes of the HMAC of scope and id, whatever the lengths of pepper and id', () => {
  for (const pepper of ['p', 'p'.repeat(32), 'p'.repeat(64), 'ü'.repeat(65)]) {
    for (const id of ['viewer', 'ü'.repeat(2_000), 'after a long one', '']) {
      const wanted = createHmac('sha256', pepper).update(`user:${id}`).digest().subarray(0, 16).toString('base64url');
      expect(pseudonym(pepper, 'user', id)).toBe(wanted);
    }
  }
});

test('an address is told with or without a port, and what is none is null', () => {
  for (const text of ['203.0.113.9', '203.0.113.9:1234']) expect(addressOf(text)).toBe('203.0.113.9');
  for (const text of ['2001:db8::1', '[2001:db8::1]', '[2001:db8::1]:443']) expect(addressOf(text)).toBe('2001:db8::1');
  for (const text of [null, '', 'nonsense', '203.0.113.999', '[203.0.113.9']) expect(addressOf(text)).toBe(null);
});
