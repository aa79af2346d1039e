import { describe, expect, it } from 'vitest';
import { slotOf } from './redis-slot.ts';

describe('the slot of a key', () => {
  it.each([
    ['123456789', 12_739],
    ['foo', 12_182],
    ['{foo}bar', 12_182],
    ['a{foo}{bar}', 12_182],
    ['', 0],
  ])('of %j is %d, as Redis computes it', (key, slot) => expect(slotOf(key)).toBe(slot));
});
