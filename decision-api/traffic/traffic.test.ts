import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pseudonym } from '../../engines/pseudonym.ts';
import { classOf } from '../asking/user-agent.ts';
import { Agents } from './agents.ts';
import { openLists } from './lists.ts';
import { Networks } from './networks.ts';
import { Rates } from './rates.ts';
import { impossible, type SequenceFacts, Sequences } from './sequence.ts';
import { Traffic } from './traffic.ts';

const NOW = Date.UTC(2026, 5, 1);
const silent = pino({ level: 'silent' });
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-lists-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  'Roku/DVP-14.0 (14.0.0.9165)',
  'Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36',
  'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager',
  'okhttp/4.12.0',
  'Dalvik/2.1.0 (Linux; U; Android 11; BRAVIA 4K VH2 Build/RTM1)',
  'AppleCoreMedia/1.0.0.20L563 (Apple TV; U; CPU OS 16_5 like Mac OS X; en_us)',
  'MyTv/3.1 (Linux;Android 12) ExoPlayerLib/2.18.1',
  'Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'Dalvik/2.1.0 (Linux; U; Android 12; CUBOT TAB 10 Build/SP1A)',
  'Mozilla/5.0 (Linux; Android 12; CUBOT TAB 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
])('a player is no robot: %s', (userAgent) => {
  expect(new Agents([], null, NOW).isRobot(userAgent)).toBe(false);
  expect(classOf(userAgent)).not.toBe('bot');
});

test.each([
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36',
  'python-requests/2.31.0',
  'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
])('a robot that says so is one: %s', (userAgent) => {
  expect(new Agents([], null, NOW).isRobot(userAgent)).toBe(true);
});

test('the lists of the IAB are read with their columns: active, exceptions, at the start, inactive since', () => {
  const exclude = [
    '# IAB/ABC International Spiders and Bots List',
    'evilfetch|1||1|2|0|',
    'asleep|0||1|2|0|',
    'gatherer|1|gatherer tv, my gatherer|1|2|0|',
    'probe|1||1|2|1|',
    'former|1||1|2|0|01/31/2020',
  ];
  const agents = new Agents(exclude, null, NOW);
  const robots = ['X EvilFetch/1', 'asleep/1', 'Gatherer/2', 'Gatherer TV/2', 'Probe/1', 'a Probe/1', 'former/1'];
  expect(robots.filter((each) => agents.isRobot(each))).toEqual(['X EvilFetch/1', 'Gatherer/2', 'Probe/1']);
});

test('what the list excepts by name is no robot by our own words, and nothing else of it is excepted', () => {
  const agents = new Agents(['bot|1|ribot, abbot tv|1|2|0|'], null, NOW);
  const all = ['Mozilla/5.0 (RIBOT 9)', 'Abbot TV/1', 'Abbot/1', 'Abbot TV Googlebot/2', 'Ribot crawler'];
  expect(all.filter((each) => agents.isRobot(each))).toEqual(['Abbot/1', 'Abbot TV Googlebot/2', 'Ribot crawler']);
  const another = new Agents(['tv|1|abbot tv|1|2|0|'], null, NOW);
  expect(['Abbot TV/1', 'Abbot TV Googlebot/2'].map((each) => another.isRobot(each))).toEqual([false, true]);
});

test('with the list of browsers, what is in neither list is none; players stay players', () => {
  const agents = new Agents([], ['mozilla/5.0|1|1|', 'opera|1|1|'], NOW);
  expect(['Mozilla/5.0 (X11)', 'Whatever/1.0', 'Roku/DVP-14.0'].map((each) => agents.isRobot(each))).toEqual([
    false,
    true,
    false,
  ]);
});

