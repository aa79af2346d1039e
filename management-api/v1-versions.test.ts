import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type TestDesk } from './test-desk.ts';

const flight = { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01', cpm_rate: 10 };
let desk: TestDesk;
let key: string;
let origin: string;

beforeAll(async () => {
  desk = await openTestDesk();
  origin = await desk.app.listen({ host: '127.0.0.1', port: 0 });
  key = await desk.key(await desk.organisation('Ours'), 'manager');
});

afterAll(() => desk?.close());

async function upload(path: string): Promise<{ readonly id: string; readonly etag: string | null }> {
  const form = new FormData();
  const file = await readFile(new URL('./test-media/spot.mp4', import.meta.url));
  form.set('file', new Blob([file], { type: 'video/mp4' }), 'a.mp4');
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(origin + path, { method: 'POST', headers, body: form });
  const { id } = (await response.json()) as { id: string };
  return { id, etag: response.headers.get('etag') };
}

test('a change that names an older version than there is is refused, and nothing is changed; without a version it goes on as ever', async () => {
  const made = await desk.ask(key, 'POST', '/api/v1/campaigns', flight);
  const path = `/api/v1/campaigns/${made.body.id}`;
  const stale = { 'if-match': String(made.headers.etag) };
  expect((await desk.ask(key, 'PUT', path, { name: 'First' })).status).toBe(200);
  for (const [method, at, sent] of [
    ['PUT', path, { name: 'Second' }],
    ['PATCH', path, { name: 'Second' }],
    ['PUT', `${path}/status`, { status: 'active' }],
    ['PATCH', `${path}/status`, { status: 'active' }],
    ['DELETE', path, undefined],
  ] as const) {
    expect((await desk.ask(key, method, at, sent, stale)).status, `${method} ${at}`).toBe(412);
  }
  const read = await desk.ask(key, 'GET', path);
  expect(read.body).toMatchObject({ name: 'First', status: 'draft' });
  const known = { 'if-match': String(read.headers.etag) };
  expect((await desk.ask(key, 'PATCH', `${path}/status`, { status: 'active' }, known)).status).toBe(200);
  expect((await desk.ask(key, 'PUT', path, { name: 'x' }, { 'if-match': 'three' })).status).toBe(400);
  expect((await desk.ask(key, 'PUT', path, { name: 'Third' }, { 'if-match': '*' })).status).toBe(200);
});

test('a change of a creative that names an older version of its campaign is refused; what is answered names the newest', async () => {
  const campaign = (await desk.ask(key, 'POST', '/api/v1/campaigns', flight)).body.id;
  const creatives = `/api/v1/campaigns/${campaign}/creatives`;
  const made = await upload(creatives);
  const path = `/api/v1/creatives/${made.id}`;
  const read = await desk.ask(key, 'GET', path);
  expect([read.headers.etag, made.etag]).toEqual([made.etag, expect.stringMatching(/^"\d+"$/)]);
  const listed = await desk.ask(key, 'GET', creatives);
  expect(listed.headers.etag).toBe(made.etag);
  const stale = { 'if-match': String(made.etag) };
  expect((await desk.ask(key, 'PUT', path, { name: 'First' }, stale)).status).toBe(200);
  for (const [method, at, sent] of [
    ['PUT', path, { name: 'Second' }],
    ['PATCH', path, { name: 'Second' }],
    ['PUT', `${path}/status`, { status: 'inactive' }],
    ['PATCH', `${path}/status`, { status: 'inactive' }],
    ['DELETE', path, undefined],
    [
      'POST',
      `/api/v1/campaigns/${campaign}/creatives`,
      { name: 'x', video_url: 'https://cdn.example/x.mp4', duration: 5 },
    ],
  ] as const) {
    expect((await desk.ask(key, method, at, sent, stale)).status, `${method} ${at}`).toBe(412);
  }
  expect((await desk.ask(key, 'GET', path)).body).toMatchObject({ name: 'First', status: 'active' });
  expect((await desk.ask(key, 'DELETE', path)).status).toBe(204);
});
