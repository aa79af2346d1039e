import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import type { MediaStore } from './media-store.ts';
import { openS3Media } from './s3-media-store.ts';
import { startTestBucket, type TestBucket } from './test-bucket.ts';

const keys = { accessKeyId: 'AKIA0TEST', secretAccessKey: 'se/cret+key=', region: 'eu-central-1' };
const bytes = Buffer.from('a film of forty-two bytes, more or less ok');
const name = '0b5e7a52-0000-4000-8000-000000000001.mp4';

let folder: string;
let bucket: TestBucket;
let media: MediaStore;

const open = (given: Partial<typeof keys> = {}, path = '/films/of%20ours') =>
  openS3Media({
    url: `s3+${bucket.url}${path}?region=${given.region ?? keys.region}`,
    accessKeyId: given.accessKeyId ?? keys.accessKeyId,
    secretAccessKey: given.secretAccessKey ?? keys.secretAccessKey,
    publicUrl: null,
    incoming: join(folder, 'incoming'),
    random: systemRandom(systemClock()),
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-s3-'));
  bucket = await startTestBucket(keys);
  media = open();
});

afterEach(async () => {
  await bucket.close();
  await rm(folder, { recursive: true, force: true });
});

const keep = async (store = media, of = name) => store.keep(await store.receive(Readable.from([bytes]), 1_000), of);

test('a file is kept, found by a URL that reads its parts, and removed, each time signed', async () => {
  await keep();
  expect([...bucket.objects]).toEqual([
    [
      `/films/of%20ours/${name}`,
      { bytes, headers: { 'content-type': 'video/mp4', 'cache-control': 'public, max-age=31536000, immutable' } },
    ],
  ]);
  expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  const source = await media.source(name);
  expect(source?.bytes).toBe(bytes.length);
  const url = source && 'url' in source.at ? source.at.url : '';
  const part = await fetch(url, { headers: { range: 'bytes=2-5' } });
  expect([part.status, await part.text()]).toEqual([206, bytes.subarray(2, 6).toString()]);
  await media.remove(name);
  await media.remove(name);
  expect([await media.source(name), bucket.objects.size, bucket.refusals]).toEqual([null, 0, []]);
});

test('a name is given once: by ourselves, and by whoever holds an upload URL', async () => {
  await keep();
  await expect(keep()).rejects.toMatchObject({ code: 'conflict' });
  const other = name.replace('1.', '2.');
  const place = await media.uploadPlace(other, 60_000);
  const put = (body: string, headers = place?.headers) =>
    fetch(place?.url ?? '', { method: 'PUT', body, ...(headers ? { headers } : {}) });
  expect((await put('mine')).status).toBe(200);
  expect((await put('another, later')).status).toBe(412);
  // What makes it once is signed: it cannot be left out.
  expect((await put('another, later', { 'content-type': 'video/mp4' })).status).toBe(403);
  expect(bucket.objects.get(`/films/of%20ours/${other}`)?.bytes.toString()).toBe('mine');
});

test('an upload URL is good for its name, its method and its time alone', async () => {
  const placed = async (ms: number) => {
    const place = await media.uploadPlace(name, ms);
    return { url: new URL(place?.url ?? ''), headers: place?.headers ?? {} };
  };
  const { url, headers } = await placed(600_000);
  const put = async (to: URL, method = 'PUT') =>
    (await fetch(to, { method, ...(method === 'PUT' ? { body: 'x' } : {}), headers })).status;
  const renamed = new URL(url);
  renamed.pathname = url.pathname.replace('1.mp4', '9.mp4');
  const longer = new URL(url);
  longer.searchParams.set('X-Amz-Expires', '3600');
  expect([await put(renamed), await put(longer), await put(url, 'DELETE')]).toEqual([403, 403, 403]);
  const { url: short } = await placed(1_000);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  expect(await put(short)).toBe(403);
  expect(bucket.refusals).toEqual([...Array(3).fill('another signature'), 'too old, or of the future']);
  expect(bucket.objects.size).toBe(0);
});

test.each([
  ['secret', { secretAccessKey: 'another' }],
  ['key id', { accessKeyId: 'AKIA0OTHER' }],
  ['region', { region: 'us-east-1' }],
])('another %s is refused by the bucket, and told as a wrong setting', async (_, given) => {
  await expect(keep(open(given))).rejects.toMatchObject({ code: 'misconfigured' });
  expect(bucket.objects.size).toBe(0);
});

test('a bucket that fails once is asked again; one that is gone is unavailable, and the file stays here', async () => {
  await keep();
  bucket.failNext(503);
  expect((await media.source(name))?.bytes).toBe(bytes.length);
  await bucket.close();
  await expect(keep(media, name.replace('1.', '3.'))).rejects.toMatchObject({ code: 'unavailable' });
  expect(await readdir(join(folder, 'incoming'))).toHaveLength(1);
  bucket = await startTestBucket(keys);
});

test('what was signed and is changed on its way is refused', async () => {
  const { url } = bucket;
  await keep();
  const source = await media.source(name);
  const signed = new URL(source && 'url' in source.at ? source.at.url : '');
  const at = async (change: (to: URL) => void) => {
    const to = new URL(signed);
    change(to);
    return (await fetch(to)).status;
  };
  expect(await at(() => undefined)).toBe(200);
  expect(await at((to) => to.searchParams.set('response-content-type', 'text/html'))).toBe(403);
  expect(await at((to) => to.searchParams.delete('X-Amz-Signature'))).toBe(403);
  expect((await fetch(`${url}${signed.pathname}`)).status).toBe(403);
});
