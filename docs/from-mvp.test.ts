import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRunFolder } from '../cli/demo/run-folder.ts';
import { type House, startHouse } from '../cli/house.ts';
import { startTestPostgres, type TestPostgres } from '../engines/catalog/test-postgres.ts';
import { environmentWith, readConfig } from '../engines/config.ts';
import { mvpRows } from '../management-api/test-mvp.ts';
import { blocksOf, runBlock, stayBlock } from './page-commands.ts';

const blocks = blocksOf('from-mvp.md');
const page = readFileSync(new URL('from-mvp.md', import.meta.url), 'utf8');
const run = openRunFolder(undefined);
const settings = {
  TOKEN_LIFE: '4s',
  CLICK_TOKEN_LIFE: '4s',
  TICK_AFTER: '1s',
  LOG_LEVEL: 'info',
  PORT: '0',
  MANAGEMENT_PORT: '0',
};

let mvp: TestPostgres;
let sql: pg.Client;
let env: Record<string, string>;
let house: House | null = null;

beforeAll(async () => {
  mvp = await startTestPostgres();
  sql = new pg.Client({ connectionString: mvp.url });
  sql.on('error', () => undefined);
  await sql.connect();
  await sql.query(readFileSync(new URL('../migrations/0001-mvp-baseline.sql', import.meta.url), 'utf8'));
  await sql.query(mvpRows);
  env = environmentWith({ ...settings, DATA_DIR: run.path, CATALOG: mvp.url });
}, 120_000);

afterAll(async () => {
  await house?.stop();
  await sql?.end();
  await mvp?.remove();
  run.release();
}, 60_000);

function block(name: string) {
  const found = blocks.find((one) => one.name === name);
  if (!found) throw new Error(`docs/from-mvp.md has no block ${name}`);
  return found;
}

async function ran(name: string): Promise<string> {
  const { code, out, err } = await runBlock(block(name), env);
  expect(code, `${name}:\n${out}\n${err}`).toBe(0);
  return out;
}

async function until<T>(what: string, tell: () => Promise<T | null>): Promise<T> {
  const begun = performance.now();
  while (performance.now() - begun < 60_000) {
    const told = await tell();
    if (told !== null) return told;
    await sleep(200);
  }
  throw new Error(`after a minute still not: ${what}`);
}

test('every block of the page is run here, or says why not', () => {
  expect(blocks.filter(({ name, why }) => name === null && why === null)).toEqual([]);
});

test('the MVP’s database is migrated by copying the command, and again without a change', {
  timeout: 180_000,
}, async () => {
  const { rows: before } = await sql.query(
    'SELECT count(*)::int AS n, sum(budget_spent)::text AS spent FROM campaigns',
  );
  const first = await ran('migrate-the-mvp');
  expect(first).toMatch(/MVP's tables are here/);
  expect(first).toMatch(/applying 0020-carried-over\.sql/);
  expect(await ran('migrate-the-mvp')).not.toMatch(/applying/);
  const { rows: after } = await sql.query(
    'SELECT count(*)::int AS n, (sum(spent_before_micros) / 1000000)::numeric(20, 2)::text AS spent FROM campaigns',
  );
  expect(after).toEqual(before);
});

test('the MVP’s players are served its campaigns while features are off for most, and back goes what was spent', {
  timeout: 240_000,
}, async () => {
  house = await startHouse({
    config: readConfig(environmentWith({ ...settings, DATA_DIR: run.path, CATALOG: mvp.url })),
    settings,
    report: () => undefined,
    prepare: async () => undefined,
  });
  const served = await stayBlock(block('features-off'), env);
  try {
    const post = (path: string, body: object) =>
      fetch(`${served.url}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const ask = async (device_id: string) => {
      const answer = await post('ad-request', { device_id, device_type: 'roku' });
      return answer.status === 200 ? ((await answer.json()) as Record<string, string>) : null;
    };
    await until('an ad', () => ask('tv-0'));
    const ads = [];
    for (let device = 1; device < 60; device++) ads.push(await ask(`tv-${device}`));
    expect(ads).not.toContain(null);
    // One whose impression costs something.
    const { rows: known } = await sql.query<{ id: string; paid: boolean }>(
      `SELECT id, price_micros > 0 AND pricing_model = 'cpm' AS paid FROM campaigns WHERE id = ANY ($1::uuid[])`,
      [ads.map((each) => each?.campaign_id)],
    );
    const paid = new Set(known.flatMap((each) => (each.paid ? [each.id] : [])));
    const ad = ads.find((each) => paid.has(each?.campaign_id ?? ''));
    if (!ad) throw new Error('no ad of a campaign that pays for impressions');
    const { ad_id, campaign_id, creative_id } = ad;
    const seen = {
      ad_id,
      campaign_id,
      creative_id,
      device_id: `tv-${ads.indexOf(ad) + 1}`,
      device_type: 'roku',
      completed: true,
    };
    expect((await post('impression', seen)).status).toBeLessThan(300);

    const groups = await until('both groups are in the warehouse', async () => {
      const out = await ran('two-groups');
      return out.trim().split('\n').length > 2 ? out : null;
    });
    expect(groups).toContain('targeted');
    const since = await until('what was spent is in the warehouse', async () => {
      const line = (await ran('spent-since')).split('\n').find((each) => each.includes(String(campaign_id)));
      return line === undefined ? null : Number(/(\d+)\D*$/.exec(line)?.[1]);
    });
    const [, update = ''] = /```sql\n(UPDATE [^;]+);/.exec(page) ?? [];
    await sql.query(update.replace(':since', '$1').replace(':id', '$2'), [since, campaign_id]);
    const { rows } = await sql.query('SELECT budget_spent::text, spent_before_micros FROM campaigns WHERE id = $1', [
      campaign_id,
    ]);
    expect(Number(rows[0].budget_spent)).toBeCloseTo((Number(rows[0].spent_before_micros) + since) / 1e6, 2);
  } finally {
    expect(await served.stop()).toBe(0);
  }
});
