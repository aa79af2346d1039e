import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeLeftovers } from './leftovers.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;

beforeAll(async () => {
  desk = await openTestDesk();
});

afterAll(() => desk?.close());

const query = <R>(text: string, values: readonly unknown[] = []) =>
  desk.parts.desk.system(async (sql) => (await sql.query<R>(text, values)).rows);

test('what was relayed a day ago goes, a thousand rows at a time; what waits and what is newer stays', async () => {
  await query(
    `INSERT INTO outbox (kind, id, version, relayed_at)
     SELECT 'pod', gen_random_uuid(), n, NOW() - INTERVAL '25 hours' FROM generate_series(1, 1500) AS n`,
  );
  await query(
    `INSERT INTO outbox (kind, id, version, relayed_at, changed_at)
     VALUES ('pod', gen_random_uuid(), 7777, NULL, NOW() - INTERVAL '9 days'),
       ('pod', gen_random_uuid(), 8888, NOW() - INTERVAL '23 hours', NOW() - INTERVAL '9 days')`,
  );
  const rounds = [];
  for (let round = 0; round < 3; round++) rounds.push(await removeLeftovers(desk.parts.desk));
  expect(rounds).toEqual([1_000, 500, 0]);
  const left = await query<{ version: string }>('SELECT version FROM outbox ORDER BY version');
  expect(left).toEqual([{ version: '7777' }, { version: '8888' }]);
});

test('logins that expired a day ago go; one that is open, or was used and is not expired, stays', async () => {
  const organisation = await desk.organisation('Ours');
  await query(
    `INSERT INTO users (id, email, password_hash, organisation_id) VALUES (gen_random_uuid(), 'a@b.example', '', $1)`,
    [organisation],
  );
  await query(
    `INSERT INTO sessions (family, user_id, hash, expires_at, used_at)
     SELECT gen_random_uuid(), users.id, hash::bytea, NOW() + days * INTERVAL '1 day', NOW()
     FROM users, (VALUES ('old', -2), ('late', 0), ('used', 29)) AS told (hash, days) WHERE email = 'a@b.example'`,
  );
  expect(await removeLeftovers(desk.parts.desk)).toBe(1);
  const left = await query<{ hash: Buffer }>('SELECT hash FROM sessions ORDER BY expires_at');
  expect(left.map(({ hash }) => hash.toString())).toEqual(['late', 'used']);
});
