import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { roundOf } from './analytics/job-runner.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { openTestHouse, type Party, partyOf, type TestHouse } from './analytics/test-house.ts';
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

const whole = { from: '2026-11-01T00:00:00Z', to: '2026-11-03T00:00:00Z' };
const post = (body: object, key = ours.key) =>
  desk.ask(key, 'POST', '/api/v2/analytics/custom-report', { ...whole, ...body });

test('each host removes its own files of jobs that another has ended', async () => {
  const queued = await post({ measures: ['impressions'], async: true });
  await roundOf(desk.parts);
  const file = join(house.analytics.resultsDir, `${queued.body.id}.json`);
  expect(existsSync(file)).toBe(true);
  await desk.parts.desk.system((sql) =>
    sql.query(`UPDATE report_jobs SET status = 'expired' WHERE id = $1`, [queued.body.id]),
  );
  await roundOf(desk.parts);
  expect(existsSync(file)).toBe(false);
});

test('a large report is a job: queued, made, fetched, gone after its day; another organisation sees none of it', async () => {
  const queued = await post({ measures: ['impressions'], dimensions: ['creative'], async: true, format: 'csv' });
  expect(queued.status).toBe(202);
  const at = String(queued.headers.location);
  expect((await desk.ask(ours.key, 'GET', `${at}/result`)).status).toBe(409);
  await roundOf(desk.parts);
  expect((await desk.ask(ours.key, 'GET', at)).body).toMatchObject({
    status: 'done',
    progress_percent: 100,
    problem: null,
  });
  const result = await desk.app.inject({ url: `${at}/result`, headers: { authorization: `Bearer ${ours.key}` } });
  expect(result.body).toMatch(/^creative,impressions\r\n/);
  expect((await desk.ask(theirs.key, 'GET', at)).status).toBe(404);
  await desk.parts.desk.system((sql) => sql.query('UPDATE report_jobs SET expires_at = NOW()'));
  await roundOf(desk.parts);
  expect((await desk.ask(ours.key, 'GET', `${at}/result`)).status).toBe(410);
  const cancelled = await post({ measures: ['impressions'], async: true });
  expect((await desk.ask(ours.key, 'DELETE', String(cancelled.headers.location))).status).toBe(204);
  await roundOf(desk.parts);
  expect((await desk.ask(ours.key, 'GET', String(cancelled.headers.location))).body.status).toBe('cancelled');
});

test('a job is queued once for one Idempotency-Key; a report that is answered at once takes none', async () => {
  const key = { 'idempotency-key': 'report-1' };
  const path = '/api/v2/analytics/custom-report';
  const question = { ...whole, measures: ['impressions'] };
  for (const body of [question, { ...question, async: false }]) {
    expect(await desk.ask(ours.key, 'POST', path, body, key)).toMatchObject({
      status: 400,
      body: { title: 'No Idempotency-Key here', errors: [{ pointer: '/async' }] },
    });
  }
  const first = await desk.ask(ours.key, 'POST', path, { ...question, async: true }, key);
  const again = await desk.ask(ours.key, 'POST', path, { ...question, async: true }, key);
  expect([first.status, again.status, again.body.id]).toEqual([202, 202, first.body.id]);
  await roundOf(desk.parts);
  const { paths } = (await desk.ask(null, 'GET', '/api/v2/openapi.json')).body as unknown as {
    paths: Record<string, { post: { parameters: { name: string; description: string }[] } }>;
  };
  const told = paths[path]?.post.parameters.find(({ name }) => name === 'Idempotency-Key');
  expect(told?.description).toContain('Only with async');
});

test('a saved report runs when it is asked to and when it is due', async () => {
  const report = { measures: ['impressions'], dimensions: ['campaign'], range: 'last_7_days', format: 'parquet' };
  const body = { name: 'Weekly', report, schedule: { every: 'week', at: '07:30', time_zone: 'Europe/Paris' } };
  const saved = await desk.ask(ours.key, 'POST', '/api/v2/analytics/saved-reports', body);
  expect(saved.status, JSON.stringify(saved.body)).toBe(201);
  expect((await desk.ask(ours.key, 'POST', '/api/v2/analytics/saved-reports', body)).status).toBe(409);
  expect(new Date(String(saved.body.next_run_at)).getUTCDay()).toBe(1);
  const path = `/api/v2/analytics/saved-reports/${saved.body.id}`;
  expect((await desk.ask(ours.key, 'POST', `${path}/run`)).status).toBe(202);
  await desk.parts.desk.system((sql) => sql.query('UPDATE saved_reports SET next_run_at = NOW()'));
  await roundOf(desk.parts);
  await roundOf(desk.parts);
  const runs = await desk.ask(ours.key, 'GET', `/api/v2/analytics/report-jobs?saved_report_id=${saved.body.id}`);
  expect((runs.body.items as { status: string }[]).map(({ status }) => status)).toEqual(['done', 'done']);
  const written = await desk.ask(ours.key, 'PUT', path, { ...body, schedule: null }, { 'if-match': '"1"' });
  expect(written.body.next_run_at).toBeNull();
  expect((await desk.ask(ours.key, 'DELETE', path, undefined, { 'if-match': '"2"' })).status).toBe(204);
});
