import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PlayerKey } from '../../engines/catalog/catalog.ts';
import { createMetrics } from '../metrics.ts';
import { Callers, type CallingRequest } from './callers.ts';

const key = `bw_0123456789ab_${'k'.repeat(43)}`;
const player: PlayerKey = {
  prefix: '0123456789ab',
  hash: createHash('sha256').update(key).digest('hex'),
  organisation: 'o',
  scopes: ['ads:request'],
  expiresAt: null,
};

function callers(given: { trusted?: string[]; mode?: 'open' | 'known'; known?: PlayerKey } = {}): Callers {
  return new Callers({
    trustedNetworks: given.trusted ?? [],
    callers: given.mode ?? 'open',
    keys: () => new Map([[player.prefix, given.known ?? player]]),
    now: () => 1_000,
    metrics: createMetrics(),
  });
}

const forwarding = {
  'x-device-ip': '203.0.113.7',
  'x-device-user-agent': 'Roku/DVP-14.0',
  'x-forwarded-for': '198.51.100.1, 203.0.113.9',
  'user-agent': 'AWS Elemental MediaTailor',
};
const from = (headers: CallingRequest['headers'], ip = '192.0.2.1'): CallingRequest => ({ headers, ip });

test('nobody’s forwarding headers are believed: the address is that of the call', () => {
  expect(callers().ofRequest(from(forwarding))).toMatchObject({
    class: 'anonymous',
    address: '192.0.2.1',
    forwarded: false,
    userAgent: null,
  });
});

test.each([
  ['the holder of a key', { authorization: `Bearer ${key}` }, {}, 'key'],
  ['another header', { 'x-api-key': key }, {}, 'key'],
  ['a scheme in small letters', { authorization: `bearer ${key}` }, {}, 'key'],
  ['a header beside another bearer', { authorization: 'Bearer eyJhbGciOi.e30.x', 'x-api-key': key }, {}, 'key'],
  ['a header beside another scheme', { authorization: 'Basic dTpw', 'x-api-key': key }, {}, 'key'],
  ['a trusted network', {}, { trusted: ['192.0.2.0/24'] }, 'network'],
])('%s is believed', (_, headers, given, expected) => {
  expect(callers(given).ofRequest(from({ ...forwarding, ...headers }))).toMatchObject({
    class: expected,
    address: '203.0.113.7',
    forwarded: true,
    userAgent: 'Roku/DVP-14.0',
  });
});

test.each([
  ['the nearest that is not ours tells the viewer', '6.6.6.6, 203.0.113.9:4711, 192.0.2.5', '203.0.113.9'],
  ['empty places are no hops', '203.0.113.9, , 192.0.2.5,', '203.0.113.9'],
  ['what a client wrote before it, however much, tells nothing', `${'6.6.6.6, '.repeat(40)}203.0.113.9`, '203.0.113.9'],
  ['what is nearest and no address hides those before it', '6.6.6.6, unknown, 192.0.2.5', null],
  ['where all are ours, nobody knows', '192.0.2.4, 192.0.2.5', null],
])('of a chain of proxies: %s', (_, forwarded, address) => {
  const headers = { 'x-forwarded-for': forwarded };
  const caller = callers({ trusted: ['192.0.2.0/24'] }).ofRequest(from(headers));
  expect([caller.address, caller.forwarded]).toEqual([address, address !== null]);
});

test('a stitcher’s own name is not the viewer’s program', () => {
  const headers = { authorization: `Bearer ${key}`, 'user-agent': 'python-requests/2' };
  expect(callers().ofRequest(from(headers)).userAgent).toBeNull();
});

test.each([
  ['unknown', `bw_aaaaaaaaaaaa_${'k'.repeat(43)}`, player],
  ['another with its prefix', `bw_0123456789ab_${'x'.repeat(43)}`, player],
  ['expired', key, { ...player, expiresAt: 999 }],
])('a key that is %s is refused to ask and says nothing in a beacon', (_, told, known) => {
  const request = from({ authorization: `Bearer ${told}` });
  expect(() => callers({ known }).ofRequest(request)).toThrow(expect.objectContaining({ status: 401 }));
  expect(callers({ known }).ofBeacon(request).class).toBe('anonymous');
});

test('a key may do what its scopes say', () => {
  const request = from({ authorization: `Bearer ${key}` });
  expect(() => callers().withScope(request, 'conversions:write')).toThrow(expect.objectContaining({ status: 403 }));
});

test('where callers have to be known, the others get a problem', () => {
  const known = callers({ mode: 'known', trusted: ['10.0.0.0/8'] });
  expect(() => known.ofRequest(from({}))).toThrow(expect.objectContaining({ status: 401 }));
  expect(known.ofRequest(from({}, '10.1.1.1')).class).toBe('network');
  expect(known.ofRequest(from({ authorization: `Bearer ${key}` })).class).toBe('key');
});
