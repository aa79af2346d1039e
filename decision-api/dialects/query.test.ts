import { parse } from 'node:querystring';
import { expect, test } from 'vitest';
import { groundOf } from '../asking/consent.ts';
import { readConsent, readQuery } from './query.ts';

test.each([
  ['tfcd=0&tfua=1', 'child'],
  ['coppa=0&tfcd=1', 'child'],
  ['coppa=0&coppa=1', 'child'],
  ['coppa=0&tfcd=0', 'unstated'],
  ['consent=1&consent=0', 'refused'],
  ['consent=1', 'given'],
  ['consent=1&ltd=1', 'refused'],
  ['npa=1', 'refused'],
  ['ltd=0&rdp=1', 'refused'],
  ['npa=0&ltd=0&rdp=-1', 'unstated'],
  ['gdpr=0&gdpr=1', 'refused'],
  ['gdpr=0&gdpr_consent=nonsense', 'unstated'],
])('of all that is said of consent the strictest counts: %s is %s', (query, ground) => {
  expect(groundOf(readQuery(parse(query)).body.consent)).toBe(ground);
});

test.each([
  ['is_lat=0&dnt=1', true],
  ['is_lat=0&dnt=0', false],
  ['is_lat=[LAT]', undefined],
  ['lat=1', true],
  ['lat=37.77&lon=-122.4', undefined],
  ['lat=-33.9&is_lat=1', true],
])('an advertising id is limited where one of the names says so: %s', (query, limited) => {
  expect(readQuery(parse(query)).body.device?.lmt).toBe(limited);
});

test('of other things the first name counts, and what the others say is not read', () => {
  expect(readQuery(parse('max_ads=2&pmad=many')).body.max_ads).toBe(2);
});

test('a wrong value under any name of a flag of privacy is refused by that name', () => {
  expect(() => readQuery(parse('tfcd=0&tfua=perhaps'))).toThrow(expect.objectContaining({ status: 400 }));
  expect(() => readQuery(parse('tfcd=0&tfua=perhaps'))).toThrow('/tfua');
});

test('what is said of consent is read whatever else is wrong', () => {
  expect(readConsent(parse('age=unknown&ltd=1'))).toEqual({ granted: false });
});
