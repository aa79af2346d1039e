import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../engines/clock.ts';
import { openLmdbStateStore } from '../../engines/state-store/lmdb-state-store.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { StoreGate } from '../holding/store-gate.ts';
import { createMetrics } from '../metrics.ts';
import { keepAnswer } from './answers.ts';

const clock = new VirtualClock(1_700_000_000_000);
let folder: string;
let store: StateStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-answers-'));
  store = openLmdbStateStore({ path: folder, clock });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const ours = Buffer.from('ours');

test('the first answer is kept, and told to whoever comes second', async () => {
  const gate = new StoreGate(store, clock, createMetrics());
  const [absent] = await store.read(['a']);
  if (!absent) throw new Error('an absent entry is an entry');
  expect(await keepAnswer(gate, 'a', absent, ours)).toBeNull();
  expect((await keepAnswer(gate, 'a', absent, Buffer.from('theirs')))?.toString()).toBe('ours');
});

test('a store that is another than the one that was read has kept nothing, and it is not taken for kept', async () => {
  const gate = new StoreGate(store, clock, createMetrics());
  const foreign = { version: 0, bytes: null, store: 'another' };
  await expect(keepAnswer(gate, 'a', foreign, ours)).rejects.toMatchObject({ code: 'store_lost_writes' });
});
