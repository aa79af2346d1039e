import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirm, emptyFrequency, reserve } from '../domain/frequency/frequency.ts';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { openPostgresSuppressions, type ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import { pseudonym } from '../engines/pseudonym.ts';
import { keys } from '../engines/state-store/keys.ts';
import { encodeBare } from '../schemas/codec.ts';
import { createKey } from './access/keys.ts';
import { writeDelivery } from './analytics/test-delivery.ts';
import { openTestHouse, type Party, partyOf, type TestHouse } from './analytics/test-house.ts';
import { eraseDue, ROWS_AFTER_MS } from './erase-due.ts';
import { houseAudit } from './test-audit.ts';
import type { Said } from './test-desk.ts';

const pepper = 'p'.repeat(32);
let house: TestHouse;
let suppressions: ViewerSuppressions;
let ours: Party;
let theirs: Party;
let operator: string;

beforeAll(async () => {
  house = await openTestHouse();
  suppressions = openPostgresSuppressions(house.desk.url);
  const peppers = () => ({ pepper, peppersBefore: [] });
  Object.assign(house.desk.parts, { viewers: { suppressions, peppers } });
  [ours, theirs] = [await partyOf(house.desk, 'Ours'), await partyOf(house.desk, 'Theirs')];
  operator = await house.desk.key(HOUSE_ORGANISATION, 'operator');
  const caps = [{ scope: 'user' as const, creativeId: null, windowSeconds: 3_600, max: 9 }];
  const record = [ours, theirs].reduce((seen, { campaign }, n) => {
    const reservation = house.desk.parts.random.uuid();
    const place = { reservation, campaignId: campaign, creativeId: campaign, partition: 0, expiresAt: 0 };
    const held = reserve(seen, [{ place, caps }], { of: () => 0, lowest: 0 }).record;
    return confirm(held, place, house.desk.parts.clock.now() - n * 7_200_000);
  }, emptyFrequency());
  const key = keys.frequency('user', pseudonym(pepper, 'user', 'ann'));
  const [entry] = await house.analytics.store.read([key]);
  if (entry) await house.analytics.store.swap(key, entry, encodeBare('frequency-record', record), 1e12);
}, 180_000);

afterAll(async () => {
  await suppressions?.close();
  await house?.close();
});

const ann = { scope: 'user', id: 'ann' };
const show = (key: string, body: object = ann) => house.desk.ask(key, 'POST', '/api/v2/viewers/show', body);
const erase = (key: string, body: object = ann) => house.desk.ask(key, 'POST', '/api/v2/viewers/erase', body);
const campaigns = ({ body }: Said) => (body.viewings as { campaign_id: string }[]).map((each) => each.campaign_id);

test('an organisation is shown what a viewer saw of its own campaigns, the default one all', async () => {
  const [mine, others, all] = [await show(ours.key), await show(theirs.key), await show(operator)];
  expect(mine).toMatchObject({ status: 200, body: { scope: 'user', pseudonym: null, erased_at: null } });
  expect([campaigns(mine), campaigns(others)]).toEqual([[ours.campaign], [theirs.campaign]]);
  expect(mine.body.viewings).toMatchObject([{ impressions_count: 1, hour_count: 1, day_count: null, held: 0 }]);
  expect(campaigns(all).toSorted()).toEqual([ours.campaign, theirs.campaign].toSorted());
  expect(all.body.pseudonym).toBe(pseudonym(pepper, 'user', 'ann'));
  expect(campaigns(await show(operator, { scope: 'user', id: 'bob' }))).toEqual([]);
});

test('who may not is refused, and so is what cannot be a viewer, or an answer that would be kept', async () => {
  const reader = await house.desk.key(ours.organisation, 'manager');
  expect([(await show(reader)).status, (await erase(reader)).status, (await erase(ours.key)).status]).toEqual([
    403, 403, 403,
  ]);
  expect(campaigns(await show(operator))).toHaveLength(2);
  const wrong = await show(operator, { scope: 'pod', id: '' });
  expect([wrong.status, wrong.body.errors.map(({ pointer }) => pointer).toSorted()]).toEqual([400, ['/id', '/scope']]);
  const kept = await house.desk.ask(operator, 'POST', '/api/v2/viewers/show', ann, { 'idempotency-key': 'a' });
  expect(kept.status).toBe(400);
});

test('an address is one viewer as requests say it, with a port or in brackets, and what is no address is nobody', async () => {
  const pseudonymOf = async (id: string) => (await show(operator, { scope: 'ip', id })).body.pseudonym;
  for (const [bare = '', ...others] of [
    ['203.0.113.9', '203.0.113.9:1234'],
    ['2001:db8::1', '[2001:db8::1]:443', '[2001:0DB8:0::1]'],
  ]) {
    for (const id of [bare, ...others]) expect(await pseudonymOf(id)).toBe(pseudonym(pepper, 'ip', bare));
  }
  const shown = await show(operator, { scope: 'ip', id: 'nonsense' });
  expect(shown).toMatchObject({ status: 422, body: { errors: [{ pointer: '/id' }] } });
  expect(await erase(operator, { scope: 'ip', id: '203.0.113.999' })).toMatchObject({ status: 422 });
});

test('a process that knows no viewers says so', async () => {
  const { viewers } = house.desk.parts;
  Object.assign(house.desk.parts, { viewers: null });
  expect([await show(operator), await erase(operator)]).toMatchObject([
    { status: 503, body: { title: 'No viewers' } },
    { status: 503, body: { title: 'No viewers' } },
  ]);
  Object.assign(house.desk.parts, { viewers });
});

test('the default organisation erases a viewer for all; the audit says that, by whom, and not who', async () => {
  const gone = await erase(operator);
  expect(gone).toMatchObject({ status: 202, body: { scope: 'user', forgotten: 2 } });
  const after = await show(operator);
  expect(after.body).toMatchObject({ viewings: [], erased_at: gone.body.erased_at });
  expect((await show(ours.key)).body).toMatchObject({ viewings: [], erased_at: null });
  const told = await houseAudit(house.desk.url, 'viewer');
  expect(told.filter(({ action }) => action === 'delete')).toMatchObject([
    { actor: expect.stringMatching(/^key:/), before: { scope: 'user' }, after: null },
  ]);
  expect(told.at(-1)).toMatchObject({ action: 'read', before: null, after: { scope: 'user' } });
  expect(JSON.stringify(told)).not.toMatch(new RegExp(`"ann"|${pseudonym(pepper, 'user', 'ann')}`));
  const reads = await house.desk.ask(ours.key, 'GET', '/api/v2/audit?resource=viewer&action=read');
  expect(reads.body.items).toHaveLength(2);
});

test('the raw rows of whoever was erased become nobody’s half a minute later, once, whichever process does it', async () => {
  const { warehouse } = house;
  const from = Date.UTC(2026, 10, 1, 3, 0);
  await writeDelivery(warehouse, [ours], { from, minutes: 60, beacons: 400 });
  const counted = () =>
    warehouse.query<{ viewer: string; rows: string }>(
      'SELECT viewer, count() AS rows FROM breakwater.beacons FINAL GROUP BY viewer ORDER BY rows DESC, viewer',
    );
  const hash = (await counted())[0]?.viewer ?? '';
  const { clock } = house.desk.parts;
  const erasedAt = clock.now();
  await suppressions.note([{ scope: 'user', hash, erasedAt }], async () => undefined);
  const at = (now: number) => eraseDue({ suppressions, warehouse, clock: { ...clock, now: () => now } });
  expect(await at(erasedAt + ROWS_AFTER_MS - 1)).toBe(0);
  expect((await counted()).map(({ viewer }) => viewer)).toContain(hash);
  expect(await at(erasedAt + ROWS_AFTER_MS)).toBeGreaterThan(0);
  expect((await counted()).map(({ viewer }) => viewer)).not.toContain(hash);
  expect(await suppressions.withRows(erasedAt + ROWS_AFTER_MS)).toEqual([]);
});

test('a key of before that names a scope which is no more loads, and is shown without it', async () => {
  const old = await house.desk.parts.desk.write(ours.organisation, (sql) =>
    createKey(sql, {
      id: house.desk.parts.random.uuid(),
      name: 'old',
      scopes: ['campaigns:read', 'operations:read' as never],
      expiresAt: null,
      createdBy: null,
    }),
  );
  expect((await house.desk.ask(old, 'GET', '/api/v2/me')).body.scopes).toEqual(['campaigns:read']);
  const { body } = await house.desk.ask(ours.key, 'GET', '/api/v2/api-keys');
  const shown = (body.items as { name: string; scopes: string[] }[]).find(({ name }) => name === 'old');
  expect(shown?.scopes).toEqual(['campaigns:read']);
});
