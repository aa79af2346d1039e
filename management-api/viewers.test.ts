import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirm, emptyFrequency, reserve } from '../domain/frequency/frequency.ts';
import { confirmInStream, emptyStream } from '../domain/separation-stream.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/catalog/embedded-postgres.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openPostgresSuppressions, type ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import { VirtualClock } from '../engines/clock.ts';
import { pseudonym } from '../engines/pseudonym.ts';
import { systemRandom } from '../engines/random.ts';
import { keys } from '../engines/state-store/keys.ts';
import { openLmdbStateStore } from '../engines/state-store/lmdb-state-store.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import { houseAudit } from './test-audit.ts';
import { eraseViewer, showViewer } from './viewers.ts';

const HOUR_MS = 3_600_000;
const now = 1_800_000_000_000;
const pepper = 'p'.repeat(32);
const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const clock = new VirtualClock(now);
let folder: string;
let server: EmbeddedPostgres;
let suppressions: ViewerSuppressions;
let store: StateStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-viewers-'));
  server = await startEmbeddedPostgres({ path: join(folder, 'catalog'), port: 0 });
  await migrateCatalog(server.url);
  suppressions = openPostgresSuppressions(server.url);
  store = openLmdbStateStore({ path: join(folder, 'state'), clock });
}, 60_000);

afterAll(async () => {
  await suppressions?.close();
  await store?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const place = (n: number, creativeId: string) => ({
  reservation: id(n),
  campaignId: id(100),
  creativeId,
  partition: 0,
  expiresAt: now,
});

async function put(key: string, bytes: Buffer): Promise<void> {
  const [seen] = await store.read([key]);
  if (seen) await store.swap(key, seen, bytes, 1e12);
}

test('what a viewer has seen is told by campaign, creative and window; erased, nothing of it is left and nothing comes back', async () => {
  const hash = pseudonym(pepper, 'user', 'ann');
  const key = keys.frequency('user', hash);
  const caps = [{ scope: 'user' as const, creativeId: null, windowSeconds: 31 * 24 * 3_600, max: 9 }];
  const held = reserve(emptyFrequency(), [{ place: place(9, id(201)), caps }], { of: () => 0, lowest: 0 }).record;
  const times = [now - 30_000, now - HOUR_MS / 2, now - 5 * HOUR_MS, now - 30 * 24 * HOUR_MS];
  const record = times.reduce((current, at, n) => confirm(current, place(n, id(200)), at), held);
  await put(key, encodeBare('frequency-record', record));
  const parts = { store, clock, pepper, suppressions, random: systemRandom(clock), actor: 'system' };

  const shown = await showViewer('user', 'ann', parts);
  expect(shown).toMatchObject({ scope: 'user', hash, erased_at: null });
  expect(shown.viewings).toMatchObject([
    {
      campaign_id: id(100),
      creative_id: id(200),
      impressions_count: 4,
      minute_count: 1,
      hour_count: 2,
      day_count: 3,
      week_count: 3,
      month_count: 4,
      reset_hour_at: new Date(now + HOUR_MS / 2).toISOString(),
      reset_day_at: new Date(now + 19 * HOUR_MS).toISOString(),
      reset_week_at: new Date(now + (7 * 24 - 5) * HOUR_MS).toISOString(),
      reset_month_at: new Date(now + 24 * HOUR_MS).toISOString(),
      held: 0,
      last_impression_at: new Date(now - 30_000).toISOString(),
    },
    { creative_id: id(201), impressions_count: 0, reset_month_at: null, held: 1, last_impression_at: null },
  ]);
  expect((await showViewer('user', 'bob', parts)).viewings).toEqual([]);

  expect(await eraseViewer('user', 'ann', parts)).toEqual({ hash, forgotten: 5, erasedAt: clock.now() });
  expect(await showViewer('user', 'ann', parts)).toMatchObject({
    erased_at: new Date(now).toISOString(),
    viewings: [],
  });
  expect(await suppressions.all()).toEqual([{ scope: 'user', hash, erasedAt: now }]);
  const [entry] = await store.read([key]);
  const left = decodeBare('frequency-record', entry?.bytes ?? Buffer.alloc(0));
  expect(left).toEqual({ entries: [], totals: [], erased_at: now });
  expect(confirm(left, place(1, id(200)), now - 1)).toBe(left);
  const told = await houseAudit(server.url, 'viewer');
  expect(told).toMatchObject([{ actor: 'system', action: 'delete', before: { scope: 'user' }, after: null }]);
  expect(JSON.stringify(told)).not.toMatch(new RegExp(`ann|${hash}`));
});

test('an address is the same viewer however it is written, and of two suppressions the later stands', async () => {
  const parts = { store, clock, pepper, suppressions };
  const first = await showViewer('ip', '2001:db8::1', parts);
  expect((await showViewer('ip', '2001:0DB8:0:0:0:0:0:1', parts)).hash).toBe(first.hash);
  for (const erasedAt of [2_000, 1_000]) {
    await suppressions.note([{ scope: 'ip', hash: first.hash, erasedAt }], async () => undefined);
  }
  expect((await suppressions.all()).find(({ scope }) => scope === 'ip')?.erasedAt).toBe(2_000);
});

test('of a stream, which is remembered for a day, no longer window is told', async () => {
  const hash = pseudonym(pepper, 'stream', 'a session');
  const record = confirmInStream(emptyStream(), place(1, id(200)), now - HOUR_MS / 2);
  await put(keys.stream(hash), encodeBare('stream-record', record));
  const { viewings } = await showViewer('stream', 'a session', { store, clock, pepper });
  expect(viewings).toMatchObject([
    { minute_count: 0, hour_count: 1, day_count: 1, week_count: null, month_count: null },
  ]);
});
