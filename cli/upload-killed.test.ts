import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../engines/catalog/test-postgres.ts';
import { systemClock } from '../engines/clock.ts';
import { environmentWith } from '../engines/config.ts';
import { openDesk } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { administerKey } from '../management-api/access/administer.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const spot = fileURLToPath(new URL('../management-api/test-media/spot.mp4', import.meta.url));
const HOUR_S = 3_600;

let folder: string;
let postgres: TestPostgres;
let desk: Awaited<ReturnType<typeof openDesk>>;
let key: string;
let campaign: string;
let file: Buffer;
let process_: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-killed-'));
  postgres = await startTestPostgres();
  await migrateCatalog(postgres.url);
  desk = await openDesk(postgres.url, null);
  const clock = systemClock();
  key = await administerKey({ desk, clock, random: systemRandom(clock) }, { name: 'test', role: 'admin' });
  file = await readFile(spot);
  await start();
  const made = await api('POST', '/api/v1/campaigns', { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01' });
  campaign = String(made.body.id);
}, 120_000);

afterAll(async () => {
  await kill();
  await desk?.close();
  await postgres?.remove();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** A management process on the same catalog and disk as the one before it. */
async function start(): Promise<void> {
  const env = environmentWith({
    DATA_DIR: folder,
    CATALOG: postgres.url,
    MANAGEMENT_PORT: '0',
    LOG_LEVEL: 'error',
  });
  process_ = spawn(process.execPath, [main, 'serve', 'management'], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  url = await new Promise((resolve, reject) => {
    process_.on('message', ({ endpoints }: { endpoints?: { management?: string } }) => {
      if (endpoints?.management !== undefined) resolve(endpoints.management);
    });
    process_.once('exit', (code) => reject(new Error(`management ended with ${code}`)));
  });
}

async function kill(): Promise<void> {
  if (!process_ || process_.exitCode !== null || process_.signalCode !== null) return;
  const ended = once(process_, 'exit');
  process_.kill('SIGKILL');
  await ended;
}

async function api(method: string, path: string, body?: object) {
  const isForm = body instanceof FormData;
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && !isForm ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

function form(): FormData {
  const fields = new FormData();
  fields.set('name', 'Spot');
  fields.set('file', new Blob([new Uint8Array(file)], { type: 'video/mp4' }), 'spot.mp4');
  return fields;
}

const upload = () => api('POST', `/api/v1/campaigns/${campaign}/creatives`, form());

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly video_url: string | null;
}

async function creatives(): Promise<readonly Listed[]> {
  return (await api('GET', `/api/v1/campaigns/${campaign}/creatives`)).body.creatives;
}

const namesIn = (name: string) => {
  const path = join(folder, 'media', name);
  return existsSync(path) ? readdirSync(path) : [];
};

/** As if it had been written so long ago. */
function age(kind: string, seconds: number): void {
  for (const name of namesIn(kind)) {
    const then = Date.now() / 1_000 - seconds;
    utimesSync(join(folder, 'media', kind, name), then, then);
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`after 30 s still not: ${what}`);
}

/** What viewers may get: every file that a creative of the catalog's documents names, whole. */
async function served(): Promise<number> {
  const [found] = await desk.read(HOUSE_ORGANISATION, (sql) => sql.campaigns([campaign]));
  const shown = found?.creatives.filter(({ status }) => status === 'active') ?? [];
  for (const { media } of shown) {
    const answer = await fetch(`${url}${new URL(media[0]?.url ?? '').pathname}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(file)).toBe(true);
  }
  return shown.length;
}

test('killed while the file arrives: no creative, no file; it is uploaded again, and what had arrived is swept', async () => {
  const boundary = 'half';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="name"\r\n\r\nSpot\r\n--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="spot.mp4"\r\ncontent-type: video/mp4\r\n\r\n`;
  const sent = request(`${url}/api/v1/campaigns/${campaign}/creatives`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + file.length + boundary.length + 8,
    },
  });
  sent.on('error', () => undefined);
  sent.write(head);
  sent.write(file.subarray(0, file.length / 2));
  const parts = () => namesIn('incoming').map((name) => statSync(join(folder, 'media', 'incoming', name)).size);
  await until('half of it has arrived', () => parts().some((bytes) => bytes > 0));
  await kill();
  await start();
  expect([await creatives(), namesIn('files'), namesIn('incoming').length]).toEqual([[], [], 1]);
  expect(await upload()).toMatchObject({ status: 201, body: { status: 'active' } });
  expect(await served()).toBe(1);
  // What another process may still be receiving stays.
  expect(namesIn('incoming')).toHaveLength(1);
  age('incoming', 2 * HOUR_S);
  await kill();
  await start();
  await until('what had arrived is gone', () => namesIn('incoming').length === 0);
  expect(await served()).toBe(1);
}, 120_000);

test('killed before the file was looked at: it is served by nobody, then by the next process once it was', async () => {
  const known = new Set(namesIn('files'));
  const sent = upload().catch(() => null);
  await until('the file has its name', () => namesIn('files').some((name) => !known.has(name)));
  await kill();
  expect(await sent).toBeNull();
  await start();
  const [left] = (await creatives()).filter(({ status }) => status !== 'active');
  expect(left).toMatchObject({ status: 'processing', video_url: null });
  expect(await served()).toBe(1);
  await desk.system((sql) =>
    sql.query("UPDATE creatives SET updated_at = NOW() - INTERVAL '1 hour' WHERE status = 'processing'"),
  );
  await kill();
  await start();
  await until('it was looked at', async () => (await creatives()).every(({ status }) => status === 'active'));
  expect(await served()).toBe(2);
}, 120_000);

test('killed before the file had its name: the creative says what is missing, and another can be uploaded', async () => {
  const known = new Set(namesIn('files'));
  const sent = upload().catch(() => null);
  await until('the file has its name', () => namesIn('files').some((name) => !known.has(name)));
  await kill();
  await sent;
  // The moment before cannot be hit for sure; it differs by the file alone.
  for (const name of namesIn('files')) if (!known.has(name)) await rm(join(folder, 'media', 'files', name));
  await desk.system((sql) =>
    sql.query("UPDATE creatives SET updated_at = NOW() - INTERVAL '1 hour' WHERE status = 'processing'"),
  );
  await start();
  await until('it is told', async () => (await creatives()).some(({ status }) => status === 'failed'));
  expect(await upload()).toMatchObject({ status: 201, body: { status: 'active' } });
  expect(await served()).toBe(3);
}, 120_000);

test('a file that was put to an upload URL and named by no creative is never in an ad, and goes after a day', async () => {
  const place = (await api('POST', `/api/v1/campaigns/${campaign}/creatives/upload-url`, {})).body;
  const put = await fetch(place.upload_url, { method: 'PUT', headers: place.headers, body: new Uint8Array(file) });
  expect(put.status).toBe(201);
  const path = new URL(place.video_url).pathname;
  await kill();
  await start();
  expect([await served(), (await fetch(url + path)).status]).toEqual([3, 200]);
  age('files', 25 * HOUR_S);
  await kill();
  await start();
  await until('it is gone', async () => (await fetch(url + path)).status === 404);
  expect(await served()).toBe(3);
}, 120_000);
