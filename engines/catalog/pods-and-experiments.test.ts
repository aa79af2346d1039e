import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { readExperiment, readPodConfig } from '../../domain/campaign-document.ts';
import { micros } from '../../domain/money.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { Catalog } from './catalog.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { openExperiments } from './experiments.ts';
import { migrateCatalog } from './migrate.ts';
import { openPostgresCatalog } from './postgres-catalog.ts';

let folder: string;
let server: EmbeddedPostgres;
let catalog: Catalog;
let sql: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-catalog-'));
  server = await startEmbeddedPostgres({ path: folder, port: 0 });
  await migrateCatalog(server.url);
  catalog = openPostgresCatalog({ url: server.url });
  sql = new pg.Client({ connectionString: server.url });
  // The server's end may come before the connection's own.
  sql.on('error', () => undefined);
  await sql.connect();
});

afterAll(async () => {
  await sql?.end();
  await catalog?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await sql.query('TRUNCATE advertisers, campaigns, competitive_categories, ad_pods, experiments, outbox CASCADE');
});

const nobody = async () => undefined;
const A = '00000000-0000-7000-8000-00000000000a';
const B = '00000000-0000-7000-8000-00000000000b';

function sample(changes: Partial<Omit<Campaign, 'version'>>): Omit<Campaign, 'version'> {
  return {
    id: A,
    name: 'one',
    advertiserId: A,
    advertiserName: 'Advertiser',
    status: 'active',
    startsAt: 0,
    endsAt: 1_000,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(12_000) },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: [],
    caps: [],
    categories: [],
    creatives: [],
    ...changes,
  };
}

test('a pod or an experiment that is written, by whatever means, is told as the snapshot has it, and so is its end', async () => {
  const arms = [{ name: 'a', weight: 1, objective: 'fill_rate' }];
  await sql.query(
    "INSERT INTO ad_pods (id, name, duration_seconds, allowed_durations) VALUES ($1, 'mid', 90, '{15,30}')",
    [A],
  );
  await sql.query("INSERT INTO experiments (id, name, arms) VALUES ($1, 'short', $2)", [B, JSON.stringify(arms)]);
  await sql.query('UPDATE ad_pods SET backup_ads = 2');
  const { pods, experiments } = await catalog.snapshot();
  await sql.query('DELETE FROM experiments');
  const told = await catalog.outbox(10);
  expect(told.map(({ kind, version }) => [kind, version])).toEqual([
    ['pod', 1],
    ['experiment', 1],
    ['pod', 2],
    ['experiment', 2],
  ]);
  expect(told[2]?.document).toEqual(pods[0]);
  expect(readPodConfig(told[2]?.document)).toMatchObject({ allowedDurations: [15, 30], backupAds: 2 });
  expect(told[1]?.document).toEqual(experiments?.[0]);
  expect(readExperiment(told[1]?.document)).toMatchObject({ name: 'short', arms });
  expect(told[3]?.document).toBeNull();
});

test('whose a pod and an experiment are is told, so that deciders keep organisations apart', async () => {
  const { rows } = await sql.query("INSERT INTO organisations (name) VALUES ('Other') RETURNING id");
  const organisation = rows[0].id;
  const arms = JSON.stringify([{ name: 'a', weight: 1 }]);
  await sql.query("INSERT INTO ad_pods (name, duration_seconds) VALUES ('mid', 30)");
  await sql.query("INSERT INTO ad_pods (name, duration_seconds, organisation_id) VALUES ('mid', 60, $1)", [
    organisation,
  ]);
  await sql.query("INSERT INTO experiments (name, arms, organisation_id) VALUES ('one', $2, $1)", [organisation, arms]);
  const told = (await catalog.outbox(9)).map(({ document }) => document as { organisation?: string });
  expect(told.map((document) => document.organisation)).toEqual([HOUSE_ORGANISATION, organisation, organisation]);
  const { pods, experiments } = await catalog.snapshot();
  expect(told).toEqual(expect.arrayContaining([...pods, ...(experiments ?? [])]));
  const own = openExperiments({ url: server.url });
  try {
    expect(await own.list()).toEqual([]);
    expect(await own.put({ name: 'one', status: 'stopped', arms: [{ name: 'a', weight: 1 }] }, nobody)).toBe(1);
  } finally {
    await own.close();
  }
  const { rows: states } = await sql.query('SELECT status FROM experiments ORDER BY status');
  expect(states).toEqual([{ status: 'running' }, { status: 'stopped' }]);
});

test('an experiment is put by its name, version after version, and nonsense is refused', async () => {
  const experiments = openExperiments({ url: server.url });
  try {
    const arms = [{ name: 'a', weight: 1 }];
    expect(await experiments.put({ name: 'one', status: 'running', arms }, nobody)).toBe(1);
    expect(await experiments.put({ name: 'one', status: 'stopped', arms }, nobody)).toBe(2);
    await expect(
      experiments.put({ name: 'two', status: 'running', arms: [{ name: 'a', weight: -1 }] }, nobody),
    ).rejects.toThrow(/an experiment is/);
    expect(await experiments.list()).toMatchObject([{ name: 'one', version: 2, status: 'stopped', arms }]);
    expect((await catalog.outbox(9)).map(({ kind, version }) => `${kind} ${version}`)).toEqual([
      'experiment 1',
      'experiment 2',
    ]);
  } finally {
    await experiments.close();
  }
});

test('a campaign and a creative that want a place in the pod say so, and no other document does', async () => {
  const creative = {
    id: A,
    name: 'one',
    durationSeconds: 30,
    status: 'active' as const,
    media: [],
    clickThrough: null,
  };
  await catalog.putCampaign(
    sample({ id: A, tier: 'guaranteed', place: 'first', creatives: [{ ...creative, place: 'last' }] }),
  );
  await catalog.putCampaign(sample({ id: B, creatives: [] }));
  const [first, other] = (await catalog.snapshot()).campaigns;
  expect(first).toMatchObject({ tier: 'guaranteed', place: 'first', creatives: [{ place: 'last' }] });
  expect(other).not.toHaveProperty('place');
});
