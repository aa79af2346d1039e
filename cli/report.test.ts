import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWarehouse } from '../engines/open.ts';
import { migrateWarehouse } from '../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../engines/warehouse/test-warehouse.ts';
import { writeDelivery } from '../management-api/analytics/test-delivery.ts';
import { type ReportOptions, runReportCommand } from './report.ts';

const organisation = '00000000-0000-7000-8000-00000000000a';
const party = { advertiser: '00000000-0000-7000-8000-00000000000b', campaign: '00000000-0000-7000-8000-00000000000c' };
const from = '2026-11-01T00:00:00Z';
const to = '2026-11-02T00:00:00Z';
const folder = mkdtempSync(join(tmpdir(), 'breakwater-report-'));
let server: TestWarehouse;

beforeAll(async () => {
  server = await startTestWarehouse();
  const warehouse = await openWarehouse(server.url);
  await migrateWarehouse(warehouse, () => undefined);
  await writeDelivery(warehouse, [party], { from: Date.parse(from), minutes: 600, beacons: 900 });
  await warehouse.close();
}, 120_000);

afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function report(options: Partial<ReportOptions>, url = server.url) {
  const said = { out: '', err: '' };
  const into = (name: keyof typeof said) =>
    new Writable({
      write(chunk, _encoding, done) {
        said[name] += String(chunk);
        done();
      },
    });
  const code = await runReportCommand({ ...options, url, out: into('out'), err: into('err') });
  return { code, ...said };
}

function fileOf(body: object): string {
  const path = join(folder, 'question.json');
  writeFileSync(path, JSON.stringify({ measures: ['impressions'], dimensions: ['country'], from, to, ...body }));
  return path;
}

const rows = { measures: ['impressions'], by: ['country'], from, to };

test('a report that has more rows than its limit says so beside its rows', async () => {
  const cut = await report({ ...rows, limit: '2', format: 'csv' });
  expect(cut).toMatchObject({ code: 0, err: expect.stringContaining('only the first 2 rows') });
  expect(cut.out.trimEnd().split('\r\n')).toHaveLength(3);
  expect(await report({ ...rows, limit: '3', format: 'csv' })).toMatchObject({ code: 0, err: '' });
  const output = join(folder, 'cut.parquet');
  const parquet = await report({ ...rows, limit: '2', format: 'parquet', output });
  expect(parquet.err).toContain('only the first 2 rows');
});

test('a file is what the API takes: it says the format and whether there are totals', async () => {
  const said = await report({ file: fileOf({ format: 'csv', totals: true, async: true }) });
  expect(said).toMatchObject({ code: 0, err: '' });
  expect(said.out).toMatch(/^country,impressions\r\n(.*\r\n){3}total,\d+\r\n$/);
  expect((await report({ file: fileOf({ format: 'csv' }), format: 'json' })).out).toMatch(/^\[\n/);
});

test('what contradicts itself is refused before the warehouse is asked', async () => {
  const nowhere = 'http://127.0.0.1:1';
  const output = join(folder, 'never.parquet');
  for (const [options, why] of [
    [{ file: fileOf({}), measures: ['clicks'], where: ['country=US'] }, '--measures, --where'],
    [{ file: join(folder, 'none.json') }, 'none.json'],
    [{ ...rows, format: 'parquet' }, '--output'],
    [{ ...rows, format: 'parquet', totals: true, output }, 'totals'],
    [{ measures: ['requests'], from, to, organisation }, 'default organisation'],
  ] as const) {
    const said = await report(options, nowhere);
    expect(said, why).toMatchObject({ code: 2, out: '', err: expect.stringContaining(why) });
  }
  expect(existsSync(output)).toBe(false);
  expect((await report(rows, nowhere)).code).toBe(1);
});
