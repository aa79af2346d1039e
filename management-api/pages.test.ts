import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineError } from '../engines/errors.ts';
import { cursorOf, isTimestamp } from './pages.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let key: string;

beforeAll(async () => {
  desk = await openTestDesk();
  key = await desk.key(await desk.organisation('Ours'), 'admin');
});

afterAll(() => desk?.close());

const id = '0b5e7a52-0000-4000-8000-000000000001';

test.each([
  ['campaigns?sort=-created_at', 'campaigns:-created_at', '2026-13-45 99:99:99+00', id],
  ['campaigns?sort=starts_at', 'campaigns:starts_at', '2026-02-30 00:00:00+00', id],
  ['campaigns?sort=starts_at', 'campaigns:starts_at', '0000-01-01 00:00:00+00', id],
  ['campaigns?sort=starts_at', 'campaigns:starts_at', '2026-01-01 00:00:00+99', id],
  ['campaigns?sort=name', 'campaigns:name', 'x', 'nobody'],
  ['adjustments?limit=1', 'adjustments', 'yesterday', id],
  ['alerts/events?limit=1', 'alert-events', '1', 'nobody'],
  ['analytics/report-jobs?limit=1', 'report-jobs', 'yesterday', id],
  ['optimization/auto-optimize?limit=1', 'optimisation-runs', '1', 'nobody'],
])('%s refuses a cursor %s whose place is %s, %s', async (path, of, value, at) => {
  const said = await desk.ask(key, 'GET', `/api/v2/${path}&cursor=${cursorOf(of, { value, id: at })}`);
  expect(said).toMatchObject({ status: 400, body: { errors: [{ pointer: '/cursor' }] } });
});

test('pages of report jobs hold every job once, the newest first', async () => {
  const made: string[] = [];
  for (let n = 0; n < 5; n++) {
    const report = { measures: ['impressions'], range: 'today', async: true };
    made.unshift((await desk.ask(key, 'POST', '/api/v2/analytics/custom-report', report)).body.id);
  }
  const seen: string[] = [];
  for (let cursor: unknown = ''; cursor !== null; ) {
    const at = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await desk.ask(key, 'GET', `/api/v2/analytics/report-jobs?limit=2${at}`);
    seen.push(...(body.items as { id: string }[]).map((job) => job.id));
    cursor = body.next_cursor;
  }
  expect(seen).toEqual(made);
});

test('what PostgreSQL and JavaScript write of a moment is a time', () => {
  for (const text of [
    '2026-02-28 23:59:59.123456+00',
    '2024-02-29 00:00:00+05:30',
    '2026-01-01T00:00:00.000Z',
    '1890-01-01 00:53:28+00:53:28',
    '0001-02-29 00:00:00+00 BC',
    '10000-01-01 12:00:00+00',
  ]) {
    expect(isTimestamp(text), text).toBe(true);
  }
  for (const text of ['2026-02-29 00:00:00+00', '0002-02-29 00:00:00+00 BC', '10000-02-30 00:00:00+00', '10000']) {
    expect(isTimestamp(text), text).toBe(false);
  }
});

/** The ids of a list, read one by one. */
async function walk(path: string): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let cursor: unknown = ''; cursor !== null; ) {
    const { body } = await desk.ask(key, 'GET', `${path}limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...(body.items as { id: string }[]).map((one) => one.id));
    cursor = body.next_cursor;
  }
  return seen;
}

test('lists of the longest names, and of flights of any year, are read to their ends', async () => {
  const called = (n: number) => `${'\u{1f600}'.repeat(254)}${n}`;
  const lines = [1, 2, 3].map((n) => ({
    id: id.replace(/1$/, String(n)),
    name: called(n),
    advertiser: { name: called(n) },
    starts_at: `000${n - 1}-01-01T00:00:00Z`,
    ends_at: `9999-12-31T23:59:5${n}-12:00`,
    pricing: { model: 'cpm', rate_micros: 1_000 },
  }));
  const imported = await desk.app.inject({
    method: 'POST',
    url: '/api/v2/campaigns/import',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    payload: lines.map((line) => JSON.stringify(line)).join('\n'),
  });
  expect(imported.statusCode).toBe(201);
  for (const n of [1, 2, 3]) await desk.ask(key, 'POST', '/api/v2/pods', { name: called(n), duration_seconds: 60 });
  for (const path of ['advertisers?', 'pods?']) expect(new Set(await walk(`/api/v2/${path}`)).size, path).toBe(3);
  for (const sort of ['name', 'starts_at', '-ends_at'])
    expect((await walk(`/api/v2/campaigns?sort=${sort}&`)).toSorted(), sort).toEqual(lines.map((line) => line.id));
});

test('a value that a column does not take is the caller’s, even where a schema let it through', async () => {
  Object.assign(desk.parts.desk, {
    read: () => Promise.reject(new EngineError('refused', 'catalog', Object.assign(new Error(), { code: '22003' }))),
  });
  expect((await desk.ask(key, 'GET', '/api/v2/advertisers')).status).toBe(400);
});
