import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { openTestDesk, type Said, type TestDesk } from '../test-desk.ts';

let desk: TestDesk;
let ours: string;
let theirs: string;

beforeAll(async () => {
  desk = await openTestDesk();
  ours = await desk.key(await desk.organisation('Ours'), 'manager');
  theirs = await desk.key(await desk.organisation('Theirs'), 'manager');
});

afterAll(() => desk?.close());

async function send(key: string, lines: readonly (object | string)[], query = '', headers = {}) {
  const payload = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const response = await desk.app.inject({
    method: 'POST',
    url: `/api/v2/campaigns/import${query}`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson', ...headers },
    payload,
  });
  return { status: response.statusCode, body: JSON.parse(response.body) };
}

async function exported(key: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await desk.app.inject({ method: 'GET', url: '/api/v2/campaigns/export', headers });
  expect(response.statusCode).toBe(200);
  return response.body;
}

const count = async (key: string) => (await exported(key)).split('\n').filter((line) => line !== '').length;

const plain = {
  name: 'Spring',
  advertiser: { name: 'Acme' },
  starts_at: '2026-12-01T00:00:00.000Z',
  ends_at: '2026-12-31T00:00:00.000Z',
  pricing: { model: 'cpm', rate_micros: 12_000_000 },
};

const creative = '0b5e7a52-0000-4000-8000-000000000002';
const whole = {
  ...plain,
  id: '0b5e7a52-0000-4000-8000-000000000001',
  description: 'two\nlines',
  status: 'paused',
  time_zone: 'Europe/Berlin',
  total_budget_micros: 5_000_000,
  tier: 'guaranteed',
  place: 'last',
  targeting: [
    {
      id: '0b5e7a52-0000-4000-8000-000000000003',
      conditions: [
        { dimension: 'geo_countries', mode: 'include', values: ['US'] },
        { dimension: 'geo_countries', mode: 'exclude', values: ['US', 'CA'] },
      ],
    },
  ],
  frequency_caps: [{ scope: 'user', creative_id: creative, window: 'day', max_impressions: 3 }],
  categories: [{ path: ['Food', 'Snacks', 'Crisps'] }],
  creatives: [
    {
      id: creative,
      name: 'Spot',
      duration_seconds: 30,
      status: 'inactive',
      media: [
        { url: 'https://cdn.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 },
      ],
    },
  ],
};

test('what was exported and is imported elsewhere is exported again line by line as it was', async () => {
  const dry = await send(ours, [whole, { ...plain, name: 'Autumn' }], '?dry_run=true');
  expect(dry).toMatchObject({ status: 200, body: { dry_run: true, lines: 2 } });
  expect(dry.body.warnings).toMatchObject([
    { line: 1, pointer: '/targeting/0' },
    { line: 1, pointer: '/targeting' },
  ]);
  expect(await count(ours)).toBe(0);
  const done = await send(ours, [whole, { ...plain, name: 'Autumn' }]);
  expect(done).toMatchObject({ status: 201, body: { ...dry.body, dry_run: false } });
  const first = await exported(ours);
  const spring = first.split('\n').find((line) => line.includes('"Spring"'));
  expect(JSON.parse(spring ?? '')).toMatchObject(JSON.parse(JSON.stringify(whole)));

  expect((await send(theirs, [first])).status).toBe(201);
  const again = await exported(theirs);
  // Ids that are held elsewhere are others, the same each time; all else is equal.
  const withoutIds = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => line.replace(/"(id|creative_id)":"[^"]+"/g, '"$1":""'))
      .sort();
  expect(withoutIds(again)).toEqual(withoutIds(first));
  expect((await send(theirs, [first])).status).toBe(422);

  const drafts = again.trim().split('\n');
  await desk.parts.desk.system((sql) =>
    sql.query(`DELETE FROM campaigns WHERE organisation_id = (SELECT id FROM organisations WHERE name = 'Theirs')`),
  );
  expect((await send(theirs, drafts)).status).toBe(201);
  expect(await exported(theirs)).toBe(again);
});

test('all or nothing: every wrong line is told with its number, and none is written', async () => {
  const before = await exported(ours);
  const lines = [
    { ...plain, name: 'Good' },
    '{"name":',
    { ...plain, name: 'Late', ends_at: '2026-11-01T00:00:00Z' },
    '',
    { ...plain, name: 'Good' },
    { ...plain, unknown: 1 },
    { ...whole, id: creative },
    { ...plain, name: 'Nul\u0000' },
  ];
  const within = await send(ours, lines);
  expect(within.status).toBe(422);
  expect(within.body.errors.map(({ line, pointer }: { line: number; pointer: string }) => [line, pointer])).toEqual([
    [2, ''],
    [5, ''],
    [6, '/unknown'],
    [7, '/id'],
    [8, '/name'],
  ]);
  const beside = await send(ours, [
    { ...plain, name: 'Good' },
    lines[2] as object,
    whole,
    { ...plain, name: 'Autumn' },
  ]);
  expect(beside.body.errors.map(({ line }: { line: number }) => line)).toEqual([2, 3, 4]);
  expect(beside.body.errors[1].detail).toMatch(/duplicate/);
  expect(await exported(ours)).toBe(before);
});

test('an import with an Idempotency-Key is done once; a player may not import, an analyst may export', async () => {
  const key = { 'idempotency-key': 'import-1' };
  const lines = [{ ...plain, name: 'Once' }];
  const first = await send(ours, lines, '', key);
  expect(await send(ours, lines, '', key)).toEqual(first);
  expect((await send(ours, [{ ...plain, name: 'Other' }], '', key)).status).toBe(422);
});

test('too many lines and nothing at all are refused; a hundred lines are campaigns', async () => {
  const many = Array.from({ length: limits.importLines + 1 }, (_, n) => ({ ...plain, name: `C ${n}` }));
  expect((await send(ours, many)).status).toBe(413);
  expect((await send(ours, [])).status).toBe(400);
  expect((await send(ours, ['x'.repeat(limits.importLineBytes + 1)])).status).toBe(400);
  const key = await desk.key(await desk.organisation('Many'), 'manager');
  expect(await send(key, many.slice(0, 100))).toMatchObject({ status: 201, body: { lines: 100 } });
  expect(await count(key)).toBe(100);
});

test('five thousand lines are one change: none of them or all, told beforehand by a dry run, while others go on', async () => {
  const key = await desk.key(await desk.organisation('Large'), 'manager');
  const made = await desk.ask(key, 'POST', '/api/v2/advertisers', { name: 'Before' });
  const lines: object[] = Array.from({ length: limits.importLines }, (_, n) => ({
    ...whole,
    id: undefined,
    name: `Campaign ${n}`,
    targeting: [{ conditions: whole.targeting[0]?.conditions }],
    frequency_caps: [{ scope: 'user', window: 'day', max_impressions: 3 }],
    creatives: [{ name: 'Spot', duration_seconds: 30, media: whole.creatives[0]?.media }],
  }));
  const took: Record<string, number> = {};
  const timed = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    return await work.finally(() => {
      took[name] = Math.round(performance.now() - begun);
    });
  };
  const wrong = lines.with(-1, { ...plain, name: 'Late', ends_at: '2026-11-01T00:00:00Z' });
  const refused = await timed('refused by its last line', send(key, wrong));
  expect([refused.status, refused.body.errors.map(({ line }: { line: number }) => line)]).toEqual([422, [5_000]]);
  expect(await count(key)).toBe(0);
  const dry = await timed('dry run', send(key, lines, '?dry_run=true'));
  expect(dry).toMatchObject({ status: 200, body: { lines: 5_000 } });
  expect(await count(key)).toBe(0);

  const importing = timed('import', send(key, lines));
  let done = false;
  const goOn = async (name: string, one: (n: number) => Promise<Said>) => {
    const answers: Said[] = [];
    let slowest = 0;
    for (let n = 0; !done; n++) {
      const begun = performance.now();
      answers.push(await one(n));
      slowest = Math.max(slowest, performance.now() - begun);
      // A key has a limit by the minute.
      await sleep(100);
    }
    took[`slowest ${name} of ${answers.length} meanwhile`] = Math.round(slowest);
    return answers;
  };
  const reading = goOn('read', () => desk.ask(key, 'GET', `/api/v2/advertisers/${made.body.id}`));
  const writing = goOn('write', (n) => desk.ask(ours, 'POST', '/api/v2/advertisers', { name: `Meanwhile ${n}` }));
  const imported = await importing.finally(() => {
    done = true;
  });
  expect(imported).toMatchObject({ status: 201, body: { lines: 5_000 } });
  expect(new Set((await reading).map(({ status }) => status))).toEqual(new Set([200]));
  // A write waits for the import to end, for half a minute; then it is told to come again.
  for (const { status, headers } of await writing) {
    if (status !== 201) expect([status, headers['retry-after']]).toEqual([503, '5']);
  }
  const text = await timed('export', exported(key));
  expect(text.trim().split('\n')).toHaveLength(5_000);
  process.stdout.write(`5,000 lines, ms: ${JSON.stringify(took)}\n`);
}, 600_000);
