import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type TestDesk } from '../test-desk.ts';
import { removeUnclaimed } from './claims.ts';

const media = fileURLToPath(new URL('../test-media/', import.meta.url));
const base = 'http://management.test';
let desk: TestDesk;
let key: string;
let foreign: string;

beforeAll(async () => {
  desk = await openTestDesk();
  key = await desk.key(await desk.organisation('Ours'), 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
});

afterAll(() => desk?.close());

async function campaign(who = key): Promise<string> {
  const body = { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01', cpm_rate: 10 };
  return (await desk.ask(who, 'POST', '/api/v1/campaigns', body)).body.id;
}

/** A file that was put to an upload URL and has no creative yet. */
async function uploaded(of: string, file = 'spot.mp4'): Promise<string> {
  const { body } = await desk.ask(key, 'POST', `/api/v1/campaigns/${of}/creatives/upload-url`, {});
  const payload = await readFile(join(media, file));
  const headers = { 'content-type': 'video/mp4' };
  const url = String(body.upload_url).slice(base.length);
  expect((await desk.app.inject({ method: 'PUT', url, payload, headers })).statusCode).toBe(201);
  return String(body.video_url);
}

const add = (to: string, body: object, who = key) => desk.ask(who, 'POST', `/api/v1/campaigns/${to}/creatives`, body);
const change = (id: string, body: object) => desk.ask(key, 'PATCH', `/api/v1/creatives/${id}`, body);
const nameIn = (url: string) => url.slice(url.lastIndexOf('/') + 1);
const files = () => readdir(join(desk.folder, 'media', 'files'));
const elsewhere = { name: 'Spot', video_url: 'https://cdn.example/spot.mp4', duration: 30 };

test('an uploaded file that a creative was given later is looked at, and stays', async () => {
  const of = await campaign();
  const { id } = (await add(of, elsewhere)).body;
  const url = await uploaded(of);
  expect(await change(id, { video_url: url, duration: 99 })).toMatchObject({
    status: 200,
    body: { video_url: url, duration: 2, width: 64, height: 36, file_size: 5731, format: 'mp4' },
  });
  expect((await change(id, { duration: 77 })).body).toMatchObject({ duration: 2, width: 64 });
  const unplayable = await change(id, { video_url: await uploaded(of, 'high444.mp4') });
  expect([unplayable.status, unplayable.body.errors[0]?.pointer]).toEqual([422, '/video_url']);
  const nothing = await change(id, { video_url: `${base}/media/${desk.parts.random.uuid()}.mp4` });
  expect([nothing.status, nothing.body.errors[0]?.pointer]).toEqual([422, '/video_url']);
  expect((await change(id, { name: 'Renamed' })).body).toMatchObject({ video_url: url, duration: 2 });
  expect(await removeUnclaimed(desk.parts, [nameIn(url)])).toBe(0);
  expect(await files()).toContain(nameIn(url));
});

test('a file that v2 names, as media or as mezzanine, stays; one that nobody names goes', async () => {
  const of = await campaign();
  const [shown, mezzanine, forgotten] = [await uploaded(of), await uploaded(of), await uploaded(of)];
  const file = { type: 'video/mp4', delivery: 'progressive', width: 64, height: 36 };
  const body = { name: 'S', duration_seconds: 2, media: [{ ...file, url: `${shown}?v=2` }] };
  const made = await desk.ask(key, 'POST', `/api/v2/campaigns/${of}/creatives`, {
    ...body,
    mezzanines: [{ ...file, url: mezzanine }],
  });
  expect(made.status).toBe(201);
  expect(await removeUnclaimed(desk.parts, [shown, mezzanine, forgotten].map(nameIn))).toBe(1);
  const left = await files();
  expect([shown, mezzanine, forgotten].map((url) => left.includes(nameIn(url)))).toEqual([true, true, false]);
});

test('a file stays while a copy of its creative shows it', async () => {
  const of = await campaign();
  const url = await uploaded(of);
  const original = await add(of, { name: 'Original', video_url: url });
  const copy = await add(of, { ...elsewhere, name: 'Copy' });
  expect((await change(copy.body.id, { video_url: url })).status).toBe(200);
  const remove = (id: string) => desk.ask(key, 'DELETE', `/api/v1/creatives/${id}`);
  expect((await remove(original.body.id)).status).toBe(204);
  expect(await files()).toContain(nameIn(url));
  expect((await remove(copy.body.id)).status).toBe(204);
  expect(await removeUnclaimed(desk.parts, [nameIn(url)])).toBe(1);
});

test('the file of another organisation is a file that lies elsewhere, also when its creative is gone', async () => {
  const [of, theirs] = [await campaign(), await campaign(foreign)];
  const url = await uploaded(of);
  const { id } = (await add(of, { name: 'Ours', video_url: url })).body;
  for (const name of ['While it is there', 'When it is gone']) {
    const bare = await add(theirs, { name, video_url: url }, foreign);
    expect([bare.status, bare.body.errors[0]?.pointer]).toEqual([400, '/duration']);
    const made = await add(theirs, { name, video_url: url, duration: 30 }, foreign);
    expect(made).toMatchObject({ status: 201, body: { video_url: url, duration: 30, status: 'active' } });
    expect(made.body.id).not.toBe(id);
    await desk.ask(key, 'DELETE', `/api/v1/creatives/${id}`);
  }
  expect(await files()).toContain(nameIn(url));
});
