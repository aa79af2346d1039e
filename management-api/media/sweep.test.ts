import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DOCUMENT_BYTES_MAX } from '../../engines/catalog/document-bytes.ts';
import { openTestDesk, type TestDesk } from '../test-desk.ts';
import { sweepMedia } from './sweep.ts';

const spot = fileURLToPath(new URL('../test-media/spot.mp4', import.meta.url));
const base = 'http://management.test';
let desk: TestDesk;
let organisation: string;
let key: string;

beforeAll(async () => {
  desk = await openTestDesk();
  organisation = await desk.organisation('Ours');
  key = await desk.key(organisation, 'manager');
});

afterAll(() => desk?.close());

const nameIn = (url: string) => url.slice(url.lastIndexOf('/') + 1);
const files = () => readdir(join(desk.folder, 'media', 'files'));
const system = (text: string, values: readonly unknown[]) =>
  desk.parts.desk.system((sql) => sql.query(text, [...values]));

async function campaign(): Promise<string> {
  const body = { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01', cpm_rate: 10 };
  return (await desk.ask(key, 'POST', '/api/v1/campaigns', body)).body.id;
}

/** A file that was put to an upload URL and has no creative yet. */
async function uploaded(of: string): Promise<string> {
  const { body } = await desk.ask(key, 'POST', `/api/v1/campaigns/${of}/creatives/upload-url`, {});
  const url = String(body.upload_url).slice(base.length);
  const headers = { 'content-type': 'video/mp4' };
  expect((await desk.app.inject({ method: 'PUT', url, payload: await readFile(spot), headers })).statusCode).toBe(201);
  return String(body.video_url);
}

/** A creative whose process died before it had looked at the file; answers its id. */
async function orphan(of: string): Promise<string> {
  const body = { name: 'Orphan', video_url: await uploaded(of) };
  const { id } = (await desk.ask(key, 'POST', `/api/v1/campaigns/${of}/creatives`, body)).body;
  await system('DELETE FROM creative_media_files WHERE creative_id = $1', [id]);
  await system(`UPDATE creatives SET status = 'processing', video_url = NULL WHERE id = $1`, [id]);
  return id;
}

/** Makes the campaign as large as it may be. */
async function fill(id: string): Promise<void> {
  const media = [{ url: 'https://cdn.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }];
  const spare = { name: 'Spare', duration_seconds: 30, media };
  const made = (await desk.ask(key, 'POST', `/api/v2/campaigns/${id}/creatives`, spare)).body.id;
  const put = (text: string) =>
    system('UPDATE creatives SET parts = $2 WHERE id = $1', [made, JSON.stringify({ adParameters: text })]);
  await put('');
  const [document] = await desk.parts.desk.read(organisation, (sql) => sql.campaigns([id]));
  const bytes = Buffer.byteLength(JSON.stringify({ ...document, status: '', version: 0 }));
  await put('x'.repeat(DOCUMENT_BYTES_MAX - bytes));
}

test('an upload that has no room in its campaign fails with that reason, and holds up neither others nor what is to be removed', async () => {
  const full = await campaign();
  const first = await orphan(full);
  await fill(full);
  const second = await orphan(await campaign());
  for (const [hours, id] of [second, first].entries())
    await system(`UPDATE creatives SET updated_at = NOW() - $2 * INTERVAL '1 hour' WHERE id = $1`, [id, hours + 1]);
  const unclaimed = nameIn(await uploaded(full));
  const leftovers = { removeAbandoned: () => Promise.reject(new Error('no')), older: async () => [unclaimed] };
  using _ = sweepMedia(desk.parts.clock, desk.parts, leftovers);
  const read = async (id: string) => (await desk.ask(key, 'GET', `/api/v1/creatives/${id}`)).body;
  await vi.waitFor(async () => expect((await read(second)).status).toBe('active'), { timeout: 20_000, interval: 50 });
  await vi.waitFor(async () => expect(await files()).toEqual([`${second}.mp4`]), { timeout: 20_000, interval: 50 });
  expect(await read(first)).toMatchObject({
    status: 'failed',
    failure: expect.stringContaining('bytes as a document'),
  });
});
