import { GppModel } from '@iabgpp/cmpapi';
import { TCString } from '@iabtcf/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConsentSignals, groundOf } from './consent.ts';
import { readTcf } from './tcf.ts';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Bits of a TCF v2 core string: up to the purposes' consents, all zero but the version and what is set; then vendors. */
function tcf({ purpose1, vendors = [] }: { purpose1: boolean; vendors?: readonly number[] }): string {
  const bits = new Array<number>(213).fill(0);
  const put = (at: number, width: number, value: number) => {
    for (let n = 0; n < width; n++) bits[at + n] = (value >> (width - 1 - n)) & 1;
  };
  put(0, 6, 2);
  put(78, 12, 3);
  put(108, 12, 0x0c3);
  put(132, 6, 2);
  if (purpose1) put(152, 1, 1);
  const most = Math.max(0, ...vendors);
  const list = Array.from({ length: most }, (_, n) => (vendors.includes(n + 1) ? 1 : 0));
  // Vendors with consent as a bit field, none with legitimate interest, no restrictions.
  const text = [...most.toString(2).padStart(16, '0')].map(Number);
  const all = [...bits, ...text, 0, ...list, ...new Array(16 + 1 + 12).fill(0)];
  while (all.length % 6 !== 0) all.push(0);
  let out = '';
  for (let at = 0; at < all.length; at += 6) out += digits[Number.parseInt(all.slice(at, at + 6).join(''), 2)];
  return out;
}

/** A GPP string with these fields. */
function gpp(...fields: readonly (readonly [section: string, field: string, value: unknown])[]): string {
  const model = new GppModel();
  for (const [section, field, value] of fields) model.setFieldValue(section, field, value);
  return model.encode();
}

const granted = tcf({ purpose1: true, vendors: [7] });
const refused = tcf({ purpose1: false, vendors: [7] });

test.each<[string, ConsentSignals | undefined, string]>([
  ['nothing', undefined, 'unstated'],
  ['an empty object', {}, 'unstated'],
  ['given', { given: true }, 'given'],
  ['granted', { granted: true, gdpr: true }, 'given'],
  ['not given', { given: false }, 'refused'],
  ['the law asked and nothing answered', { gdpr: 1 }, 'refused'],
  ['a child, whatever else', { coppa: 1, given: true }, 'child'],
  ['TCF with purpose 1', { gdpr: true, string: granted }, 'given'],
  ['TCF without purpose 1', { gdpr: true, string: refused }, 'refused'],
  ['TCF without purpose 1, and a player that says it was given', { given: true, string: refused }, 'refused'],
  ['TCF where the law does not apply', { gdpr: false, string: refused }, 'unstated'],
  ['a string that is none', { gdpr: true, string: 'nonsense' }, 'refused'],
  ['a string of version 1', { gdpr: true, string: 'BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA' }, 'refused'],
  ['US privacy with the opt-out', { us_privacy: '1YYN' }, 'refused'],
  ['US privacy without it', { us_privacy: '1YNN' }, 'unstated'],
  ['US privacy that does not apply', { us_privacy: '1---' }, 'unstated'],
  ['GPP: an opt-out of sale', { gpp: gpp(['usnat', 'SaleOptOut', 1]) }, 'refused'],
  ['GPP: an opt-out in California', { gpp: gpp(['usca', 'SharingOptOut', 1]) }, 'refused'],
  ['GPP: no opt-out', { gpp: gpp(['usnat', 'SaleOptOut', 2]) }, 'unstated'],
  ['GPP: global privacy control', { gpp: gpp(['usnat', 'Gpc', true]) }, 'refused'],
  ['GPP: a known child', { gpp: gpp(['usca', 'KnownChildSensitiveDataConsents', [1, 0]]) }, 'child'],
  ['GPP: Europe with purpose 1', { gpp: gpp(['tcfeuv2', 'PurposeConsents', [true]]) }, 'given'],
  ['GPP: Europe without', { gpp: gpp(['tcfeuv2', 'PurposeConsents', [false]]) }, 'refused'],
  ['GPP: US privacy', { gpp: gpp(['uspv1', 'OptOutSale', 'Y']) }, 'refused'],
  ['GPP: a section that does not apply', { gpp: gpp(['usca', 'SaleOptOut', 1]), gpp_sid: [7] }, 'unstated'],
  ['GPP that is none', { gpp: 'garbage~~' }, 'refused'],
])('%s: %j is %s', (_, signals, ground) => {
  expect(groundOf(signals)).toBe(ground);
});

test('where we have a number on the vendors’ list, purpose 1 is not enough', () => {
  expect(groundOf({ gdpr: true, string: granted }, 7)).toBe('given');
  expect(groundOf({ gdpr: true, string: granted }, 6)).toBe('refused');
});

test('what is read of a TCF string is what the IAB’s own decoder reads', () => {
  const number = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.uniqueArray(number, { minLength: 1, maxLength: 20 }),
      number,
      (purpose1, vendors, asked) => {
        const text = tcf({ purpose1, vendors });
        const { purposeConsents, vendorConsents } = TCString.decode(text);
        expect(readTcf(text, asked)).toEqual({ purpose1: purposeConsents.has(1), vendor: vendorConsents.has(asked) });
        expect(readTcf(ranged(text, vendors), asked)?.vendor).toBe(vendors.includes(asked));
      },
    ),
  );
});

/** The same string with its vendors as ranges of one each. */
function ranged(text: string, vendors: readonly number[]): string {
  const bits = [...text].map((digit) => digits.indexOf(digit).toString(2).padStart(6, '0')).join('');
  const wide = (value: number, width: number) => value.toString(2).padStart(width, '0');
  const entries = vendors.toSorted((a, b) => a - b).map((id) => `0${wide(id, 16)}`);
  const all = `${bits.slice(0, 229)}1${wide(entries.length, 12)}${entries.join('')}${'0'.repeat(35)}`;
  return (all.match(/.{6}/g) ?? []).map((six) => digits[Number.parseInt(six, 2)]).join('');
}

test('hostile strings of any length are refused, and soon', () => {
  const began = process.hrtime.bigint();
  for (const string of [
    'C'.repeat(8192),
    '_'.repeat(8192),
    `${granted}.${'A'.repeat(8000)}`,
    'CÿÿÿÿÿÿÿÿÿÿÿÿÿÿA',
    '....',
    '',
  ]) {
    expect(['refused', 'given']).toContain(groundOf({ gdpr: true, string }));
    expect(['refused', 'unstated']).toContain(groundOf({ gpp: string }));
  }
  expect(Number(process.hrtime.bigint() - began) / 1e9).toBeLessThan(5);
});
