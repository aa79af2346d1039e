import { readdir, readFile, truncate } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type Said, type TestDesk } from './test-desk.ts';
import { resumeProcessing } from './v1/uploads.ts';

const media = fileURLToPath(new URL('./test-media/', import.meta.url));
let desk: TestDesk;
let key: string;
let foreign: string;
let origin: string;
let campaign: string;

beforeAll(async () => {
  desk = await openTestDesk();
  origin = await desk.app.listen({ host: '127.0.0.1', port: 0 });
  key = await desk.key(await desk.organisation('Ours'), 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
  const body = { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01', cpm_rate: 10 };
  campaign = (await desk.ask(key, 'POST', '/api/v1/campaigns', body)).body.id;
});

afterAll(() => desk?.close());

const pointers = ({ body }: Said) => body.errors.map(({ pointer }) => pointer);
const post = (body: object, who = key) => desk.ask(who, 'POST', `/api/v1/campaigns/${campaign}/creatives`, body);

async function upload(
  file: Buffer | string,
  fields: Readonly<Record<string, string>> = {},
  name = 'file',
): Promise<Said> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set(
    name,
    new Blob([typeof file === 'string' ? await readFile(join(media, file)) : file], { type: 'video/mp4' }),
    'a.mp4',
  );
  const response = await fetch(`${origin}/api/v1/campaigns/${campaign}/creatives`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: form,
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: (await response.json()) as Said['body'],
  };
}

async function filesLeft(): Promise<readonly string[]> {
  const folders = ['incoming', 'files'].map((folder) => readdir(join(desk.folder, 'media', folder)).catch(() => []));
  return (await Promise.all(folders)).flat().toSorted();
}

test('a creative whose file lies elsewhere is added, read, changed, shown or not, and removed', async () => {
  const made = await post({ name: 'Spot', video_url: 'https://cdn.example/spot.mp4', duration: 30, file_size: 7 });
  expect(made).toMatchObject({
    status: 201,
    body: {
      campaign_id: campaign,
      video_url: 'https://cdn.example/spot.mp4',
      duration: 30,
      file_size: 7,
      width: 1920,
      format: 'mp4',
      status: 'active',
      failure: null,
    },
  });
  const path = `/api/v1/creatives/${made.body.id}`;
  const changed = await desk.ask(key, 'PUT', path, {
    video_url: 'https://cdn.example/a.m3u8',
    click_url: 'https://x.example/',
  });
  expect(changed.body).toMatchObject({ name: 'Spot', format: 'hls', file_size: null, click_url: 'https://x.example/' });
  expect((await desk.ask(key, 'PATCH', `${path}/status`, { status: 'inactive' })).body.status).toBe('inactive');
  const v2 = await desk.ask(key, 'GET', `/api/v2/creatives/${made.body.id}`);
  expect(v2.body).toMatchObject({
    status: 'inactive',
    media: [{ type: 'application/x-mpegURL', delivery: 'streaming' }],
  });
  expect((await desk.ask(key, 'GET', path)).body).toMatchObject({ status: 'inactive', format: 'hls' });
  expect((await desk.ask(key, 'DELETE', path)).status).toBe(204);
  expect((await desk.ask(key, 'GET', path)).status).toBe(404);
});

test.each([
  [{ video_url: 'ftp://x/y.mp4' }, '/video_url'],
  [{ video_url: undefined }, '/video_url'],
  [{ duration: 0 }, '/duration'],
  [{ duration: 121 }, '/duration'],
  [{ duration: undefined }, '/duration'],
  [{ format: 'avi' }, '/format'],
  [{ width: 0 }, '/width'],
  [{ status: 'failed' }, '/status'],
  [{ bitrate: 1 }, '/bitrate'],
])('a creative with %j is refused with its place', async (fields, pointer) => {
  const said = await post({ name: 'Spot', video_url: 'https://cdn.example/spot.mp4', duration: 30, ...fields });
  expect([said.status, pointers(said)]).toEqual([400, [pointer]]);
});

test('an uploaded file is looked at: its length, size and picture are what is found, and players get it by ranges', async () => {
  const made = await upload('spot.mp4', { name: 'Uploaded', click_url: 'https://x.example/' });
  expect(made).toMatchObject({
    status: 201,
    body: {
      name: 'Uploaded',
      status: 'active',
      duration: 2,
      width: 64,
      height: 36,
      file_size: 5731,
      format: 'mp4',
      failure: null,
    },
  });
  const { pathname } = new URL(made.body.video_url as string);
  const file = await readFile(join(media, 'spot.mp4'));
  const get = async (range?: string) => {
    const answer = await fetch(origin + pathname, range === undefined ? {} : { headers: { range } });
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const whole = await get();
  expect(whole.bytes.equals(file)).toBe(true);
  expect(whole.headers.get('content-type')).toBe('video/mp4');
  expect(whole.headers.get('cache-control')).toContain('immutable');
  for (const [range, from, to] of [
    ['bytes=0-9', 0, 10],
    ['bytes=5700-', 5700, 5731],
    ['bytes=-31', 5700, 5731],
    ['bytes=5000-9999', 5000, 5731],
  ] as const) {
    const part = await get(range);
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/5731`]);
    expect(part.bytes.equals(file.subarray(from, to))).toBe(true);
  }
  expect((await get('bytes=5731-')).status).toBe(416);
  expect((await fetch(origin + pathname, { method: 'HEAD' })).headers.get('content-length')).toBe('5731');
  const tag = whole.headers.get('etag') ?? '';
  expect((await fetch(origin + pathname, { headers: { 'if-none-match': tag } })).status).toBe(304);
  for (const other of ['../../../etc/passwd', '00000000-0000-7000-8000-000000000000.mp4', '%2e%2e%2fcatalog']) {
    expect((await fetch(`${origin}/media/${other}`)).status).toBe(404);
  }
});

test.each([
  ['vp9.webm', /WebM/],
  ['high444.mp4', /4:4:4/],
])('%s is refused with its reason, is kept as failed without its file, and can be removed', async (name, reason) => {
  const before = await filesLeft();
  const said = await upload(name, { name });
  expect([said.status, pointers(said)]).toEqual([422, ['/file']]);
  expect(said.body.detail).toMatch(reason);
  expect(await filesLeft()).toEqual(before);
  const { body } = await desk.ask(key, 'GET', `/api/v1/campaigns/${campaign}/creatives`);
  const failed = (body.creatives as Said['body'][]).find((each) => each.name === name);
  expect(failed).toMatchObject({ status: 'failed', video_url: null, failure: expect.stringMatching(reason) });
  const path = `/api/v1/creatives/${failed?.id}`;
  expect(pointers(await desk.ask(key, 'PUT', `${path}/status`, { status: 'active' }))).toEqual(['/status']);
  expect((await desk.ask(key, 'DELETE', path)).status).toBe(204);
});

test('what is no media file, one cut short, and nothing at all are refused and leave nothing', async () => {
  const spot = await readFile(join(media, 'spot.mp4'));
  const before = await filesLeft();
  for (const [file, status] of [
    [Buffer.from('hello'), 422],
    [spot.subarray(0, 3_000), 422],
    [Buffer.alloc(0), 400],
  ] as const) {
    const said = await upload(file);
    expect([said.status, [...new Set(pointers(said))]]).toEqual([status, ['/file']]);
  }
  expect(pointers(await upload(spot, { status: 'failed' }))).toEqual(['/status']);
  expect(pointers(await upload(spot, {}, 'movie'))).toEqual(['/movie']);
  expect(pointers(await upload(spot, { video_url: 'https://x.example/a.mp4' }))).toEqual(['/video_url']);
  const large = await upload(Buffer.alloc(100_001));
  expect([large.status, pointers(large)]).toEqual([413, ['/file']]);
  expect(await filesLeft()).toEqual(before);
});

test('an upload that breaks off in the middle leaves no file and no creative', async () => {
  const before = await filesLeft();
  const list = async () => (await desk.ask(key, 'GET', `/api/v1/campaigns/${campaign}/creatives`)).body;
  const known = await list();
  const { port } = new URL(origin);
  const head = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp4"\r\ncontent-type: video/mp4\r\n\r\n`;
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `POST /api/v1/campaigns/${campaign}/creatives HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
          `content-type: multipart/form-data; boundary=b\r\ncontent-length: 90000\r\n\r\n${head}${'x'.repeat(20_000)}`,
        () => setTimeout(() => socket.destroy(), 200),
      );
    });
    socket.on('error', reject).on('close', () => resolve());
  });
  await expect.poll(filesLeft, { timeout: 5_000 }).toEqual(before);
  expect(await list()).toEqual(known);
});

test('an upload URL takes one file, once; the creative with its video_url has been looked at', async () => {
  const place = await desk.ask(key, 'POST', `/api/v1/campaigns/${campaign}/creatives/upload-url`, {
    filename: 'a.mp4',
  });
  const { upload_url, video_url, method, headers } = place.body as unknown as Record<string, string> & {
    headers: Record<string, string>;
  };
  expect([place.status, method]).toEqual([201, 'PUT']);
  const early = await post({ name: 'Early', video_url });
  expect([early.status, pointers(early)]).toEqual([422, ['/video_url']]);
  const target = String(upload_url).replace('http://management.test', origin);
  const put = async (to: string) => {
    const body = await readFile(join(media, 'spot.mp4'));
    return (await fetch(to, { method: 'PUT', headers, body })).status;
  };
  expect(await put(target.replace(/signature=./, (text) => (text.endsWith('_') ? 'signature=A' : 'signature=_')))).toBe(
    403,
  );
  expect(await put(target.replace(/expires=\d/, 'expires=9'))).toBe(403);
  expect(await put(target)).toBe(201);
  expect(await put(target)).toBe(409);
  const made = await post({ name: 'By URL', video_url });
  expect(made).toMatchObject({
    status: 201,
    body: { status: 'active', duration: 2, width: 64, file_size: 5731, video_url },
  });
  const again = await post({ name: 'Twice', video_url });
  expect([again.status, pointers(again)]).toEqual([409, ['/video_url']]);
});

test('an upload URL takes no empty file and stays good; an empty file that is there all the same is answered as one', async () => {
  const place = await desk.ask(key, 'POST', `/api/v1/campaigns/${campaign}/creatives/upload-url`, {});
  const target = String(place.body.upload_url).replace('http://management.test', origin);
  const put = async (body: Buffer) => (await fetch(target, { method: 'PUT', body })).status;
  expect(await put(Buffer.alloc(0))).toBe(400);
  expect(await put(await readFile(join(media, 'spot.mp4')))).toBe(201);
  const { pathname } = new URL(String(place.body.video_url));
  await truncate(join(desk.folder, 'media', 'files', pathname.replace('/media/', '')));
  const empty = await fetch(origin + pathname);
  expect([empty.status, empty.headers.get('content-type'), await empty.text()]).toEqual([200, 'video/mp4', '']);
});

test('a form that is none is told as one', async () => {
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/mixed; boundary=b']) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': type };
    const answer = await fetch(`${origin}/api/v1/campaigns/${campaign}/creatives`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect([type, answer.status < 500 && answer.status >= 400]).toEqual([type, true]);
  }
});

test('what a process that died had left processing is ended by the next one, however many the MVP had left', async () => {
  const made = await upload('spot.mp4', { name: 'Left' });
  await desk.parts.desk.system(async (sql) => {
    await sql.query(
      `INSERT INTO creatives (campaign_id, name, duration, status, created_at, updated_at)
       SELECT $1, 'MVP ' || n, 30, 'processing', '2020-01-01', NOW() - n % 2 * INTERVAL '1 year' - INTERVAL '10 minutes'
       FROM generate_series(1, 240) AS n`,
      [campaign],
    );
    await sql.query(
      `UPDATE creatives SET status = 'processing', video_url = NULL, updated_at = NOW() - INTERVAL '1 hour' WHERE id = $1`,
      [made.body.id],
    );
    // Ours lies in the middle where nobody asks for an order.
    await sql.query('CREATE INDEX by_age ON creatives (updated_at)');
    await sql.query('CLUSTER creatives USING by_age');
    await sql.query('DROP INDEX by_age');
  });
  expect(await resumeProcessing(desk.parts)).toBe(1);
  expect((await desk.ask(key, 'GET', `/api/v1/creatives/${made.body.id}`)).body).toMatchObject({
    status: 'active',
    duration: 2,
  });
  expect(await resumeProcessing(desk.parts)).toBe(0);
});

test('another organisation reaches none of it, and a stranger uploads nothing', async () => {
  const made = await post({ name: 'Ours', video_url: 'https://cdn.example/o.mp4', duration: 30 });
  for (const [method, path, body] of [
    ['GET', `campaigns/${campaign}/creatives`, undefined],
    ['POST', `campaigns/${campaign}/creatives`, { name: 'x', video_url: 'https://cdn.example/x.mp4', duration: 5 }],
    ['POST', `campaigns/${campaign}/creatives/upload-url`, {}],
    ['GET', `creatives/${made.body.id}`, undefined],
    ['PUT', `creatives/${made.body.id}`, { name: 'x' }],
    ['PATCH', `creatives/${made.body.id}/status`, { status: 'inactive' }],
    ['DELETE', `creatives/${made.body.id}`, undefined],
  ] as const) {
    expect((await desk.ask(foreign, method, `/api/v1/${path}`, body)).status, `${method} ${path}`).toBe(404);
    expect((await desk.ask(null, method, `/api/v1/${path}`, body)).status, `${method} ${path}`).toBe(401);
  }
});
