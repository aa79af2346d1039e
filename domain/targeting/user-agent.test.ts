import { expect, test } from 'vitest';
import { userAgents } from './test-user-agents.ts';
import { readUserAgent } from './user-agent.ts';

const devices = userAgents
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [type, os, brand, userAgent = ''] = line.split(' | ').map((cell) => (cell === '-' ? null : cell));
    return [type, os, brand, userAgent ?? ''] as const;
  });

test.each(devices)('%s, %s, %s: %s', (type, os, brand, userAgent) => {
  expect(readUserAgent(userAgent)).toEqual({ type, os, brand });
});

test('there are more than sixty, and each platform has a name of its own', () => {
  expect(readUserAgent('')).toEqual({ type: null, os: null, brand: null });
  expect(devices.length).toBeGreaterThan(60);
  expect(new Set(devices.map(([, os]) => os)).size).toBeGreaterThan(18);
});

test('a User-Agent without end is read in no time', () => {
  const began = process.cpuUsage();
  for (let times = 0; times < 200; times++) {
    readUserAgent('tizen mobile '.repeat(5_000));
    readUserAgent(`android ${'crkey '.repeat(5_000)}`);
    readUserAgent(`${'smart-tv;'.repeat(5_000)}`);
  }
  expect(process.cpuUsage(began).user / 600).toBeLessThan(1_000);
});
