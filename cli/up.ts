import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countCampaigns } from '../engines/catalog/count-campaigns.ts';
import { systemClock } from '../engines/clock.ts';
import { type Config, readConfig } from '../engines/config.ts';
import { openCatalog, openDesk } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { firstKey } from '../management-api/access/administer.ts';
import { demoCatalog } from './demo/catalog.ts';
import { clipsAt, pointClips } from './demo/clips.ts';
import { type House, startHouse } from './house.ts';

const KEY_FILE = 'admin-key';
const DAYS_90_MS = 90 * 86_400_000;

/** `breakwater up`: everything on this machine, data kept in DATA_DIR, until SIGTERM or SIGINT. */
export async function up(): Promise<void> {
  const config = readConfig();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const asked = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => asked.abort());
  const house = await startHouse({
    config,
    signal: asked.signal,
    settings: { DEMO_PAGE: config.demoPage === false ? 'off' : 'on' },
    report: say,
    prepare: async ({ catalogUrl }) => {
      await seedWhenEmpty(catalogUrl, say);
      await makeFirstKey(catalogUrl, config.dataDir, say);
    },
  }).catch((error: unknown) => {
    // Whatever broke off then did so because it was to end.
    if (asked.signal.aborted) return null;
    throw error;
  });
  if (house !== null) await runUntil(asked.signal, house, config, say);
  say('stopped');
}

async function runUntil(signal: AbortSignal, house: House, config: Config, say: (line: string) => void): Promise<void> {
  try {
    const { catalogUrl, decisionApis } = house;
    if (config.demoPage !== false) await showClips(catalogUrl, config.publicUrl ?? decisionApis[0] ?? '', say);
    if (signal.aborted) return;
    say(welcome(house, config));
    await once(signal, 'abort');
  } finally {
    await house.stop();
  }
}

async function seedWhenEmpty(url: string, say: (line: string) => void): Promise<void> {
  const held = await countCampaigns(url);
  if (held > 0) {
    say(`the catalog holds ${held} campaigns`);
    return;
  }
  const catalog = await openCatalog(url);
  try {
    const now = systemClock().now();
    const made = demoCatalog({ startsAt: now, endsAt: now + DAYS_90_MS, pacedUntil: now + DAYS_90_MS, scale: 10_000 });
    for (const campaign of made) await catalog.putCampaign(campaign);
    say(`the catalog was empty: seeded it with the demo's ${made.length} campaigns`);
  } finally {
    await catalog.close();
  }
}

async function showClips(catalogUrl: string, origin: string, say: (line: string) => void): Promise<void> {
  const moved = await pointClips(catalogUrl, clipsAt(origin));
  if (moved > 0) say(`the creatives of ${moved} campaigns of the demo play from ${origin}`);
}

/** The key of whoever runs the house: in a file that only they can read, and nowhere else. */
async function makeFirstKey(url: string, dataDir: string, say: (line: string) => void): Promise<void> {
  const desk = await openDesk(url, null);
  try {
    const clock = systemClock();
    const key = await firstKey({ desk, clock, random: systemRandom(clock) });
    if (key === null) return;
    const path = join(dataDir, KEY_FILE);
    writeFileSync(path, `${key}\n`, { mode: 0o600 });
    say(`an admin key for the management API is in ${path}`);
  } finally {
    await desk.close();
  }
}

function welcome(house: House, { dataDir, demoPage }: Config): string {
  const workers = Object.entries(house.workers).map(([name, url]) => `  ${name.padEnd(20)} ${url}/metrics`);
  return [
    '',
    'Breakwater is up.',
    `  ${'decision API'.padEnd(20)} ${house.decisionApis[0]}/api/v2/ad-request`,
    ...(demoPage === false ? [] : [`  ${'a page that plays'.padEnd(20)} ${house.decisionApis[0]}/demo/`]),
    `  ${'its metrics'.padEnd(20)} ${house.decisionApis[0]}/metrics`,
    ...workers,
    `  ${'management API'.padEnd(20)} ${house.management}/api/v2/docs  (key: ${join(dataDir, KEY_FILE)})`,
    `  ${'warehouse (HTTP)'.padEnd(20)} ${withoutUser(house.warehouseUrl)}`,
    `  data in ${dataDir}, logs in ${dataDir}/logs; Ctrl-C stops it`,
    '',
    `  curl -s ${house.decisionApis[0]}/api/v2/ad-request -H 'content-type: application/json' -d '{"pod_duration":120,"max_ads":4}'`,
    '',
  ].join('\n');
}

/** A URL that may be shown. */
function withoutUser(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
