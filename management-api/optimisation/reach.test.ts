import { expect, test } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { normaliseContext } from '../../domain/targeting/context.ts';
import { reachOf } from './reach.ts';

const at = Date.parse('2026-01-15T12:00:00Z');
const viewer = (time_zone: string | null) => normaliseContext({ user: { time_zone } }, at);

test('viewers on another clock are those whose zone shows another time in some season', () => {
  const campaign = { targeting: [], timeZone: 'America/Denver' } as unknown as Campaign;
  const on = (...zones: (string | null)[]) => reachOf(campaign, zones.map(viewer), at).onOtherClocks;
  expect(on(null, 'America/Denver', 'America/Boise')).toBe(0);
  // The same hour in winter alone.
  expect(on('America/Phoenix', 'America/Los_Angeles', 'America/Denver')).toBe(2);
});