test('an address is in a list of networks exactly where one of its networks holds it', () => {
  const address = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'));
  const network = fc.tuple(address, fc.integer({ min: 0, max: 32 }));
  const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  fc.assert(
    fc.property(fc.array(network, { maxLength: 12 }), address, (networks, asked) => {
      const holds = networks.some(([base, bits]) => {
        const span = 2 ** (32 - bits);
        return Math.floor(number(base) / span) === Math.floor(number(asked) / span);
      });
      expect(new Networks(networks.map(([base, bits]) => `${base}/${bits}`)).has(asked)).toBe(holds);
      expect(new Networks(networks.map(([base, bits]) => `${base}/${bits}`)).has(`::ffff:${asked}`)).toBe(holds);
    }),
  );
});

test('networks are told by CIDR or address, with remarks and further columns; what is none is counted', () => {
  const networks = new Networks([
    '# clouds',
    '192.0.2.0/24  # example',
    '2001:db8::/32, US',
    '198.51.100.7',
    'nonsense',
    '',
  ]);
  expect([networks.size, networks.refused]).toEqual([3, 1]);
  const asked = ['192.0.2.200', '192.0.3.0', '2001:db8:1::1', '2001:db9::1', '198.51.100.7', 'not an address', null];
  expect(asked.map((each) => networks.has(each))).toEqual([true, false, true, false, true, false, false]);
});

test('a range is told by its first and its last address, whatever stands between and behind them', () => {
  const networks = new Networks([
    'first,last',
    '192.0.2.0,192.0.2.255,"Cloud, Inc."',
    '"198.51.100.8","198.51.100.9"',
    '203.0.113.0-203.0.113.31',
    '203.0.113.64 - 203.0.113.64 # one',
    '2001:db8::;2001:db8::ff',
    '192.88.99.0/24,192.88.98.0',
    '10.0.0.9,10.0.0.1',
    '10.0.1.1-2001:db8::1',
    '10.0.2.1 - 5 hosts',
  ]);
  expect([networks.size, networks.lines, networks.refused]).toEqual([7, 10, 3]);
  const within = [
    '192.0.2.255',
    '198.51.100.9',
    '203.0.113.31',
    '203.0.113.64',
    '2001:db8::8',
    '192.88.99.3',
    '10.0.2.1',
  ];
  const outside = [
    '192.0.3.0',
    '198.51.100.7',
    '203.0.113.32',
    '203.0.113.65',
    '2001:db8::100',
    '192.88.98.0',
    '10.0.0.5',
  ];
  expect(within.filter((each) => !networks.has(each))).toEqual([]);
  expect(outside.filter((each) => networks.has(each))).toEqual([]);
});

const facts: SequenceFacts = {
  event: 'complete',
  reservation: uuidAt(NOW),
  minute: NOW / 60_000,
  duration_seconds: 30,
  offset_seconds: null,
  received_at: NOW + 30_000,
};

