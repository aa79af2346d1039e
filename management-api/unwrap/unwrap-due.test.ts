import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Creative } from '../../domain/creative.ts';
import { asServed } from '../../domain/unwrapped.ts';
import { openPostgresCatalog } from '../../engines/catalog/postgres-catalog.ts';
import { systemClock } from '../../engines/clock.ts';
import { openTestDesk, type TestDesk } from '../test-desk.ts';
import { type UnwrapParts, unwrapDue, unwrapTimes } from './unwrap-due.ts';

let desk: TestDesk;
let manager: string;
let foreign: string;
let campaign: string;
let server: Server;
let host: string;
let answer: { status: number; text: string };
let asked: number;

beforeAll(async () => {
  desk = await openTestDesk();
  manager = await desk.key(await desk.organisation('Ours'), 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
  const advertiser = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const made = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Third party',
    advertiser_id: advertiser.body.id,
    status: 'active',
    starts_at: '2020-01-01T00:00:00Z',
    ends_at: '2090-01-01T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
  });
  campaign = `/api/v2/campaigns/${made.body.id}`;
  server = createServer((_, response) => {
    asked++;
    response.writeHead(answer.status).end(answer.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  asked = 0;
  answer = { status: 200, text: ad() };
});

afterAll(async () => {
  server?.close();
  await desk?.close();
});

const ad = ({ file = 'a', expires = '' } = {}) => `<VAST version="4.2"><Ad><InLine>${expires}
  <Impression>https://theirs.example/${file}</Impression><AdTitle>T</AdTitle><Creatives><Creative><Linear><Duration>00:00:30</Duration><MediaFiles>
  <MediaFile type="video/mp4" delivery="progressive" width="1280" height="720">https://cdn.example/${file}.mp4</MediaFile>
  </MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>`;

/** As a management process does it, so much later. */
const unwrap = (laterMs = 0, more: Partial<UnwrapParts> = {}) => {
  const clock = { ...systemClock(), now: () => systemClock().now() + laterMs };
  const { desk: rows, random } = desk.parts;
  return unwrapDue({ desk: rows, clock, random, enabled: true, allowed: [host], never: [], ...more });
};

async function newCreative(more: object = {}): Promise<{ readonly id: string; readonly path: string }> {
  const tag = { vast_tag_url: `http://${host}/tag?cb=[CACHEBUSTING]`, unwrap: true };
  const body = { name: 'Tag', duration_seconds: 30, ...tag, ...more };
  const made = await desk.ask(manager, 'POST', `${campaign}/creatives`, body);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return { id: made.body.id, path: `/api/v2/creatives/${made.body.id}` };
}

interface Announced {
  readonly version: number;
  readonly creatives: readonly Creative[];
}

/** The newest document that deciders are told. */
async function announced(id: string): Promise<{ readonly version: number; readonly served: Creative }> {
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query<{ document: Announced }>('SELECT document FROM outbox ORDER BY sequence DESC LIMIT 1'),
  );
  const document = rows[0]?.document as Announced;
  const creative = document.creatives.find((each) => each.id === id) as Creative;
  return { version: document.version, served: asServed(creative) };
}

const statusOf = async (path: string) => (await desk.ask(manager, 'GET', `${path}/unwrap`)).body;
const any = { 'if-match': '*' };
/** The next test asks for its own alone. */
const retire = (path: string) => desk.ask(manager, 'PATCH', path, { status: 'inactive' }, any);

test('a tag is followed once, and deciders are told of its files and trackers, in documents and in the snapshot', async () => {
  const { id, path } = await newCreative();
  expect(await statusOf(path)).toMatchObject({ state: 'waiting', media: [] });
  // Two processes look at the same time.
  expect((await Promise.all([unwrap(), unwrap()])).reduce((a, b) => a + b, 0)).toBe(1);
  expect(asked).toBe(1);
  const { served } = await announced(id);
  expect(served.vastTagUrl).toBeUndefined();
  expect(served.media.map(({ url }) => url)).toEqual(['https://cdn.example/a.mp4']);
  expect(served.trackers).toEqual([{ event: 'impression', url: 'https://theirs.example/a' }]);
  const catalog = openPostgresCatalog({ url: desk.url });
  const { campaigns } = await catalog.snapshot();
  await catalog.close();
  const held = campaigns.flatMap(({ creatives }) => creatives).find((each) => each.id === id) as Creative;
  expect(asServed(held)).toEqual(served);
  expect(await statusOf(path)).toMatchObject({ state: 'served', wrappers: 0, fault: null, trackers: served.trackers });
  expect(await unwrap(unwrapTimes.refreshMs - 5_000)).toBe(0);
  await retire(path);
});

test('what management shows, changes and writes down is the tag, and a change keeps what it led to', async () => {
  const { id, path } = await newCreative();
  await unwrap();
  const { body } = await desk.ask(manager, 'GET', path);
  expect(body).toMatchObject({ unwrap: true, media: [] });
  expect(body).not.toHaveProperty('unwrapped');
  await desk.ask(manager, 'PATCH', path, { name: 'Another name' }, any);
  expect((await announced(id)).served).toMatchObject({
    name: 'Another name',
    media: [{ url: 'https://cdn.example/a.mp4' }],
  });
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query<{ entry: string }>('SELECT entry FROM audit_log ORDER BY at DESC LIMIT 1'),
  );
  expect(rows[0]?.entry).toContain('Another name');
  expect(rows[0]?.entry).not.toContain('cdn.example');
  // A later tag, length or wish is never answered with what an earlier one led to.
  for (const change of [
    { duration_seconds: 15 },
    { duration_seconds: 30, vast_tag_url: 'https://x.example/' },
    { unwrap: null },
  ]) {
    await desk.ask(manager, 'PATCH', path, change, any);
    expect((await announced(id)).served.media, JSON.stringify(change)).toEqual([]);
  }
  await retire(path);
});

