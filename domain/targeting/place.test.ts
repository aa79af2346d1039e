import { expect, test } from 'vitest';
import { normaliseContext, unreadableFields } from './context.ts';

const losAngeles = { country: 'US', region: 'US-CA', city: 'Los Angeles', time_zone: 'America/Los_Angeles' };
const countryAlone = { country: 'US', time_zone: 'America/Chicago' };

/** Country, region, city, DMA and zone. */
function placed(geo: object, place: object | null): string {
  const { country, region, city, dma, timeZone } = normaliseContext({ geo: { ...geo } }, 0, { place: { ...place } });
  return [country, region, city, dma, timeZone].map((level) => level ?? '-').join(' | ');
}

test.each([
  ['a DMA that the file does not know', { country: 'US', dma: '803' }, losAngeles, 'US | US-CA | los angeles | 803'],
  ['a city in a file of countries', { city: 'Los Angeles' }, countryAlone, 'US | - | los angeles | -'],
])('what the address does not know contradicts nothing: %s', (_, geo, place, expected) => {
  expect(placed(geo, place)).toBe(`${expected} | ${place.time_zone}`);
});

test('an address that lies elsewhere than the request says is no help', () => {
  expect(placed({ country: 'GB' }, losAngeles)).toBe('GB | - | - | - | -');
  expect(placed({ country: 'US', city: 'Fresno' }, losAngeles)).toBe('US | - | fresno | - | -');
  expect(placed({ dma: '501' }, { ...losAngeles, dma: 803 })).toMatch(/501 \| -$/);
});

test('a region without a country is one of the country where the address is', () => {
  expect(placed({ region: 'NY' }, losAngeles)).toBe('US | US-NY | - | - | -');
  expect(placed({ region: 'CA' }, losAngeles)).toBe('US | US-CA | los angeles | - | America/Los_Angeles');
  expect(placed({ region: 'CA' }, null)).toBe('- | - | - | - | -');
});

test('what is said and cannot be read is unknown, and so is all that lies in it', () => {
  const dma = { ...losAngeles, dma: 803 };
  expect(placed({ country: 'United States' }, { country: 'GB', time_zone: 'Europe/London' })).toBe('- | - | - | - | -');
  expect(placed({ country: 'United States', region: 'CA' }, dma)).toBe('- | - | - | - | -');
  expect(placed({ country: 'US', region: 'California' }, dma)).toBe('US | - | - | - | -');
  expect(placed({ dma: '0' }, dma)).toBe('US | US-CA | los angeles | - | America/Los_Angeles');
  expect(normaliseContext({ user: { time_zone: 'Mars/Olympus' } }, 0, { place: losAngeles }).timeZone).toBe(null);
  expect(placed({ country: 'unknown', region: '-1', dma: '' }, dma)).toMatch(/^US \| US-CA \| los angeles \| 803/);
});

test('a DMA says its country', () => {
  expect(placed({ dma: '803' }, null)).toBe('US | - | - | 803 | -');
  expect(placed({ dma: '803', region: 'CA' }, null)).toBe('US | US-CA | - | 803 | -');
  expect(unreadableFields({ geo: { dma: '803', region: 'CA' } })).toEqual([]);
  expect(placed({ dma: '803' }, { country: 'GB' })).toBe('US | - | - | 803 | -');
  expect(placed({ dma: '803', region: 'CA-ON' }, null)).toBe('CA | CA-ON | - | 803 | -');
  expect(placed({ dma: '803', country: 'Narnia' }, null)).toBe('- | - | - | 803 | -');
});
