import { expect, test } from 'vitest';
import { normaliseContext } from './context.ts';

const fireTv =
  'Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7633.3445N; wv) AppleWebKit/537.36 Chrome/112.0.5615.213 Mobile Safari/537.36';
const androidTv = 'Mozilla/5.0 (Linux; Android 9; BRAVIA 4K UR2 Build/PTT1.190515.001.S104)';
const xbox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) Edge/20.02';
const tizen = 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 TV Safari/537.36';
const telephone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148';

test.each([
  ['connected_tv', 'Android', fireTv, 'fire_tv | fire_os'],
  ['stb', 'Android', androidTv, 'android_tv | android_tv'],
  ['CTV', 'Windows', xbox, 'game_console | xbox'],
  ['Connected Television', 'Linux', tizen, 'smart_tv | tizen'],
  ['tv', 'Roku OS', 'Roku/DVP-12.5 (12.5.0.4178-88)', 'roku | roku'],
  ['smart_tv', 'Android', fireTv, 'smart_tv | fire_os'],
  ['set_top_box', 'tizen', fireTv, 'set_top_box | tizen'],
  ['mobile', 'Android', fireTv, 'mobile | android'],
  ['desktop', 'Windows', xbox, 'desktop | windows'],
  ['ctv', 'Linux', telephone, 'smart_tv | linux'],
  ['ctv', 'Android', 'okhttp/4.9.3', 'smart_tv | android'],
])('%s with %s and %s', (type, os, userAgent, expected) => {
  const read = normaliseContext({ device: { type, os } }, 0, { userAgent });
  expect(`${read.deviceType} | ${read.os}`).toBe(expected);
});