/** A UUIDv7 of a moment. */
function uuidAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000001`;
}

test.each([
  ['complete', 30_000, null],
  ['complete', 26_000, null],
  ['complete', 20_000, 'too_fast'],
  ['midpoint', 13_000, null],
  ['midpoint', 5_000, 'too_fast'],
  ['impression', 0, null],
  ['impression', -1_000, null],
  ['impression', -3_000, 'before_request'],
  ['click', 10, null],
] as const)('%s %i ms after the decision: %s', (event, afterMs, expected) => {
  expect(impossible({ ...facts, event, received_at: NOW + afterMs }, 1)).toBe(expected);
});

test('simulated viewers may play faster, as many times as is configured', () => {
  expect(impossible({ ...facts, received_at: NOW + 500 }, 60)).toBeNull();
  expect(impossible({ ...facts, received_at: NOW + 100 }, 60)).toBe('too_fast');
});

test('what is told in one call with the impression is judged by the decision alone', () => {
  const sequences = new Sequences();
  const at = { ...facts, received_at: NOW + 31_000 };
  expect(sequences.tooFast({ ...at, event: 'impression' }, 1)).toBe(false);
  expect([sequences.tooFast(at, 1), impossible(at, 1)]).toEqual([false, null]);
  expect(sequences.tooFast({ ...at, received_at: NOW + 32_000 }, 1)).toBe(true);
});

test('an ad that began here cannot have ended before its time, however long ago it was decided', () => {
  const sequences = new Sequences();
  const begun = { ...facts, event: 'impression', received_at: NOW + 120_000 };
  expect(sequences.tooFast(begun, 1)).toBe(false);
  expect(sequences.tooFast({ ...facts, received_at: NOW + 130_000 }, 1)).toBe(true);
  expect(sequences.tooFast({ ...facts, received_at: NOW + 150_000 }, 1)).toBe(false);
});

test('a rate is of about the last minute', () => {
  const rates = new Rates();
  for (let n = 0; n < 60; n++) rates.count('v', n * 1_000);
  expect(rates.count('v', 60_000)).toBe(61);
  expect(Math.round(rates.count('v', 90_000))).toBe(32);
  expect(rates.count('v', 180_000)).toBe(1);
  expect(rates.count('w', 180_000)).toBe(1);
});

test('lists are read again when they change; a file that is gone leaves the last good ones', async () => {
  const dataCentresFile = join(folder, 'clouds.txt');
  const badDevicesFile = join(folder, 'devices.txt');
  await writeFile(dataCentresFile, '203.0.113.0/24\n');
  await writeFile(badDevicesFile, 'tv-1\nuser:mallory\n');
  const files = { botsFile: null, browsersFile: null, dataCentresFile, badDevicesFile };
  const lists = await openLists(files, () => NOW, silent);
  const rules = { playbackSpeed: 1, viewerRequestsMax: 3, viewerBeaconsMax: 3 };
  const traffic = new Traffic(lists, rules, () => ['pepper']);
  const at = (address: string) => ({ address, userAgent: null });
  const mallory = { scope: 'user' as const, hash: pseudonym('pepper', 'user', 'mallory') };
  expect(traffic.request(at('203.0.113.9'), [], [], 'a', NOW)).toBe('data_centre');
  expect(traffic.request(at('8.8.8.8'), ['tv-1'], [], 'b', NOW)).toBe('bad_device');
  expect(traffic.request(at('8.8.8.8'), [], [mallory], mallory.hash, NOW)).toBe('bad_device');
  expect([1, 2, 3, 4].map(() => traffic.request(at('8.8.8.8'), [], [], 'c', NOW))).toEqual([null, null, null, 'rate']);
  await writeFile(dataCentresFile, '8.8.8.0/24\n');
  await utimes(dataCentresFile, 1, 1);
  await lists.refresh();
  expect(traffic.request(at('203.0.113.9'), [], [], 'd', NOW)).toBeNull();
  expect(traffic.request(at('8.8.8.8'), [], [], 'e', NOW)).toBe('data_centre');
  await rm(dataCentresFile);
  await lists.refresh();
  expect(traffic.request(at('8.8.8.8'), [], [], 'f', NOW)).toBe('data_centre');
});

test.each([
  ['a head and ranges', 'first,last\n203.0.113.0,203.0.113.255\n', 'info'],
  ['numbers instead of addresses', '3405803776,3405804031\n3405803776,3405804031\n203.0.113.0/24\n', 'warn'],
])('%s in a list of networks: how loud an operator is told', async (_, text, level) => {
  const dataCentresFile = join(folder, 'ranges.txt');
  await writeFile(dataCentresFile, text);
  const files = { botsFile: null, browsersFile: null, dataCentresFile, badDevicesFile: null };
  const told: string[] = [];
  const logger = { info: () => told.push('info'), warn: () => told.push('warn') } as unknown as typeof silent;
  await openLists(files, () => NOW, logger);
  expect(told).toEqual([level]);
});

test('a list that is not there stops the start', async () => {
  const files = { botsFile: join(folder, 'none'), browsersFile: null, dataCentresFile: null, badDevicesFile: null };
  await expect(openLists(files, () => NOW, silent)).rejects.toThrow('BOTS_FILE');
});
