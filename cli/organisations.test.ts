import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type TestDesk } from '../management-api/test-desk.ts';

const main = join(import.meta.dirname, 'main.ts');
let desk: TestDesk;
let folder: string;

beforeAll(async () => {
  desk = await openTestDesk();
  folder = await mkdtemp(join(tmpdir(), 'breakwater-organisations-'));
});

afterAll(async () => {
  await desk?.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(words: readonly string[], input = '') {
  const env = { ...process.env, CATALOG: desk.url, DATA_DIR: folder };
  const child = spawn(process.execPath, [main, ...words], { env });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (error += chunk));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { out: out.trim(), error, code };
}

test('an organisation, its first key and its first admin are made by the command alone', async () => {
  const made = await run(['organisations', 'create', 'Acme Ltd']);
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  const organisation = made.out;
  const { out: key } = await run([
    'keys',
    'create',
    '--name',
    'first',
    '--role',
    'admin',
    '--organisation',
    organisation,
  ]);
  const user = ['users', 'create', 'Ann@acme.example', '--role', 'admin', '--organisation', organisation];
  const { out: id } = await run(user, 'correct horse battery\n');
  const told = await desk.ask(key, 'GET', '/api/v2/users');
  expect(told.body.items).toMatchObject([{ id, email: 'ann@acme.example', role: 'admin' }]);
  const login = { email: 'ann@acme.example', password: 'correct horse battery' };
  const session = await desk.ask(null, 'POST', '/api/v2/auth/login', login);
  const token = session.body.access_token as string;
  expect((await desk.ask(token, 'GET', '/api/v2/users')).status).toBe(200);
  const { body } = await desk.ask(key, 'GET', '/api/v2/audit');
  expect((body.items as { resource: string }[]).map(({ resource }) => resource).sort()).toEqual([
    'api_key',
    'organisation',
    'user',
  ]);
  const { out: list } = await run(['organisations', 'list', '--json']);
  expect(JSON.parse(list)).toContainEqual({ id: organisation, name: 'Acme Ltd', users: 1, keys: 1, campaigns: 0 });
}, 60_000);

test.each([
  ['a name that is taken', ['organisations', 'create', 'Default organisation'], 'already'],
  ['a name that is none', ['organisations', 'create', ' '], 'name must match'],
  [
    'keys of an organisation that is not there',
    ['keys', 'create', '--name', 'x', '--organisation', 'x'],
    'organisations list',
  ],
  ['a password that is too short', ['users', 'create', 'a@b.example', '--organisation', 'x'], 'password'],
])(
  '%s is refused in words',
  async (_, words, told) => {
    const { code, error } = await run(words, 'short');
    expect([code, error]).toEqual([1, expect.stringContaining(told)]);
    expect(error).not.toContain(' at ');
  },
  30_000,
);
