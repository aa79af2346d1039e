import { GppModel, Sections } from '@iabgpp/cmpapi';
import { TCString } from '@iabtcf/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConsentSignals, groundOf } from './consent.ts';
import { sectionsOf } from './gpp.ts';
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
  ['US privacy that cannot be read', { us_privacy: 'garbage' }, 'refused'],
  ['US privacy of another version', { us_privacy: '2NYN' }, 'refused'],
  ['US privacy that is empty', { us_privacy: '' }, 'unstated'],
  ['GPP: an opt-out of sale', { gpp: gpp(['usnat', 'SaleOptOut', 1]) }, 'refused'],
  ['GPP: an opt-out in California', { gpp: gpp(['usca', 'SharingOptOut', 1]) }, 'refused'],
  ['GPP: no opt-out', { gpp: gpp(['usnat', 'SaleOptOut', 2]) }, 'unstated'],
  ['GPP: global privacy control', { gpp: gpp(['usnat', 'Gpc', true]) }, 'refused'],
  ['GPP: a known child', { gpp: gpp(['usca', 'KnownChildSensitiveDataConsents', [1, 0]]) }, 'child'],
  ['GPP: Europe with purpose 1', { gpp: gpp(['tcfeuv2', 'PurposeConsents', [true]]) }, 'given'],
  ['GPP: Europe without', { gpp: gpp(['tcfeuv2', 'PurposeConsents', [false]]) }, 'refused'],
  ['GPP: US privacy', { gpp: gpp(['uspv1', 'OptOutSale', 'Y']) }, 'refused'],
  ['GPP: a section that does not apply', { gpp: gpp(['usca', 'SaleOptOut', 1]), gpp_sid: [7] }, 'unstated'],
  ['GPP: Europe, named and without a string', { gpp_sid: [2] }, 'refused'],
  ['GPP: Europe, named and not in the string', { gpp: gpp(['usca', 'SaleOptOut', 2]), gpp_sid: [2] }, 'refused'],
  ['GPP: Canada, named and without a string', { gpp_sid: [5] }, 'refused'],
  ['GPP: Canada without purpose 1', { gpp: gpp(['tcfcav1', 'PurposesExpressConsent', [false]]) }, 'refused'],
  ['GPP: Canada with express consent', { gpp: gpp(['tcfcav1', 'PurposesExpressConsent', [true]]) }, 'given'],
  ['GPP: Canada with implied consent', { gpp: gpp(['tcfcav1', 'PurposesImpliedConsent', [true]]) }, 'given'],
  [
    'GPP: Canada and an opt-out',
    { gpp: gpp(['tcfcav1', 'PurposesImpliedConsent', [true]], ['usca', 'SaleOptOut', 1]) },
    'refused',
  ],
  ['GPP: a state, named and without a string', { gpp_sid: [7] }, 'unstated'],
  ['GPP: a law that we do not know', { gpp_sid: [60] }, 'refused'],
  ['GPP: no law applies', { gpp: gpp(['usca', 'SaleOptOut', 1]), gpp_sid: [-1] }, 'unstated'],
  ['GPP: nobody knows which law applies', { gpp: gpp(['usca', 'SaleOptOut', 1]), gpp_sid: [0] }, 'refused'],
  ['GPP: US privacy that cannot be read', { gpp: 'DBABTA~9YNN' }, 'refused'],
  ['GPP: US privacy without the opt-out', { gpp: 'DBABTA~1YNN' }, 'unstated'],
  ['GPP: the national section in its first version', { gpp: 'DBABLA~BVQqAAAAAgA.QA' }, 'unstated'],
  ['GPP: that with the opt-out of sale', { gpp: 'DBABLA~BVQWAAAAAgA.QA' }, 'refused'],
  ['GPP: that with Global Privacy Control', { gpp: 'DBABLA~BVQqAAAAAgA.YA' }, 'refused'],
  ['GPP: that of a version to come', { gpp: 'DBABLA~DVQqAAAAAgA.QA' }, 'refused'],
  ['GPP: a section cut short', { gpp: 'DBABLA~BVQqAAA' }, 'refused'],
  ['GPP: a value that there is not', { gpp: 'DBABLA~BVQ_AAAAAgA' }, 'refused'],
  ['GPP: a TCF string', { gpp: granted }, 'given'],
  ['GPP that is none', { gpp: 'garbage~~' }, 'refused'],
  ['GPP with fewer sections than it tells of', { gpp: 'DBABLA' }, 'refused'],
])('%s: %j is %s', (_, signals, ground) => {
  expect(groundOf(signals)).toBe(ground);
});

