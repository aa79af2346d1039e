import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeBare } from '../../schemas/codec.ts';
import type { TrackingToken } from '../../schemas/records.ts';
import { testId } from '../test-house.ts';
import { beaconEvents, Tokens } from './tokens.ts';

const token: TrackingToken = {
  partition: 3,
  viewer: 'v',
  request_id: 'r',
  reservation: testId(),
  campaign: testId(),
  creative: testId(),
  advertiser: testId(),
  position: 1,
  duration_seconds: 30,
  pricing_model: 'cpm',
  price_micros: 12_000,
  minute: 29_000_000,
  expires_at: 1_740_000_060_000,
  click_expires_at: 1_740_000_050_000,
  identities: [{ scope: 'user', hash: 'h' }],
  country: 'US',
  device_type: null,
  click_through: 'https://advertiser.example/',
};
const secret = 's'.repeat(32);
const tokens = new Tokens([{ id: 'k2', secret }]);

test('a token says after its journey what it said before', () => {
  expect(tokens.verify('start', tokens.sign('start', tokens.facts(token)))).toEqual({ ok: true, token, invalid: null });
  const noted = tokens.facts(token, 'bot');
  expect(tokens.verify('start', tokens.sign('start', noted))).toEqual({ ok: true, token, invalid: 'bot' });
  const stripped = tokens.sign('start', noted).replace('~bot', '');
  expect(tokens.verify('start', stripped)).toEqual({ ok: false, reason: 'forged' });
});

test('the format is key id, facts and 18 bytes, at the place of the event, of SHAKE256 over the block of the secret, key id and facts', () => {
  const facts = encodeBare('tracking-token', token).toString('base64url');
  const shake = (outputLength: number) => createHash('shake256', { outputLength });
  const macs = shake(18 * 20)
    .update(shake(136).update(secret).digest())
    .update(`k2.${facts}`)
    .digest();
  const mac = macs.subarray(18, 36).toString('base64url');
  expect(tokens.sign('start', tokens.facts(token))).toBe(`k2.${facts}.${mac}`);
  expect(mac.length).toBe(24);
});

test('every event of an ad has a MAC of its own, and none verifies another event', () => {
  const { begin, mac } = tokens.signAll(tokens.facts(token));
  const macs = beaconEvents.map((_, place) => mac(place));
  expect(new Set(macs).size).toBe(beaconEvents.length);
  for (const [at, event] of beaconEvents.entries()) {
    for (const [other, text] of macs.entries()) {
      expect(tokens.verify(event, begin + text).ok).toBe(at === other);
    }
  }
  expect(tokens.verify('no such event', begin + macs[0])).toEqual({ ok: false, reason: 'forged' });
});

test('the first key signs, every key verifies, and a key that is gone no longer does', () => {
  const signed = tokens.sign('start', tokens.facts(token));
  const rotated = new Tokens([
    { id: 'k3', secret: 't'.repeat(32) },
    { id: 'k2', secret },
  ]);
  expect(rotated.verify('start', signed).ok).toBe(true);
  expect(rotated.facts(token)).toMatch(/^k3\./);
  expect(new Tokens([{ id: 'k3', secret }]).verify('start', signed)).toEqual({ ok: false, reason: 'forged' });
});

test('one changed character, another event or a shortened signature is forged', () => {
  const signed = tokens.sign('start', tokens.facts(token));
  const at = signed.indexOf('.') + 5;
  const changed = `${signed.slice(0, at)}${signed[at] === 'A' ? 'B' : 'A'}${signed.slice(at + 1)}`;
  for (const [event, text] of [
    ['start', changed],
    ['complete', signed],
    ['start', signed.slice(0, -4)],
  ] as const) {
    expect(tokens.verify(event, text)).toEqual({ ok: false, reason: 'forged' });
  }
  expect(tokens.verify('start', 'k2.facts')).toEqual({ ok: false, reason: 'garbled' });
});
