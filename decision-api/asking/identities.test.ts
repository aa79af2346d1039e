import { expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { type Claims, truncateIp, viewerOf } from './identities.ts';

const nobody: Claims = {
  userId: null,
  householdId: null,
  deviceId: null,
  ifa: null,
  limitAdTracking: false,
  sessionId: null,
  ip: null,
  userAgent: null,
  consent: true,
};
const pepper = 'p'.repeat(32);
const viewer = (claims: Partial<Claims>, request = 'r') =>
  viewerOf({ ...nobody, ...claims }, { requestId: request, organisation: HOUSE_ORGANISATION }, pepper);

test.each([
  ['203.0.113.9', '203.0.113.0/24'],
  ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['::ffff:203.0.113.9', '203.0.113.0/24'],
  ['somewhere', null],
])('the network of %s is %s', (ip, network) => {
  expect(truncateIp(ip)).toBe(network);
});

test('the viewer is the user, else the device, the household, the session, the address, and at last the request', () => {
  const all = { userId: 'u', ifa: 'i', householdId: 'h', sessionId: 's', ip: '203.0.113.9', userAgent: 'a' };
  const { userId, ifa, householdId, sessionId, ip, userAgent } = all;
  expect(viewer(all).viewer).toBe(viewer({ userId }).viewer);
  expect(viewer({ ...all, userId: null }).viewer).toBe(viewer({ ifa }).viewer);
  expect(viewer({ householdId, sessionId, ip }).viewer).toBe(viewer({ householdId }).viewer);
  expect(viewer({ sessionId, ip }).viewer).toBe(viewer({ sessionId }).viewer);
  expect(viewer({ ip, userAgent }, 'r1').viewer).toBe(viewer({ ip, userAgent }, 'r2').viewer);
  expect(viewer({}, 'r1').viewer).not.toBe(viewer({}, 'r2').viewer);
});

test('an advertising id that must not be used gives way to the device id', () => {
  const limited = viewer({ ifa: 'i', deviceId: 'd', limitAdTracking: true });
  expect(limited.byScope.get('device')).toEqual(viewer({ deviceId: 'd' }).byScope.get('device'));
});

test.each([
  ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1'],
  ['203.0.113.9', '::ffff:203.0.113.9'],
  ['::ffff:203.0.113.9', '::FFFF:cb00:7109'],
])('%s and %s are one address, so one identity', (one, other) => {
  expect(viewer({ ip: one }).identities).toEqual(viewer({ ip: other }).identities);
  expect(viewer({ ip: one, userAgent: 'a' }).viewer).toBe(viewer({ ip: other, userAgent: 'a' }).viewer);
});

test('what is no address is an identity as it stands', () => {
  expect(viewer({ ip: 'Somewhere' }).identities).not.toEqual(viewer({ ip: 'somewhere' }).identities);
});

test('the same id has another pseudonym in another scope', () => {
  const { byScope } = viewer({ userId: 'x', householdId: 'x' });
  expect(byScope.get('user')?.hash).not.toBe(byScope.get('household')?.hash);
});
