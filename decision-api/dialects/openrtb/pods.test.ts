import { expect, test } from 'vitest';
import { normaliseContext } from '../../../domain/targeting/context.ts';
import { podsOf } from './pods.ts';
import type { BidRequest } from './request.ts';

type Viewer = Pick<BidRequest, 'device' | 'app'>;

function contextOf(viewer: Viewer) {
  const [pod] = podsOf({ id: '1', imp: [{ id: '1', video: {} }], ...viewer }, 2026, 'https://ads.example');
  const { device, content } = pod?.body ?? {};
  return normaliseContext({ device: { ...device }, content: { ...content } }, 0, { userAgent: device?.ua ?? null });
}

test('a television or box by number and Android by name are what the User-Agent says more precisely', () => {
  const ua = 'Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7633.3445N; wv) AppleWebKit/537.36 Chrome/112 Mobile';
  const device = { os: 'Android', make: 'Amazon', ua };
  expect(contextOf({ device: { ...device, devicetype: 3 } })).toMatchObject({ deviceType: 'fire_tv', os: 'fire_os' });
  expect(contextOf({ device: { ...device, devicetype: 7 } })).toMatchObject({ deviceType: 'fire_tv', os: 'fire_os' });
  const told = [3, 7, 1].map((devicetype) => contextOf({ device: { devicetype } }).deviceType);
  expect(told).toEqual(['smart_tv', 'set_top_box', 'mobile']);
});

test('genres in one text are several', () => {
  expect(contextOf({ app: { content: { genre: 'Drama, Horror' } } }).contentGenre).toBe('drama,horror');
});

test('of a dynamic pod every length that is asked for is allowed', () => {
  const rqddurs = Array.from({ length: 60 }, (_, at) => at + 1);
  const [pod] = podsOf({ id: '1', imp: [{ id: '1', video: { poddur: 90, rqddurs } }] }, 2026, 'https://ads.example');
  expect(pod?.body.pod?.allowed_durations).toEqual(rqddurs);
});
