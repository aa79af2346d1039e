import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../engines/catalog/test-postgres.ts';
import { systemClock } from '../engines/clock.ts';
import { environmentWith } from '../engines/config.ts';
import { openDesk } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { startRedisServer } from '../engines/state-store/redis-fixture.ts';
import { administerKey } from '../management-api/access/administer.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
let postgres: TestPostgres;
let folder: string;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-without-'));
  postgres = await startTestPostgres();
  await migrateCatalog(postgres.url);
  const desk = await openDesk(postgres.url, null);
  const clock = systemClock();
  key = await administerKey({ desk, clock, random: systemRandom(clock) }, { name: 'test', role: 'admin' });
  await desk.close();
}, 120_000);

afterAll(async () => {
  await postgres?.remove();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('message', ({ endpoints }: { endpoints?: { management?: string } }) => {
      if (endpoints?.management !== undefined) resolve(endpoints.management);
    });
    child.once('exit', (code) => reject(new Error(`management ended with ${code}`)));
  });
}

test('management that starts without Redis and warehouse is live, and reads and changes the catalog', async () => {
  await using redis = await startRedisServer();
  await redis.kill();
  const child = spawn(process.execPath, [main, 'serve', 'management'], {
    env: environmentWith({
      DATA_DIR: folder,
      CATALOG: postgres.url,
      STATE_STORE: redis.url,
      WAREHOUSE: 'http://127.0.0.1:9',
      PEPPER: 'p'.repeat(32),
      TOKEN_KEYS: `k1:${'s'.repeat(32)}`,
      MANAGEMENT_PORT: '0',
      LOG_LEVEL: 'fatal',
    }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  try {
    const url = await listening(child);
    const ask = async (path: string, body?: object) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const given = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
      return fetch(url + path, given);
    };
    expect((await ask('/health/live')).status).toBe(200);
    const made = await ask('/api/v1/campaigns', { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01' });
    expect(made.status).toBe(201);
    const { campaigns } = (await (await ask('/api/v1/campaigns')).json()) as { campaigns: { name: string }[] };
    expect(campaigns.map(({ name }) => name)).toEqual(['C']);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
});
