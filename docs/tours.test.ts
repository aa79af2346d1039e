import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentWith } from '../engines/config.ts';
import { type OwnHouse, startOwnHouse } from '../evidence/plan/house.ts';
import { blocksOf, runBlock } from './page-commands.ts';

let house: OwnHouse;

beforeAll(async () => {
  house = await startOwnHouse();
}, 120_000);

afterAll(() => house?.stop());

const tours = ['campaign-manager', 'operator', 'player-integrator', 'analyst'];
const pages = ['../README.md', ...tours.map((name) => `tours/${name}.md`)];
const blocks = pages.flatMap((page) =>
  blocksOf(page).flatMap((block) => (block.name === null ? [] : [{ page, block }])),
);

test('each page has a block to run', () => {
  expect(new Set(blocks.map(({ page }) => page)).size).toBe(pages.length);
});

test.each(blocks)('$page: $block.name is run by copying', { timeout: 120_000 }, async ({ block }) => {
  const env = environmentWith({
    API: `${house.management}/api/v2`,
    ADS: `${house.decision}/api/v2`,
    KEY: house.key,
    DATA_DIR: house.folder,
  });
  const { code, out, err } = await runBlock(block, env);
  expect(code, `${out}\n${err}`).toBe(0);
});
