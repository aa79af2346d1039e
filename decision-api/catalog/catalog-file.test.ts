import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testCampaign } from '../test-house.ts';
import { type KeptCatalog, keepCatalog, readKeptCatalog, touchCatalog } from './catalog-file.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'breakwater-catalog-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

const kept: KeptCatalog = {
  campaigns: Array.from({ length: 250 }, (_, at) => testCampaign({ name: `line one\nof campaign ${at} \u2028` })),
  pods: [],
  advertisers: [{ id: 'a', organisation: 'b' }],
  positions: [3, 4],
};

test('a kept catalog is read as it was, with the time at which Postgres was heard of', async () => {
  const dir = await folder();
  expect(await readKeptCatalog(dir)).toBeNull();
  expect(await touchCatalog(dir, 5_000)).toBe(false);
  await keepCatalog(dir, kept, 4_000);
  expect(await readKeptCatalog(dir)).toEqual({ kept, current: true, heardAt: 4_000 });
  expect(await touchCatalog(dir, 9_000)).toBe(true);
  expect((await readKeptCatalog(dir))?.heardAt).toBe(9_000);
  const lines = (await readFile(join(dir, 'decision-api-catalog.jsonl'), 'utf8')).split('\n');
  expect(lines).toHaveLength(1 + kept.campaigns.length + 1);
});

test('one that an older version kept is read until there is a newer one', async () => {
  const dir = await folder();
  await writeFile(join(dir, 'decision-api-snapshot.json'), JSON.stringify(kept));
  expect(await readKeptCatalog(dir)).toMatchObject({ kept, current: false });
  const fewer = { ...kept, campaigns: kept.campaigns.slice(0, 3) };
  await keepCatalog(dir, fewer, 4_000);
  expect((await readKeptCatalog(dir))?.kept).toEqual(fewer);
  expect(await readdir(dir)).toEqual(['decision-api-catalog.jsonl']);
  // The older version ran once more.
  await writeFile(join(dir, 'decision-api-snapshot.json'), JSON.stringify(kept));
  expect((await readKeptCatalog(dir))?.kept).toEqual(kept);
});

test('a write that fails leaves nothing of itself, and what was kept before', async () => {
  const dir = await folder();
  await keepCatalog(dir, kept, 4_000);
  const broken = {
    ...testCampaign(),
    toJSON: () => {
      throw new Error('no room');
    },
  };
  await expect(keepCatalog(dir, { ...kept, campaigns: [broken] }, 5_000)).rejects.toThrow('no room');
  expect(await readdir(dir)).toEqual(['decision-api-catalog.jsonl']);
  expect((await readKeptCatalog(dir))?.heardAt).toBe(4_000);
});

test('what is no catalog is a SyntaxError', async () => {
  const dir = await folder();
  for (const text of ['', 'nonsense\n', '{"positions":[]}\n{"id":', '{"positions":[],"count":1}\n']) {
    await writeFile(join(dir, 'decision-api-catalog.jsonl'), text);
    await expect(readKeptCatalog(dir)).rejects.toThrow(SyntaxError);
  }
});
