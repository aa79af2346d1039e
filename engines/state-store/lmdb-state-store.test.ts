import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { open as openLmdb } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock, VirtualClock } from '../clock.ts';
import { counted, increment, readOne, stateStoreContract } from './contract.ts';
import { openLmdbStateStore } from './lmdb-state-store.ts';
import type { StateStore } from './state-store.ts';

let folder: string;
let opened: StateStore[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-state-'));
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  await rm(folder, { recursive: true });
});

function open(clock: Clock = systemClock(), inline = false): StateStore {
  const store = openLmdbStateStore({ path: folder, clock, inline });
  opened.push(store);
  return store;
}

describe.each([false, true])('the state store contract on LMDB, inline: %s', (inline) => {
  const clock = systemClock();
  const { sleep } = clock;
  it.each(stateStoreContract)('$name', ({ check }) => check({ store: open(clock, inline), sleep }));
});

describe('over time', () => {
  const START_MS = 1_800_000_000_000;

  it('keeps records, versions and its own id across closing', async () => {
    const first = open();
    const { entry } = await first.swap('a', await readOne(first, 'a'), Buffer.from('kept'), 60_000);
    await first.claim('bucket', ['id'], [4], 60_000);
    await first.close();
    const second = open();
    expect(await readOne(second, 'a')).toEqual(entry);
    expect(await second.claim('bucket', ['id'], [5], 60_000)).toEqual([4]);
    const next = await second.swap('a', entry, Buffer.from('next'), 60_000);
    expect([next.ok, next.entry.version > entry.version]).toEqual([true, true]);
  });

  it('sweeps what has expired off the disk, and only that', async () => {
    const clock = new VirtualClock(START_MS);
    const store = open(clock);
    for (const key of ['brief', 'long']) {
      await store.swap(key, await readOne(store, key), Buffer.from(key), key === 'brief' ? 1_000 : 100_000);
      await store.claim(key, ['id'], [1], key === 'brief' ? 1_000 : 100_000);
    }
    await clock.advance(START_MS + 30_000);
    await store.close();
    const root = openLmdb<Buffer>({ path: folder, encoding: 'binary' });
    const keysOf = (name: string) => [...root.openDB(name, { encoding: 'binary' }).getKeys()];
    expect(keysOf('records')).toEqual(['long']);
    expect(keysOf('claims')).toEqual([['long', 'id']]);
    expect(keysOf('buckets')).toEqual(['long']);
    await root.close();
  });

  it('writes the agreed layout: 8 bytes version, 8 bytes expiry, the bytes; 8 bytes offset of a claim', async () => {
    const store = open(new VirtualClock(START_MS));
    const { entry } = await store.swap('a', await readOne(store, 'a'), Buffer.from('bytes'), 5_000);
    await store.claim('bucket', ['id'], [7], 5_000);
    await store.close();
    const root = openLmdb<Buffer>({ path: folder, encoding: 'binary' });
    const record = root.openDB<Buffer>('records', { encoding: 'binary' }).get('a');
    expect(record?.readBigUInt64BE(0)).toBe(BigInt(entry.version));
    expect(record?.readBigUInt64BE(8)).toBe(BigInt(START_MS + 5_000));
    expect(record?.subarray(16).toString()).toBe('bytes');
    const claim = root.openDB<Buffer>('claims', { encoding: 'binary' }).get(['bucket', 'id']);
    expect(claim?.readBigUInt64BE(0)).toBe(7n);
    await root.close();
  });
});

describe('between processes', () => {
  const script = new URL('contract-child.ts', import.meta.url).pathname;

  async function contend(times: number, killAfter: number): Promise<{ count: number; first: number }> {
    const child = spawn(process.execPath, [script, folder, 'hot', 'bucket', `${times}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let last = { count: 0, first: 0 };
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (!line.endsWith('}')) return;
      last = JSON.parse(line);
      if (last.count >= killAfter) child.kill('SIGKILL');
    });
    await once(lines, 'close');
    return last;
  }

  it('loses no update and gives each claim to one process', async () => {
    const store = open();
    const own = Promise.all(Array.from({ length: 30 }, () => increment(store, 'hot')));
    const told = await Promise.all([contend(60, Infinity), contend(60, Infinity)]);
    await own;
    expect(told.map(({ count }) => count)).toEqual([60, 60]);
    expect(await counted(store, 'hot')).toBe(150);
    expect((told[0]?.first ?? 0) + (told[1]?.first ?? 0)).toBe(60);
  });

  it('keeps what was acknowledged before a kill, and goes on for the others', async () => {
    const store = open();
    const told = await Promise.all([contend(10_000, 40), contend(10_000, 90)]);
    const acknowledged = told.reduce((sum, { count }) => sum + count, 0);
    const held = await counted(store, 'hot');
    // The kill may come after a commit and before its telling, and some were told after the 40th and before the kill.
    expect(held).toBeGreaterThanOrEqual(acknowledged);
    expect(held).toBeLessThanOrEqual(acknowledged + 2);
    await increment(store, 'hot');
    expect(await counted(store, 'hot')).toBe(held + 1);
  });
});
