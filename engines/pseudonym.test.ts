import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { pseudonym } from './pseudonym.ts';

test('a pseudonym is the first 16 bytes of the HMAC of scope and id, whatever the lengths of pepper and id', () => {
  for (const pepper of ['p', 'p'.repeat(32), 'p'.repeat(64), 'ü'.repeat(65)]) {
    for (const id of ['viewer', 'ü'.repeat(2_000), 'after a long one', '']) {
      const wanted = createHmac('sha256', pepper).update(`user:${id}`).digest().subarray(0, 16).toString('base64url');
      expect(pseudonym(pepper, 'user', id)).toBe(wanted);
    }
  }
});
