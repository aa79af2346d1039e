import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestHouse, type Party, partyOf, type TestHouse } from '../analytics/test-house.ts';

let house: TestHouse;
let ours: Party;
let asked = 0;

beforeAll(async () => {
  house = await openTestHouse();
  Object.assign(house.desk.parts, { warehouse: house.warehouse });
  ours = await partyOf(house.desk, 'Ours');
}, 180_000);

afterAll(() => house?.close());

const any = { 'if-match': '*' };
const path = '/api/v2/experiments';
const ask = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', to: string, body?: unknown) =>
  house.desk.ask(ours.key, method, to, body, any);

/** Two requests, one in each arm. */
async function decide(name: string): Promise<void> {
  const recorded = `${ours.organisation}:${name}`;
  for (const arm of ['as ever', 'other']) {
    await house.warehouse.run(
      `INSERT INTO breakwater.requests (topic, source_partition, offset, appended_at, received_at, minute, request_id, viewer, requested_seconds, experiments)
       SELECT 'ad-requests', 0, {offset:UInt64}, now64(3), now64(3), toStartOfMinute(now()), toString({offset:UInt64}), toString({offset:UInt64}), 30,
         map({recorded:String}, {arm:String})`,
      { offset: asked++, recorded, arm },
    );
  }
}

async function read(id: string) {
  const { status, body } = await ask('GET', `${path}/${id}/read-out`);
  expect(status, JSON.stringify(body)).toBe(200);
  const arms = body.arms as { requests: number; viewers: number }[];
  return {
    requests: arms.map(({ requests }) => requests),
    since: Date.parse(String(body.arms_since)),
    notes: body.notes,
  };
}

test('a read-out takes requests since its arms are what they are: another objective, name or experiment begins anew', async () => {
  const arms = (objective: string) => [
    { name: 'as ever', weight: 1 },
    { name: 'other', weight: 1, objective },
  ];
  const { id } = (await ask('POST', path, { name: 'Fuller', arms: arms('fill_rate') })).body;
  await decide('Fuller');
  const begun = await read(id);
  expect(begun.requests).toEqual([1, 1]);
  await ask('PATCH', `${path}/${id}`, { status: 'stopped', arms: arms('fill_rate') });
  expect(await read(id)).toEqual(begun);

  await ask('PATCH', `${path}/${id}`, { arms: arms('user_experience'), status: 'running' });
  const changed = await read(id);
  expect(changed.requests).toEqual([0, 0]);
  expect(changed.since).toBeGreaterThan(begun.since);
  await decide('Fuller');
  expect((await read(id)).requests).toEqual([1, 1]);

  await decide('Was another');
  await ask('PATCH', `${path}/${id}`, { name: 'Was another' });
  expect((await read(id)).requests).toEqual([0, 0]);
  await ask('DELETE', `${path}/${id}`);
  const anew = await ask('POST', path, { name: 'Fuller', arms: arms('user_experience') });
  expect((await read(anew.body.id)).requests).toEqual([0, 0]);
  await decide('Fuller');
  expect((await read(anew.body.id)).requests).toEqual([1, 1]);
});
