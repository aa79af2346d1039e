import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type Said, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let key: string;
let campaign: string;

beforeAll(async () => {
  desk = await openTestDesk();
  key = await desk.key(await desk.organisation('Ours'), 'manager');
  const body = { name: 'C', start_date: '2026-01-01', end_date: '2030-01-01', cpm_rate: 10 };
  campaign = (await desk.ask(key, 'POST', '/api/v1/campaigns', body)).body.id;
});

afterAll(() => desk?.close());

const file = { type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 };
const pointers = ({ body }: Said) => body.errors.map(({ pointer }) => pointer);
const change = (id: string, body: object) => desk.ask(key, 'PATCH', `/api/v1/creatives/${id}`, body);
const asV2 = async (id: string) => (await desk.ask(key, 'GET', `/api/v2/creatives/${id}`)).body;

/** Made by v2, with what v1 has no words for. */
async function creative(fields: object): Promise<string> {
  const body = { name: 'Spot', duration_seconds: 30, ...fields };
  const made = await desk.ask(key, 'POST', `/api/v2/campaigns/${campaign}/creatives`, body);
  expect(made.status).toBe(201);
  return made.body.id;
}

test('a creative that lives by its tag takes no file beside it, and is paused and shown again', async () => {
  const id = await creative({ vast_tag_url: 'https://tags.example/vast' });
  const refused = await change(id, { video_url: 'https://cdn.example/a.mp4' });
  expect([refused.status, pointers(refused)]).toEqual([422, ['/video_url']]);
  expect((await change(id, { status: 'inactive' })).body.status).toBe('inactive');
  expect((await change(id, { status: 'active' })).body.status).toBe('active');
  expect(await asV2(id)).toMatchObject({ status: 'active', media: [], vast_tag_url: 'https://tags.example/vast' });
});

test('a creative is not made shorter than what viewers have to see of it', async () => {
  const id = await creative({ media: [{ ...file, url: 'https://cdn.example/a.mp4' }], skip_after_seconds: 10 });
  const refused = await change(id, { duration: 5 });
  expect([refused.status, pointers(refused)]).toEqual([422, ['/duration']]);
  expect((await change(id, { duration: 11 })).status).toBe(200);
});

test('a creative that contradicted itself before is changed elsewhere all the same', async () => {
  const id = await creative({ media: [{ ...file, url: 'https://cdn.example/a.mp4' }] });
  await desk.parts.desk.system((sql) =>
    sql.query(`UPDATE creatives SET parts = '{"skipAfterSeconds": 40}' WHERE id = $1`, [id]),
  );
  expect((await change(id, { name: 'Other', status: 'inactive' })).status).toBe(200);
  expect((await change(id, { duration: 20 })).status).toBe(200);
});

test('a file whose URL stays keeps what v1 has no words for', async () => {
  const more = { codec: 'avc1.640028', bitrate_kbps: 900, min_bitrate_kbps: 100, max_bitrate_kbps: 2_000 };
  const streamed = { url: 'https://cdn.example/stream', type: 'video/webm', delivery: 'streaming' };
  const id = await creative({ media: [{ ...file, ...streamed, ...more }] });
  expect((await change(id, { width: 1_280, height: 720 })).status).toBe(200);
  expect(await asV2(id)).toMatchObject({ media: [{ ...streamed, ...more, width: 1_280, height: 720 }] });
  expect((await change(id, { video_url: streamed.url })).status).toBe(200);
  expect(await asV2(id)).toMatchObject({ media: [{ ...streamed, ...more }] });
  expect((await change(id, { video_url: 'https://cdn.example/b.mp4' })).status).toBe(200);
  const [next] = (await asV2(id)).media as unknown as [object];
  expect(next).toEqual({ ...file, url: 'https://cdn.example/b.mp4', width: 1_280, height: 720, bitrate_kbps: null });
});
