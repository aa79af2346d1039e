import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentWith } from '../engines/config.ts';
import { openTestDesk, type TestDesk } from '../management-api/test-desk.ts';

const main = join(import.meta.dirname, 'main.ts');
let desk: TestDesk;
let folder: string;
let url: string;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-campaigns-'));
  desk = await openTestDesk();
  url = await desk.app.listen({ host: '127.0.0.1', port: 0 });
  key = await desk.key(await desk.organisation('Acme'), 'manager');
  for (const name of ['A', 'B', 'C']) {
    const made = await desk.ask(key, 'POST', '/api/v1/campaigns', {
      name,
      start_date: '2026-01-01',
      end_date: '2030-01-01',
    });
    expect(made.status).toBe(201);
  }
}, 60_000);

afterAll(async () => {
  await desk?.close();
  await rm(folder, { recursive: true, force: true });
});

async function list(...words: string[]) {
  const env = environmentWith({ DATA_DIR: folder, MANAGEMENT_URL: url, MANAGEMENT_KEY: key });
  const child = spawn(process.execPath, [main, 'campaigns', 'list', '--sort', 'name', ...words], { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

test('a list that ends at its limit says on standard error that there are more, as a table and as JSON', async () => {
  const more = 'only the first 2 campaigns: there are more; a higher --limit lists them\n';
  expect(await list('--limit', '2')).toEqual({ code: 0, out: expect.stringMatching(/ A +.*\n.* B +.*\n$/), err: more });
  const asJson = await list('--limit', '2', '--json');
  expect(asJson.err).toBe(more);
  expect(JSON.parse(asJson.out).map(({ name }: { name: string }) => name)).toEqual(['A', 'B']);
  const all = await list('--limit', '3', '--json');
  expect([all.err, JSON.parse(all.out).length]).toEqual(['', 3]);
}, 60_000);
