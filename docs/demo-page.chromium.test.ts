import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium as driver, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentWith } from '../engines/config.ts';
import { readEndpoints } from '../engines/endpoints.ts';
import { chromium } from '../test/browser.ts';

/** A whole house as `npm start` brings it, and its demo page in a real Chromium. */

/** Chromium's own words say that it is driven, and who is driven is a robot: these are a television's. */
const television =
  'Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 TV Safari/537.36';

let folder: string;
let house: ChildProcess;
let pageUrl: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-page-'));
  // At the speed of life: what comes sooner than a picture can is invalid traffic.
  const settings = { DATA_DIR: folder, PORT: '0', MANAGEMENT_PORT: '0', PLAYBACK_SPEED: '1', TICK_AFTER: '1s' };
  house = spawn(process.execPath, [fileURLToPath(new URL('../cli/main.ts', import.meta.url)), 'up'], {
    env: environmentWith({ ...settings, EVENT_LOG: '', STATE_STORE: '', WAREHOUSE: '', CATALOG: '' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  pageUrl = await new Promise<string>((resolve, reject) => {
    const lines: string[] = [];
    house.once('exit', (code) => reject(new Error(`up ended with ${code}:\n${lines.join('\n')}`)));
    if (house.stdout === null) throw new Error('up has no output');
    createInterface({ input: house.stdout }).on('line', (line) => {
      lines.push(line);
      const url = /(http:\S+\/demo\/)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  // Root has no sandbox, and a container little shared memory.
  const args = ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  browser = await driver.launch({ executablePath: chromium()?.program ?? 'chromium', args });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  house?.removeAllListeners('exit');
  if (house?.exitCode === null) {
    house.kill('SIGTERM');
    await once(house, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  readonly page: Page;
  /** Where the page asked. */
  readonly origins: Set<string>;
  readonly complaints: string[];
}

async function openPage(viewer: string, format: 'json' | 'vast', userAgent: string | null = television): Promise<Seen> {
  const context = await browser.newContext(userAgent === null ? {} : { userAgent });
  const page = await context.newPage();
  const origins = new Set<string>();
  const complaints: string[] = [];
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(pageUrl);
  await page.getByLabel('Seconds').fill('35');
  await page.getByLabel('Viewer').fill(viewer);
  await page.getByRole('combobox').selectOption(format);
  return { page, origins, complaints };
}

async function end(page: Page): Promise<readonly string[]> {
  await page.waitForSelector('body[data-state=ended]', { timeout: 150_000 });
  return await page.locator('#log li').allTextContents();
}

interface Row {
  readonly reservation: string;
  readonly event: string;
  readonly position: number;
  readonly billable: boolean;
  readonly traffic: string;
  readonly error_code: number | null;
  readonly received_ms: number;
  readonly duration_seconds: number;
}

/**
 * What the warehouse holds of an answer's ads, once it holds so many. On a crowded machine a call can be made again, by the page after
 * a 503 or by the browser on a lost connection: what came twice is in the warehouse as a duplicate, and is left out.
 */
async function rowsOf(answer: Answer, count: number): Promise<readonly Row[]> {
  const { warehouse = '' } = readEndpoints(folder);
  const sql = `SELECT toString(reservation) AS reservation, event, position, billable, traffic, error_code, duration_seconds,
    toUnixTimestamp64Milli(received_at) AS received_ms FROM breakwater.beacons FINAL WHERE request_id = {id:String} AND NOT duplicate
    ORDER BY received_at, offset FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0`;
  let rows: readonly Row[] = [];
  for (let waited = 0; waited < 60; waited++) {
    const asked = await fetch(`${warehouse}/?param_id=${answer.request_id}`, { method: 'POST', body: sql });
    const text = await asked.text();
    if (!asked.ok) throw new Error(text);
    rows = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
    if (rows.length >= count) return rows;
    await sleep(500);
  }
  throw new Error(`of ${count} beacons the warehouse has ${JSON.stringify(rows)}`);
}

interface Answer {
  readonly request_id: string;
  readonly pod: { readonly ads: readonly { readonly ad_id: string; readonly creative_id: string }[] };
  readonly backups: readonly { readonly ad_id: string }[];
}

function answerTo(page: Page): Promise<Answer> {
  return page.waitForResponse(/\/api\/v2\/ad-request/).then((response) => response.json() as Promise<Answer>);
}

const wholeAd = ['impression', 'creativeView', 'start', 'firstQuartile', 'midpoint', 'thirdQuartile', 'complete'];

test.concurrent('a pod is played to its end by keyboard, and its beacons are in the warehouse', async () => {
  const { page, origins, complaints } = await openPage('keyboard', 'json');
  const answering = answerTo(page);
  await page.getByRole('combobox').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const answer = await answering;
  const { ads } = answer.pod;
  expect(ads.length).toBeGreaterThanOrEqual(2);
  const log = await end(page);
  expect(log.slice(1)).toEqual(ads.flatMap(() => wholeAd.map((event) => `${event}: 200`)));
  const rows = await rowsOf(answer, ads.length * wholeAd.length);
  for (const [at, { ad_id }] of ads.entries()) {
    const own = rows.filter(({ reservation }) => reservation === ad_id);
    expect(own.map(({ event }) => event).sort()).toEqual([...wholeAd].sort());
    expect(own.every((row) => row.billable && row.traffic === '' && row.position === at + 1)).toBe(true);
    const when = Object.fromEntries(own.map(({ event, received_ms }) => [event, received_ms]));
    const length = (own[0]?.duration_seconds ?? 0) * 1000;
    // A picture comes no sooner than its place in the ad; the slack is one call's way.
    for (const [event, part] of [
      ['midpoint', 0.5],
      ['complete', 1],
    ] as const)
      expect((when[event] ?? 0) - (when.start ?? 0)).toBeGreaterThan(length * part - 1_000);
  }
  expect(rows.length).toBe(ads.length * wholeAd.length);
  expect(origins).toEqual(new Set([new URL(pageUrl).origin]));
  expect(complaints).toEqual([]);
}, 180_000);

test.concurrent('VAST is played too; pausing and muting are told', async () => {
  const { page, complaints } = await openPage('vast', 'vast');
  const answering = page.waitForResponse(/\/api\/v2\/vast/);
  await page.getByRole('button', { name: 'Play a pod' }).click();
  const text = await (await answering).text();
  const ads = text.match(/<Ad [^>]*sequence=/g)?.length ?? 0;
  expect(ads).toBeGreaterThanOrEqual(2);
  await page.waitForSelector('#log li[data-event=start]');
  await page.locator('h1').click();
  for (const [key, event] of [
    [' ', 'pause'],
    [' ', 'resume'],
    ['m', 'mute'],
    ['m', 'unmute'],
  ] as const) {
    await page.keyboard.press(key);
    await page.waitForSelector(`#log li[data-event=${event}]`);
  }
  const log = await end(page);
  const played = [...wholeAd, 'progress'].flatMap((event) => Array(ads).fill(`${event}: 200`));
  const said = [...played, ...['pause', 'resume', 'mute', 'unmute'].map((event) => `${event}: 200`)];
  expect(log.slice(1).toSorted()).toEqual(said.toSorted());
  expect(complaints).toEqual([]);
}, 180_000);

test.concurrent('a file that does not come is told as an error, and a backup takes its place', async () => {
  const { page } = await openPage('cut', 'json');
  let cut: string | undefined;
  await page.route('**/demo/clips/**', (route) => {
    const creative = /clips\/([^/]+)/.exec(route.request().url())?.[1];
    cut ??= creative;
    return creative === cut ? route.abort() : route.continue();
  });
  const answering = answerTo(page);
  await page.getByRole('button', { name: 'Play a pod' }).click();
  const answer = await answering;
  const [failed] = answer.pod.ads;
  await end(page);
  expect(failed?.creative_id).toBe(cut);
  const rows = await rowsOf(answer, answer.pod.ads.length * wholeAd.length + 1);
  const eventsOf = (id: string | undefined) => rows.filter(({ reservation }) => reservation === id);
  expect(eventsOf(failed?.ad_id)).toMatchObject([{ event: 'error', error_code: 405 }]);
  expect(eventsOf(answer.backups[0]?.ad_id).map(({ event }) => event)).toEqual(expect.arrayContaining(wholeAd));
}, 180_000);

test.concurrent('a browser that says it is driven is counted, and not billed', async () => {
  const { page } = await openPage('robot', 'json', null);
  const answering = answerTo(page);
  await page.getByRole('button', { name: 'Play a pod' }).click();
  const answer = await answering;
  await page.waitForSelector('#log li[data-event=start]');
  const rows = await rowsOf(answer, 3);
  expect(rows.every(({ billable, traffic }) => !billable && traffic !== '')).toBe(true);
}, 180_000);

test('nothing but the page and its clips is below /demo/', async () => {
  for (const path of [
    'tsconfig.json',
    'clips/make.sh',
    'clips/x/make.sh',
    'clips/x/7s.mp4',
    'clips/x/..%2f..%2fpage.mjs',
  ])
    expect((await fetch(pageUrl + path)).status, path).toBe(404);
  const clip = await fetch(`${pageUrl}clips/any/15s.webm`, { headers: { range: 'bytes=10-19' } });
  expect([clip.status, clip.headers.get('content-type'), (await clip.bytes()).length]).toEqual([206, 'video/webm', 10]);
});
