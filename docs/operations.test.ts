import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentWith } from '../engines/config.ts';
import { readEndpoints } from '../engines/endpoints.ts';
import { hasKafkaAndRedis } from '../test/servers.ts';
import { block, run, settings, shareOf, until, warehouseAnswer, watch } from './operations-house.ts';
import { onRealServers } from './operations-real.ts';
import { blocksOf, runBlock, stayBlock } from './page-commands.ts';

const project = fileURLToPath(new URL('../', import.meta.url));
// Signals go on while nobody watches.
const RAW = ['requests', 'request_ads', 'beacons', 'conversions'];
const ROLL_UPS = [
  'delivery_minutes',
  'delivery_hours',
  'delivery_days',
  'request_minutes',
  'request_hours',
  'request_days',
];

it('every block of the operations page is run by a test, or says why not', () => {
  const blocks = blocksOf('operations.md');
  expect(blocks.length).toBeGreaterThan(12);
  expect(blocks.filter(({ name, why }) => name === null && why === null)).toEqual([]);
  const names = blocks.flatMap(({ name }) => name ?? []);
  expect(new Set(names).size).toBe(names.length);
});

describe('on the embedded engines', () => {
  let folder = '';
  let data = '';
  let ours: Record<string, string> = {};
  let env: Record<string, string> = {};
  let house: ChildProcess | null = null;
  let said = '';

  async function up(): Promise<void> {
    said = '';
    house = spawn(process.execPath, [`${project}cli/main.ts`, 'up'], { env: environmentWith(ours), cwd: project });
    house.stdout?.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    await until(100, 'the house is up', async () => said.includes('Breakwater is up.'));
    const { decisionApi = '', workers = {}, warehouse = '', catalog = '' } = readEndpoints(data);
    const WORKER = workers.warehouse ?? '';
    env = environmentWith({ ...ours, DECISION: decisionApi, WORKER, WAREHOUSE: warehouse, CATALOG: catalog });
  }

  async function down(): Promise<void> {
    if (!house) return;
    const ended = once(house, 'exit');
    house.kill('SIGTERM');
    await ended;
    house = null;
  }

  /** What the tables say, summed over all rows. */
  async function tables(names: readonly string[]): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const name of names) {
      const sums = ROLL_UPS.includes(name) ? sumsOf(name) : `count(), sum(cityHash64(${keyOf(name)}))`;
      found[name] = await warehouseAnswer(env.WAREHOUSE ?? '', `SELECT ${sums} FROM breakwater.${name} FINAL`);
    }
    return found;
  }
  const keyOf = (name: string) => (RAW.includes(name) ? 'topic, source_partition, offset' : '*');
  const sumsOf = (name: string) =>
    name.startsWith('delivery')
      ? 'sum(impressions), sum(completes), sum(clicks), sum(duplicates), sum(late), sum(spend_micros)'
      : 'sum(requests), sum(filled), sum(ads), sum(paid_seconds)';
  const isLagGone = async () => (await shareOf(env.WORKER ?? '', env)).lag === 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'breakwater-operations-'));
    data = join(folder, 'data');
    const BACKUP = join(folder, 'backup');
    mkdirSync(BACKUP);
    const embedded = { EVENT_LOG: '', STATE_STORE: '', WAREHOUSE: '', CATALOG: '' };
    ours = { ...settings, ...embedded, DATA_DIR: data, BACKUP };
    await up();
    await watch(env.DECISION ?? '', 8, join(folder, 'viewers.jsonl'));
    await until(120, 'the warehouse has caught up', isLagGone);
  }, 240_000);
  afterAll(async () => {
    await down();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('the first look shows that all is well', async () => {
    const { out } = await run('first-look', env);
    expect(out).toMatch(/"ready":true[\s\S]*"ready":true/);
    expect(out).toMatch(/ad-beacons\s+24 partitions\s+[1-9]/);
  }, 60_000);

  it('a warehouse worker that is added shares the partitions, and gives them up when it ends', async () => {
    const all = (await shareOf(env.WORKER ?? '', env)).partitions;
    const added = await stayBlock(block('add-a-warehouse-worker'), env);
    await until(120, 'the partitions are shared', async () => {
      const shares = [await shareOf(env.WORKER ?? '', env), await shareOf(added.url, env)];
      return shares.every(({ partitions }) => partitions === all / 2);
    });
    expect(await added.stop()).toBe(0);
    await until(120, 'the first has all', async () => (await shareOf(env.WORKER ?? '', env)).partitions === all);
  }, 120_000);

  it('a migration of what is migrated, and a check of a store that is right, find nothing to do', async () => {
    await run('migrate', env);
    const { out } = await run('check-the-store', env);
    expect(out.match(/^putRight +0$/gm)).toHaveLength(2);
    expect(out).toMatch(/^confirmed +[1-9]/m);
    expect(out).toMatch(/^logRecords +[1-9]/m);
    await run('rebuild-money-from-rows', env);
  }, 120_000);

  it('a warehouse that lost rows and roll-ups has them again from the log', async () => {
    const before = await tables([...RAW, ...ROLL_UPS]);
    expect(before.beacons).not.toMatch(/^0\t/);
    expect(before.delivery_days).not.toMatch(/^0\t/);
    for (const name of ['beacons', 'requests', 'delivery_minutes', 'request_days']) {
      await warehouseAnswer(env.WAREHOUSE ?? '', `TRUNCATE TABLE breakwater.${name}`);
    }
    expect(await tables([...RAW, ...ROLL_UPS])).not.toEqual(before);
    await run('rebuild-the-warehouse', env);
    await expect.poll(() => tables([...RAW, ...ROLL_UPS]), { timeout: 60_000, interval: 1_000 }).toEqual(before);
  }, 150_000);

  it('a warehouse is restored from its backup into empty tables, and what came later is read from the log', async () => {
    // Older than any raw row, and in no log.
    const insert = (rows: string) => warehouseAnswer(env.WAREHOUSE ?? '', `INSERT INTO breakwater.${rows}`);
    await insert('delivery_days (day, spend_micros, version) VALUES (today() - 2000, 7, 1)');
    await insert('request_days (day, requests, version) VALUES (today() - 2000, 7, 1)');
    await insert("traffic_adjustments (reservation, event, reason) VALUES (generateUUIDv4(), 'impression', 'found')");
    await run('back-up-the-warehouse', env);
    await watch(env.DECISION ?? '', 4, join(folder, 'later.jsonl'));
    await until(120, 'the warehouse has caught up', isLagGone);
    const before = await tables([...RAW, ...ROLL_UPS, 'traffic_adjustments']);
    expect(before.traffic_adjustments).toMatch(/^1\t/);
    await warehouseAnswer(env.WAREHOUSE ?? '', 'DROP DATABASE breakwater SYNC');
    await run('restore-the-warehouse', env);
    const after = () => tables([...RAW, ...ROLL_UPS, 'traffic_adjustments']);
    await expect.poll(after, { timeout: 60_000, interval: 1_000 }).toEqual(before);
  }, 200_000);

  it('a catalog that is restored from its backup holds the campaigns it held, and the files that were uploaded', async () => {
    const [, campaigns] = /seeded it with the demo's (\d+) campaigns/.exec(said) ?? [];
    await down();
    const file = join(data, 'media', 'files', 'spot.mp4');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'a film');
    await run('back-up-the-embedded-catalog', env);
    for (const lost of ['catalog', 'media']) rmSync(join(data, lost), { recursive: true });
    await run('restore-the-embedded-catalog', env);
    expect(readFileSync(file, 'utf8')).toBe('a film');
    await up();
    expect(said).toContain(`the catalog holds ${campaigns} campaigns`);
  }, 200_000);

  it('commands that fail say so by their exit code', async () => {
    const { code } = await runBlock(block('first-look'), { ...env, EVENT_LOG: 'nonsense' });
    expect(code).not.toBe(0);
  });
});

// `npm test` says when they are not here, and in CI fails then.
if (hasKafkaAndRedis()) describe('on real Kafka and Redis', onRealServers);
