import { expect, test } from 'vitest';
import { normaliseContext } from './context.ts';
import { brandInOs, deviceBrand, deviceType, operatingSystem } from './device-names.ts';

test.each([
  ['Tizen 6.5', 'tizen'],
  ['tizen6.5', 'tizen'],
  ['Samsung Tizen 8', 'tizen'],
  ['webOS 5.0', 'webos'],
  ['webOS TV 22', 'webos'],
  ['tvOS 17.2', 'tvos'],
  ['Roku OS 12.5', 'roku'],
  ['Fire OS 7', 'fire_os'],
  ['FireTV', 'fire_os'],
  ['Android TV 11', 'android_tv'],
  ['Android 13', 'android'],
  ['iOS 17_1', 'ios'],
  ['TiVo OS 1.0', 'tivo_os'],
  ['PS5', 'playstation'],
  ['PlayStation 4', 'playstation'],
  ['Windows 10', 'windows'],
  ['Sky OS 3', 'sky_os_3'],
  ['7', '7'],
])('the system %s is %s', (told, expected) => {
  expect(operatingSystem(told)).toBe(expected);
});

test.each([
  ['VIZIO, Inc.', 'vizio'],
  ['Roku, Inc.', 'roku'],
  ['Apple Inc.', 'apple'],
  ['Amazon Fire TV', 'amazon'],
  ['Samsung Electronics Co., Ltd.', 'samsung'],
  ['LGE', 'lg'],
  ['Acme Displays, Inc.', 'acme_displays'],
  ['Sonyco', 'sonyco'],
  ['Inc.', 'inc.'],
])('the maker %s is %s', (told, expected) => {
  expect(deviceBrand(told)).toBe(expected);
});

test.each([
  ['Fire TV Stick 4K', 'fire_tv'],
  ['firestick', 'fire_tv'],
  ['Roku Ultra', 'roku'],
  ['Apple TV 4K', 'apple_tv'],
  ['AppleTV11,1', 'apple_tv'],
  ['Chromecast with Google TV', 'android_tv'],
  ['Chromecast Ultra', 'chromecast'],
  ['settopbox', 'set_top_box'],
  ['Xbox Series X', 'game_console'],
  ['hotel panel', 'hotel_panel'],
])('the kind %s is %s', (told, expected) => {
  expect(deviceType(told)).toBe(expected);
});

test('a versioned system gives its maker away', () => {
  expect([brandInOs('Samsung Tizen 6.5'), brandInOs('tvOS 17.2'), brandInOs('webOS 5')]).toEqual([
    'samsung',
    'apple',
    null,
  ]);
});

const userAgent = 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 TV Safari/537.36';
const seen = (device: object) => {
  const { deviceType: type, os, brand } = normaliseContext({ device: { ...device } }, 0, { userAgent });
  return { type, os, brand };
};

test('where the request’s word is one that nobody knows, what the User-Agent says is better; a maker stays', () => {
  expect(seen({ type: '3', os: 'TV firmware', brand: 'Acme' })).toEqual({
    type: 'smart_tv',
    os: 'tizen',
    brand: 'acme',
  });
  expect(seen({ type: 'Roku Ultra', os: 'Roku OS 12', brand: 'Roku' })).toEqual({
    type: 'roku',
    os: 'roku',
    brand: 'roku',
  });
  const unread = normaliseContext({ device: { type: 'hotel panel', os: 'Sky OS' } }, 0, { userAgent: 'curl/8' });
  expect([unread.deviceType, unread.os]).toEqual(['hotel_panel', 'sky_os']);
});