test('it is asked again in time; nobody is told where nothing changed', async () => {
  const { id, path } = await newCreative();
  await unwrap();
  const first = await announced(id);
  expect(await unwrap(unwrapTimes.refreshMs)).toBe(1);
  expect((await announced(id)).version).toBe(first.version);
  answer.text = ad({ file: 'b' });
  expect(await unwrap(2 * unwrapTimes.refreshMs)).toBe(1);
  expect((await announced(id)).served.media[0]?.url).toBe('https://cdn.example/b.mp4');
  await retire(path);
});

test('an ad with Expires is asked for again before it, and is given up after it', async () => {
  answer.text = ad({ expires: '<Expires>300</Expires>' });
  const { id, path } = await newCreative();
  await unwrap();
  expect(await unwrap(140_000)).toBe(0);
  answer = { status: 500, text: '' };
  expect(await unwrap(151_000)).toBe(1);
  expect((await announced(id)).served.media.length).toBe(1);
  await unwrap(301_000);
  expect((await announced(id)).served).toMatchObject({ media: [], vastTagUrl: `http://${host}/tag?cb=[CACHEBUSTING]` });
  expect(await statusOf(path)).toMatchObject({ state: 'failed', fault: expect.stringContaining('answered 500') });
  answer = { status: 200, text: ad({ expires: '<Expires>60</Expires>' }) };
  await unwrap(3_600_000);
  expect(await statusOf(path)).toMatchObject({ state: 'failed', fault: expect.stringContaining('too soon') });
  await retire(path);
});

test('what fails is tried again ever later, at once where somebody asks, and the tag is served meanwhile', async () => {
  answer = { status: 404, text: '' };
  const { id, path } = await newCreative();
  const before = await announced(id);
  await unwrap();
  expect(await statusOf(path)).toMatchObject({ state: 'failed', failures: 1 });
  // A fault is no news for deciders.
  expect(await announced(id)).toEqual(before);
  expect(await unwrap(unwrapTimes.retryMsMin - 5_000)).toBe(0);
  expect(await unwrap(unwrapTimes.retryMsMin)).toBe(1);
  expect(await unwrap(unwrapTimes.retryMsMin * 2)).toBe(0);
  const again = await desk.ask(manager, 'POST', `${path}/unwrap`);
  expect([again.status, again.body.failures]).toEqual([202, 2]);
  answer = { status: 200, text: ad() };
  expect(await unwrap()).toBe(1);
  expect(await statusOf(path)).toMatchObject({ state: 'served', failures: 0 });
  await retire(path);
});

test('where it is switched off nothing is asked, and what is known is given up', async () => {
  const { id, path } = await newCreative();
  await unwrap();
  expect((await announced(id)).served.media.length).toBe(1);
  asked = 0;
  expect(await unwrap(unwrapTimes.refreshMs, { enabled: false })).toBe(0);
  expect([asked, (await announced(id)).served.media]).toEqual([0, []]);
  await retire(path);
});

test('a host of this network is asked only where it is allowed by name', async () => {
  const { path } = await newCreative();
  await unwrap(0, { allowed: [] });
  expect([asked, await statusOf(path)]).toMatchObject([
    0,
    { state: 'failed', fault: expect.stringContaining('must be an https') },
  ]);
  await retire(path);
});

test('unwrapping needs a tag, and is nobody else’s to see or to start', async () => {
  const wrong = await desk.ask(manager, 'POST', `${campaign}/creatives`, {
    name: 'F',
    duration_seconds: 30,
    unwrap: true,
    media: [{ url: 'https://cdn.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }],
  });
  expect([wrong.status, wrong.body.errors[0]?.pointer]).toEqual([422, '/unwrap']);
  const { path } = await newCreative({ unwrap: false });
  expect(await unwrap()).toBe(0);
  expect((await statusOf(path)).state).toBe('off');
  expect((await desk.ask(manager, 'POST', `${path}/unwrap`)).status).toBe(409);
  expect((await desk.ask(foreign, 'GET', `${path}/unwrap`)).status).toBe(404);
  expect((await desk.ask(foreign, 'POST', `${path}/unwrap`)).status).toBe(404);
});