test('where we have a number on the vendors’ list, purpose 1 is not enough', () => {
  expect(groundOf({ gdpr: true, string: granted }, 7)).toBe('given');
  expect(groundOf({ gdpr: true, string: granted }, 6)).toBe('refused');
  const express = ['tcfcav1', 'PurposesExpressConsent', [true]] as const;
  const canada = (field: string, vendors: readonly number[]) => ({ gpp: gpp(express, ['tcfcav1', field, vendors]) });
  expect(groundOf(canada('VendorExpressConsent', [2, 7]), 7)).toBe('given');
  expect(groundOf(canada('VendorImpliedConsent', [2, 7]), 7)).toBe('given');
  expect(groundOf(canada('VendorExpressConsent', [2, 7]), 6)).toBe('refused');
});

const optOuts = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'];
const children = 'KnownChildSensitiveDataConsents';
const usNames = [...Sections.SECTION_ID_NAME_MAP].filter(([id]) => id > 6).map(([, name]) => name);

test.each(usNames)('what is read of the section %s is what the IAB’s own encoder wrote', (name) => {
  const two = fc.integer({ min: 0, max: 2 });
  const known = fc.option(fc.array(two, { minLength: 5, maxLength: 5 }), { nil: [0, 0, 0, 0, 0] });
  fc.assert(
    fc.property(fc.tuple(two, two, two), known, fc.boolean(), (said, ofChildren, gpc) => {
      const model = new GppModel();
      model.setFieldValue(name, 'SaleOptOut', 0);
      /** What became of a value: a section has not every field, and lists of its own length. */
      const set = (field: string, value: unknown, list: readonly unknown[]): readonly unknown[] => {
        if (!model.hasField(name, field)) return [];
        const before = model.getFieldValue(name, field);
        model.setFieldValue(name, field, Array.isArray(before) ? before.map((_, at) => list[at] ?? 1) : value);
        return [model.getFieldValue(name, field)].flat();
      };
      const outs = optOuts.flatMap((field, at) => set(field, said[at], []));
      const minors = set(children, ofChildren[0], ofChildren);
      const control = set('Gpc', gpc, []);
      // Sensitive data is no concern of ours, whatever is said of it.
      set('SensitiveDataProcessing', 1, []);
      const refused = outs.includes(1) || control.includes(true);
      const ground = minors.some((each) => each !== 0) ? 'child' : refused ? 'refused' : 'unstated';
      expect(groundOf({ gpp: model.encode() })).toBe(ground);
    }),
  );
});

test('the sections of a header are those that the IAB’s own encoder wrote', () => {
  fc.assert(
    fc.property(fc.subarray(usNames, { minLength: 1 }), (names) => {
      const text = gpp(...names.map((name) => [name, 'SaleOptOut', 0] as const));
      const ids = new GppModel(text).getSectionIds() as number[];
      expect([...(sectionsOf(text) ?? [])]).toEqual(ids.map((id, at) => [id, text.split('~')[at + 1]]));
    }),
  );
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
  const ranges = '1'.repeat(12) + `1${'0'.repeat(30)}11`.repeat(1_450);
  const written = (bits: string) => (bits.match(/.{6}/g) ?? []).map((six) => digits[Number.parseInt(six, 2)]).join('');
  // The first calls pay for what is compiled.
  groundOf({ gdpr: true, string: granted, gpp: gpp(['usca', 'SaleOptOut', 2]) });
  for (const text of [
    'C'.repeat(8192),
    '_'.repeat(8192),
    `${granted}.${'A'.repeat(8000)}`,
    'CÿÿÿÿÿÿÿÿÿÿÿÿÿÿA',
    '....',
    '~'.repeat(8192),
    // One range of many millions of sections.
    'DBAB4AAAAAYA',
    'DBAB4AAAAABg',
    'DBAB4AAAAAAG',
    `DB${written(ranges)}`,
    `DBABLA~${'A'.repeat(8000)}`,
    `DBABMA~${ranged(
      granted,
      Array.from({ length: 1_450 }, (_, n) => n + 1),
    )}`,
  ]) {
    const began = process.hrtime.bigint();
    expect(['refused', 'given']).toContain(groundOf({ gdpr: true, string: text }));
    expect(['refused', 'given']).toContain(groundOf({ gpp: text }, 9_999));
    expect(Number(process.hrtime.bigint() - began) / 1e6).toBeLessThan(500);
  }
});
