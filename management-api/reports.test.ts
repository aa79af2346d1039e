import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withWarehouse } from './analytics/ask-warehouse.ts';
import { roundOf } from './analytics/job-runner.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { count, openTestHouse, type Party, partyOf, rawOf as rawIn, type TestHouse } from './analytics/test-house.ts';
import type { TestDesk } from './test-desk.ts';

const from = Date.UTC(2026, 10, 1, 3, 0);
let house: TestHouse;
let desk: TestDesk;
let ours: Party;
let theirs: Party;

beforeAll(async () => {
  house = await openTestHouse();
  desk = house.desk;
  ours = await partyOf(desk, 'Ours');
  theirs = await partyOf(desk, 'Theirs');
  await writeDelivery(house.warehouse, [ours, theirs], { from, minutes: 60 * 26, beacons: 6_000 });
}, 180_000);

afterAll(() => house?.close());

const rawOf = (campaign: string) => rawIn(house.warehouse, campaign);

const whole = { from: '2026-11-01T00:00:00Z', to: '2026-11-03T00:00:00Z' };
const post = (body: object, key = ours.key) =>
  desk.ask(key, 'POST', '/api/v2/analytics/custom-report', { ...whole, ...body });

test('a report compares with the time before, orders, cuts, totals and names what it counts', async () => {
  const said = await post({
    measures: ['impressions', 'ctr', 'spend_micros'],
    dimensions: ['creative', 'device_type'],
    from: '2026-11-02T00:00:00Z',
    compare: 'previous_period',
    order_by: 'impressions',
    limit: 3,
  });
  expect(said.status, JSON.stringify(said.body)).toBe(200);
  const rows = said.body.rows as Record<string, number>[];
  expect(rows).toHaveLength(3);
  expect(said.body.truncated).toBe(true);
  const raw = await rawOf(ours.campaign);
  const day = Date.UTC(2026, 10, 2);
  for (const row of rows) {
    const own = raw.filter(({ creative, device }) => creative === `${row.creative}` && device === `${row.device_type}`);
    expect(row.impressions).toBe(
      count(
        own.filter(({ at }) => at >= day),
        'impression',
      ),
    );
    expect(row.previous_impressions).toBe(
      count(
        own.filter(({ at }) => at < day),
        'impression',
      ),
    );
  }
  expect((said.body.totals as { impressions: number }).impressions).toBe(
    count(
      raw.filter(({ at }) => at >= day),
      'impression',
    ),
  );
  expect(said.body.compared_with).toEqual({ from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' });
  const named = await post({ measures: ['impressions'], dimensions: ['campaign'] });
  expect(named.body.names).toEqual({ [ours.campaign]: 'Ours campaign' });
});

test('hours held against a longer day stay inside the time that was asked for', async () => {
  const said = await post({
    measures: ['impressions'],
    granularity: 'hour',
    time_zone: 'America/New_York',
    from: '2026-11-02T05:00:00Z',
    to: '2026-11-03T05:00:00Z',
    compare: 'previous_period',
  });
  const rows = said.body.rows as { time: string; previous_impressions: number }[];
  expect(rows).toHaveLength(24);
  expect(rows.map(({ time }) => time.slice(0, 10))).not.toContain('2026-11-01');
});

test('a zone that the warehouse does not know is the caller’s fault, and no campaign takes one', async () => {
  const time_zone = 'SystemV/AST4';
  const asked = await post({ measures: ['impressions'], granularity: 'day', time_zone });
  expect(asked).toMatchObject({ status: 400, body: { errors: [{ pointer: '/time_zone' }] } });
  const unknown = withWarehouse('delivery', desk.parts, () =>
    house.analytics.reader.query('SELECT toDate(now(), {time_zone:String})', { time_zone }),
  );
  await expect(unknown).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/time_zone' }] });
  const path = `/api/v2/campaigns/${ours.campaign}`;
  const changed = await desk.ask(ours.key, 'PATCH', path, { time_zone }, { 'if-match': '*' });
  expect(changed).toMatchObject({ status: 422, body: { errors: [{ pointer: '/time_zone' }] } });
  const set = (zone: string) =>
    desk.parts.desk.system((sql) =>
      sql.query('UPDATE campaigns SET time_zone = $2 WHERE id = $1', [ours.campaign, zone]),
    );
  await set(time_zone);
  const said = await desk.ask(ours.key, 'GET', `/api/v2/analytics/campaigns/${ours.campaign}`);
  await set('America/New_York');
  expect(said).toMatchObject({ status: 200, body: { time_zone: 'UTC' } });
});

test('what is wrong with a report is said place by place, and hostile text is a value like any other', async () => {
  const wrong = await post({
    measures: ['impressions', 'requests'],
    dimensions: ['no_fill_reason'],
    time_zone: 'Mars/Base',
    order_by: 'x',
  });
  expect(wrong.status).toBe(400);
  expect(wrong.body.errors.map(({ pointer }) => pointer).sort()).toEqual([
    '/dimensions/0',
    '/measures/1',
    '/order_by',
    '/time_zone',
  ]);
  const hostile = `') OR 1 = 1 UNION ALL SELECT * FROM file('/etc/hostname') --`;
  const said = await post({ measures: ['impressions'], filters: [{ dimension: 'country', values: [hostile] }] });
  expect(said.status).toBe(200);
  expect(said.body.rows).toEqual([{ impressions: 0 }]);
  expect((await post({ measures: ["impressions) FROM merge('', '')"] })).status).toBe(400);
  expect((await post({ measures: ['requests'] })).status).toBe(403);
});

test('a filter of more text than the warehouse takes at once is refused at its place; one that fits is read', async () => {
  const filters = (chars: number, letter: string) => [
    { dimension: 'city', values: Array.from({ length: 1_000 }, (_, n) => `${n}`.padEnd(chars, letter)) },
  ];
  const asked = { measures: ['impressions'] };
  const long = await post({ ...asked, filters: filters(512, 'x') });
  expect([long.status, long.body.errors]).toEqual([
    400,
    [{ pointer: '/filters/0/values', detail: 'are 512000 bytes together, and 48000 at most' }],
  ]);
  expect((await post({ ...asked, filters: filters(48, "'") })).status).toBe(200);
});

test('CSV is harmless to a spreadsheet, and Parquet is read back equal', async () => {
  const question = {
    measures: ['impressions', 'spend_micros', 'ctr'],
    dimensions: ['country', 'region'],
    order_by: 'country',
  };
  const { rows } = (await post(question)).body as unknown as { rows: Record<string, string | number>[] };
  const csv = await desk.app.inject({
    method: 'POST',
    url: '/api/v2/analytics/custom-report',
    headers: { authorization: `Bearer ${ours.key}`, 'content-type': 'application/json' },
    payload: JSON.stringify({ ...whole, ...question, format: 'csv' }),
  });
  const [head, ...lines] = csv.body.trimEnd().split('\r\n');
  expect(head).toBe('country,region,impressions,spend_micros,ctr');
  expect(lines).toEqual(
    rows.map((row) => [row.country, row.region, row.impressions, row.spend_micros, row.ctr].join(',')),
  );
  const parquet = await desk.app.inject({
    method: 'POST',
    url: '/api/v2/analytics/custom-report',
    headers: { authorization: `Bearer ${ours.key}`, 'content-type': 'application/json' },
    payload: JSON.stringify({ ...whole, ...question, format: 'parquet' }),
  });
  const file = join(house.folder, 'report.parquet');
  writeFileSync(file, parquet.rawPayload);
  const back = await house.warehouse.query<Record<string, string>>(`SELECT * FROM file('${file}', 'Parquet')`);
  expect(
    back.map((row) => ({ ...row, impressions: Number(row.impressions), spend_micros: Number(row.spend_micros) })),
  ).toEqual(rows);
});

test('every file says whether it has all rows of its report, and so does its job', async () => {
  const question = { measures: ['impressions'], dimensions: ['creative', 'device_type'], order_by: 'impressions' };
  const truncated = async (url: string, body?: object) => {
    const headers = { authorization: `Bearer ${ours.key}`, 'content-type': 'application/json' };
    const asked = body === undefined ? { url, headers } : { method: 'POST' as const, url, headers, payload: body };
    return (await desk.app.inject(asked)).headers['x-breakwater-truncated'];
  };
  for (const format of ['csv', 'excel', 'parquet']) {
    const ask = (limit: number) =>
      truncated('/api/v2/analytics/custom-report', { ...whole, ...question, format, limit });
    expect([await ask(9), await ask(10)], format).toEqual(['true', 'false']);
  }
  for (const limit of [9, 10]) {
    const queued = await post({ ...question, async: true, format: 'parquet', limit });
    expect(queued.body.truncated).toBeNull();
    await roundOf(desk.parts);
    const at = String(queued.headers.location);
    expect((await desk.ask(ours.key, 'GET', at)).body.truncated).toBe(limit === 9);
    expect(await truncated(`${at}/result`)).toBe(String(limit === 9));
  }
});

test('a report is the same as a job: totals unless they are unwanted, and names', async () => {
  const question = { measures: ['impressions'], dimensions: ['campaign'], having: [{ measure: 'gross', at_least: 1 }] };
  const { data_as_of: _, ...atOnce } = (await post(question)).body as unknown as Record<string, unknown>;
  const queued = await post({ ...question, async: true });
  await roundOf(desk.parts);
  const made = await desk.ask(ours.key, 'GET', `${queued.headers.location}/result`);
  expect(made.body).toMatchObject(atOnce);
  expect(made.body.names).toEqual({ [ours.campaign]: 'Ours campaign' });
  expect(made.body.totals).not.toBeNull();
});

test('a Parquet file has the columns that were asked for and no line of totals', async () => {
  const question = { measures: ['impressions'], dimensions: ['country'], format: 'parquet' };
  expect(await post({ ...question, totals: true })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/totals' }] },
  });
  for (const compare of [{}, { compare: 'previous_period' }]) {
    const file = join(house.folder, 'bounded.parquet');
    const said = await desk.app.inject({
      method: 'POST',
      url: '/api/v2/analytics/custom-report',
      headers: { authorization: `Bearer ${ours.key}`, 'content-type': 'application/json' },
      payload: { ...whole, ...question, ...compare, having: [{ measure: 'ctr', at_least: 0.01 }] },
    });
    expect(said.statusCode).toBe(200);
    writeFileSync(file, said.rawPayload);
    const [row = {}] = await house.warehouse.query<object>(`SELECT * FROM file('${file}', 'Parquet')`);
    const before = 'compare' in compare ? ['previous_impressions'] : [];
    expect(Object.keys(row)).toEqual(['country', 'impressions', ...before]);
  }
});
