import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { EngineError } from '../errors.ts';
import type { CatalogDesk } from './desk.ts';
import { migrateCatalog } from './migrate.ts';
import { openPool } from './postgres-client.ts';
import { openPostgresDesk } from './postgres-desk.ts';
import { ReadReplica } from './read-replica.ts';
import { startTestReplication, type TestReplication } from './test-replica.ts';

let both: TestReplication;
let desk: CatalogDesk;
let other: string;

beforeAll(async () => {
  both = await startTestReplication(migrateCatalog);
  desk = openPostgresDesk({ url: both.primary.url, replicaUrl: both.replica.url });
  other = String(
    (await desk.system((sql) => sql.query("INSERT INTO organisations (name) VALUES ('Other') RETURNING id"))).rows[0]
      ?.id,
  );
}, 120_000);

afterAll(async () => {
  await desk?.close();
  await both?.remove();
}, 60_000);

async function on(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

/** The names of an organisation's advertisers, and whether a replica told them. */
const names = (organisation: string, fresh?: 'fresh') =>
  desk.read(
    organisation,
    async (sql) => {
      const { rows } = await sql.query<{ name: string }>('SELECT name FROM advertisers ORDER BY name');
      const from = await sql.query<{ replica: boolean }>('SELECT pg_is_in_recovery() AS replica');
      return { names: rows.map(({ name }) => name), replica: from.rows[0]?.replica };
    },
    fresh,
  );

const add = (organisation: string, name: string) =>
  desk.write(organisation, (sql) => sql.query('INSERT INTO advertisers (name) VALUES ($1)', [name]));

/** Until it holds; a statement of time, not of speed. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error(`after 30 s still not: ${what}`);
}

test('reads that may wait go to the replica, fresh ones and writes to the primary', async () => {
  await until('the replica answers', async () => (await names(HOUSE_ORGANISATION)).replica === true);
  expect((await names(HOUSE_ORGANISATION, 'fresh')).replica).toBe(false);
  expect(desk.degraded()).toEqual([]);
});

test('who wrote reads what was written, while others go on reading what the replica has', async () => {
  await add(HOUSE_ORGANISATION, 'before');
  await until('it is replayed', async () => (await names(HOUSE_ORGANISATION)).replica === true);
  await on(both.replica.url, 'SELECT pg_wal_replay_pause()');
  try {
    await add(HOUSE_ORGANISATION, 'while the replica stands still');
    expect(await names(HOUSE_ORGANISATION)).toEqual({
      names: ['before', 'while the replica stands still'],
      replica: false,
    });
    await on(both.primary.url, `INSERT INTO advertisers (name, organisation_id) VALUES ('by others', '${other}')`);
    expect(await names(other)).toEqual({ names: [], replica: true });
    expect((await names(other, 'fresh')).names).toEqual(['by others']);
  } finally {
    await on(both.replica.url, 'SELECT pg_wal_replay_resume()');
  }
  await until('all of it is replayed', async () => (await names(HOUSE_ORGANISATION)).replica === true);
  expect((await names(HOUSE_ORGANISATION)).names).toEqual(['before', 'while the replica stands still']);
  expect(await names(other)).toEqual({ names: ['by others'], replica: true });
});

test('a replica that falls behind is left, says so, and is asked again once it has caught up', async () => {
  await on(both.replica.url, 'SELECT pg_wal_replay_pause()');
  try {
    await on(both.primary.url, `INSERT INTO advertisers (name, organisation_id) VALUES ('much later', '${other}')`);
    await until('it is left', async () => (await names(other)).replica === false);
    expect((await names(other)).names).toContain('much later');
    expect(desk.degraded()).toEqual([expect.stringMatching(/^read replica: is more than 5 s behind/)]);
  } finally {
    await on(both.replica.url, 'SELECT pg_wal_replay_resume()');
  }
  await until('it is asked again', async () => (await names(other)).replica === true);
  expect(desk.degraded()).toEqual([]);
});

test('a read that began before the replica was left, and ended well, does not say that it is asked', async () => {
  const pools = [both.primary, both.replica].map(({ url }) => openPool(url, 2));
  const [primary, second] = pools;
  if (primary === undefined || second === undefined) throw new Error('two pools');
  const replica = new ReadReplica(primary, second);
  await replica.read(other, async () => undefined);
  await until('it is asked', () => replica.read(other, async (pool) => pool === second));
  const slow = Promise.withResolvers<string>();
  const slowBegan = Promise.withResolvers<void>();
  const reading = replica.read(other, async () => {
    slowBegan.resolve();
    return slow.promise;
  });
  await slowBegan.promise;
  const failing = async (pool: unknown) => {
    if (pool === second) throw new EngineError('unavailable', 'catalog: it went away');
    return 'from the primary';
  };
  expect(await replica.read(other, failing)).toBe('from the primary');
  slow.resolve('from the replica');
  expect(await reading).toBe('from the replica');
  expect(replica.why).toBe('does not answer (unavailable)');
  await until('it is asked again', () => replica.read(other, async (pool) => pool === second));
  expect(replica.why).toBeNull();
  await Promise.all(pools.map((pool) => pool.end()));
});

test.each([
  ['is killed', 'SIGKILL', () => both.replica.start()],
  ['sleeps', 'SIGSTOP', () => both.replica.signal('SIGCONT')],
] as const)(
  'a replica that %s in the middle of reads fails none of them, and comes back by itself',
  async (_, signal, back) => {
    await until('it is asked', async () => (await names(other)).replica === true);
    let reads = 0;
    let ended = false;
    onTestFinished(() => {
      ended = true;
    });
    const reading = Array.from({ length: 4 }, async () => {
      while (!ended) {
        expect((await names(other)).names).toContain('by others');
        reads++;
      }
    });
    await until('some were read', async () => reads > 20);
    await both.replica.signal(signal);
    try {
      const before = reads;
      await until('the primary is asked', async () => (await names(other)).replica === false);
      expect(desk.degraded()).toEqual([expect.stringMatching(/^read replica: .*all reads go to the primary$/)]);
      await until('reads go on', async () => reads > before + 20);
    } finally {
      await back();
    }
    await until('the replica is asked again', async () => (await names(other)).replica === true);
    ended = true;
    await Promise.all(reading);
    expect(desk.degraded()).toEqual([]);
  },
  90_000,
);
