import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recommendationKinds } from '../domain/optimisation/recommendation.ts';
import { cursorOf } from './pages.ts';
import type { Route } from './route.ts';
import { routes } from './routes/index.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';
import { fillCatalog, growing } from './test-many.ts';

const CAMPAIGNS = 100_000;
/** What a page of 50 may read of one table: some pages' worth, and never a share of the table. */
const ROWS_MAX = 2_500;

let desk: TestDesk;
let key: string;

beforeAll(async () => {
  desk = await openTestDesk();
  const organisations = [await desk.organisation('Large'), await desk.organisation('Other')] as const;
  key = await desk.key(organisations[0], 'admin');
  await fillCatalog(desk.url, { campaigns: CAMPAIGNS, organisations });
  await explainEverything(desk.url);
}, 600_000);

afterAll(() => desk?.close(), 60_000);

/** From now on the server writes down the plan of every statement, with the rows it read; connections are made anew. */
async function explainEverything(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const settings = ['min_duration=0', 'analyze=on', 'timing=off', 'format=json', 'nested_statements=on'];
  await client.query("ALTER SYSTEM SET session_preload_libraries = 'auto_explain'");
  for (const setting of settings)
    await client.query(`ALTER SYSTEM SET auto_explain.log_${setting.replace('=', " = '")}'`);
  await client.query('SELECT pg_reload_conf()');
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'breakwater' AND pid <> pg_backend_pid()`,
  );
  await client.end();
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Node[];
}

interface Explained {
  readonly 'Query Text': string;
  readonly Plan: Node;
}

/** The plans that the server wrote into its log while `work` ran. */
async function plansOf(work: () => Promise<unknown>): Promise<readonly Explained[]> {
  const log = join(desk.folder, 'catalog', 'postgres.log');
  const from = (await stat(log)).size;
  await work();
  const text = (await readFile(log)).subarray(from).toString('utf8');
  return [...text.matchAll(/ plan:\n((?:\t.*\n)+)/g)].map(([, plan = '']) => JSON.parse(plan.replaceAll('\n\t', '\n')));
}

const nodesOf = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** What reads more of a table than a page needs, by whatever way; a table from end to end does. */
function faultsOf({ Plan, 'Query Text': text }: Explained, rowsMax: number): readonly string[] {
  return nodesOf(Plan).flatMap((node) => {
    const table = node['Relation Name'] ?? '';
    if (!(growing as readonly string[]).includes(table)) return [];
    const rows =
      node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
    const read = rows * node['Actual Loops'];
    const told = `${node['Node Type']} of ${table}, ${read} rows: ${text.replaceAll(/\s+/g, ' ').slice(0, 300)}`;
    return read > rowsMax ? [told] : [];
  });
}

const id = (kind: string, n: number) => `${kind.padStart(8, '0')}-0000-0000-0000-${n.toString(16).padStart(12, '0')}`;
const middle = (order: string, value: string, at = id('ca', CAMPAIGNS / 2)) =>
  `cursor=${cursorOf(order, { value, id: at })}`;
const moments = {
  created_at: '2023-08-01 00:00:00+00',
  starts_at: '2024-11-01 00:00:00+00',
  ends_at: '2024-12-01 00:00:00+00',
};
const campaignPlaces = { ...moments, name: 'Summer 5' };

const campaignLists = Object.entries(campaignPlaces).flatMap(([field, value]) =>
  ['', '-'].flatMap((down) => {
    const sort = `sort=${down}${field}`;
    const place = middle(`campaigns:${down}${field}`, value);
    return [
      sort,
      `${sort}&${place}`,
      `${sort}&status=active`,
      `${sort}&status=active&${place}`,
      `${sort}&tier=house`,
      `${sort}&${place}&pricing_model=cpm`,
    ];
  }),
);

/** Each list of the API: its filters and orders, from the first page and from the middle. */
const lists: Readonly<Record<string, readonly string[]>> = {
  '/api/v2/campaigns': [
    '',
    ...campaignLists,
    `advertiser_id=${id('ad', 11)}`,
    `advertiser_id=${id('ad', 11)}&status=active&sort=name`,
    'name=spring',
    'name=5000',
    'name=5000&sort=name',
    'name=nobody%20has%20this',
    'name=99',
    'category_id=category-7',
    'category_id=category-7&status=active&sort=ends_at',
    'category_id=category-7&running_at=2024-06-01T00:00:00Z',
    'running_at=2024-06-01T00:00:00Z&status=active&sort=ends_at',
    'tier=guaranteed&status=paused',
    'limit=500',
  ],
  '/api/v2/advertisers': ['', middle('advertisers', 'Advertiser 3')],
  '/api/v2/categories': ['', middle('categories', 'Category 5', 'category-5'), 'under=category-1'],
  '/api/v2/pods': ['', middle('pods', 'Pod 3')],
  '/api/v2/experiments': ['', middle('experiments', 'Experiment 3'), 'status=stopped', 'status=running'],
  '/api/v2/users': ['', middle('users', 'user5'), 'role=analyst', 'role=admin', 'disabled=true', 'disabled=false'],
  '/api/v2/api-keys': ['', middle('api-keys', '', id('ff', 1))],
  '/api/v2/audit': [
    '',
    middle('audit', '100000', '100000'),
    'resource=campaign',
    `resource=campaign&resource_id=${id('ca', 77)}`,
    `resource_id=${id('ca', 77)}`,
    'actor=user:77',
    'actor=user:nobody',
    'action=delete',
    'resource=nothing',
  ],
  '/api/v2/adjustments': [
    '',
    middle('adjustments', new Date(Date.now() - 86_400_000 * 30).toISOString()),
    `campaign_id=${id('ca', 77)}`,
  ],
  '/api/v2/alerts/rules': ['', middle('alert-rules', 'Alert 3')],
  '/api/v2/alerts/events': ['', middle('alert-events', String(Date.now() - 86_400_000 * 30)), `rule_id=${id('a1', 7)}`],
  '/api/v2/analytics/saved-reports': ['', middle('saved-reports', 'Report 3')],
  '/api/v2/analytics/report-jobs': [
    '',
    middle('report-jobs', String(Date.now() - 86_400_000 * 30)),
    `saved_report_id=${id('5a', 7)}`,
  ],
  '/api/v2/analytics/performance': ['', middle('performance', 'Summer 5'), 'status=active', 'status=deleted'],
  '/api/v2/optimization/auto-optimize': ['', middle('optimisation-runs', String(Date.now() - 86_400_000 * 30))],
  '/api/v2/optimization/pacing': ['', middle('pacing', '', id('ca', CAMPAIGNS / 2)), 'status=active'],
  '/api/v2/optimization/recommendations': [
    '',
    middle('recommendations', '', id('ca', CAMPAIGNS / 2)),
    `kind=${recommendationKinds[0]}`,
  ],
};

/** Those that have no cursor. */
const others = [
  '/api/v1/campaigns',
  '/api/v1/campaigns?status=active&page=3',
  `/api/v2/campaigns/${id('ca', 11)}`,
  `/api/v2/campaigns/${id('ca', 11)}/creatives`,
  '/api/v2/me',
];

/** What has to read more, and what for. */
const larger: Readonly<Record<string, number>> = {
  // Ten times as many on the page: to walk through all advertisers once is cheaper than to look up 500.
  '/api/v2/campaigns?limit=500': 10 * ROWS_MAX,
  // Read on in order until a thousand are found.
  '/api/v2/campaigns?name=spring': CAMPAIGNS,
  // Two letters are in no index of parts.
  '/api/v2/campaigns?name=99': CAMPAIGNS,
  // The MVP's clients are told how many there are.
  '/api/v1/campaigns': CAMPAIGNS,
  '/api/v1/campaigns?status=active&page=3': CAMPAIGNS,
  // The warehouse has to know all of an organisation's advertisers.
  '/api/v2/analytics/performance': CAMPAIGNS / 5,
};

const queryOf = ({ query }: Route) => Object.keys((query as { properties?: object } | undefined)?.properties ?? {});

test('every list of the API is tried, by each of its filters', () => {
  const found = routes.filter((route) => route.method === 'GET' && queryOf(route).includes('cursor'));
  expect(found.map(({ path }) => path).sort()).toEqual(Object.keys(lists).sort());
  for (const route of found) {
    const tried = new Set((lists[route.path] ?? []).flatMap((query) => [...new URLSearchParams(query).keys()]));
    const filters = queryOf(route).filter((name) => name !== 'limit' && name !== 'campaign_id');
    expect([route.path, filters.filter((name) => !tried.has(name))]).toEqual([route.path, []]);
  }
});

const listed = Object.entries(lists).flatMap(([path, queries]) => queries.map((query) => `${path}?${query}`));

test.each([...listed, ...others])('%s reads a page, not a table', async (path) => {
  const most = larger[path] ?? larger[path.split('?')[0] ?? ''] ?? ROWS_MAX;
  let status = 0;
  const plans = await plansOf(async () => {
    const answer = await desk.ask(key, 'GET', path);
    status = answer.status;
  });
  // Without a warehouse the numbers beside the campaigns are not there; the campaigns were read.
  expect(/analytics\/performance|optimization|v1/.test(path) ? [200, 503] : [200]).toContain(status);
  expect(plans.length).toBeGreaterThan(0);
  expect(plans.flatMap((plan) => faultsOf(plan, most))).toEqual([]);
});

test('who logs in, comes with a session, or is unknown, is found without a walk through all', async () => {
  const login = { email: 'USER77@acme.example', password: 'not the one it is' };
  const plans = await plansOf(async () => {
    expect((await desk.ask(null, 'POST', '/api/v2/auth/login', login)).status).toBe(401);
    expect((await desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token: 'x'.repeat(43) })).status).toBe(401);
    expect((await desk.ask(`bw_kkkkkkk12345_${'k'.repeat(43)}`, 'GET', '/api/v2/me')).status).toBe(401);
  });
  expect(plans.length).toBeGreaterThan(2);
  expect(plans.flatMap((plan) => faultsOf(plan, 100))).toEqual([]);
});

test('a row that others point at is deleted without looking through all of them', async () => {
  const client = new pg.Client({ connectionString: desk.url });
  await client.connect();
  // An organisation is never deleted.
  const { rows } = await client.query(
    `SELECT c.conrelid::regclass::text || ': ' || c.conname AS missing FROM pg_constraint c
     WHERE c.contype = 'f' AND c.confrelid <> 'organisations'::regclass AND NOT EXISTS (
       SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] = c.conkey
         AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))`,
  );
  await client.end();
  expect(rows).toEqual([]);
});
