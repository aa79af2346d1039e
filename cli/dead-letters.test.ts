import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../engines/clock.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { openLmdbEventLog } from '../engines/event-log/lmdb-event-log.ts';
import { encode } from '../schemas/codec.ts';
import { readDeadLetters, sendAgain } from './dead-letters.ts';

let folder: string;
let log: EventLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-letters-'));
  log = openLmdbEventLog({ path: folder, clock: systemClock() });
  await log.ensureTopics(
    ['ad-beacons', 'dead-letters'].map((name) => ({ name, partitions: 2, retentionMs: 86_400_000 })),
  );
});

afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

const bytes = Buffer.from('nonsense');

function letter(offset: number, group: string): Buffer {
  const source = { topic: 'ad-beacons', partition: 1, offset, appended_at: 5 };
  return encode('dead-letter', { ...source, group, reason: 'undecodable', detail: '', key: 'k', bytes });
}

test('a record that several groups refused is one letter, and sending it again is remembered', async () => {
  const letters = [letter(7, 'pacing'), letter(7, 'scoring'), letter(8, 'pacing')];
  await log.append(
    'dead-letters',
    letters.map((value) => ({ partition: 0, key: 'ad-beacons', value })),
  );
  const [first] = await readDeadLetters(log);
  if (!first) throw new Error('there is a letter');
  expect(first).toMatchObject({ id: 'ad-beacons/1@7', groups: ['pacing', 'scoring'], sentTo: [] });
  expect(await sendAgain(log, first)).toBe('ad-beacons/1@0');
  expect((await readDeadLetters(log)).map(({ id, sentTo }) => [id, sentTo])).toEqual([
    ['ad-beacons/1@7', ['ad-beacons/1@0']],
    ['ad-beacons/1@8', []],
  ]);
});

test('what is no letter itself hides no other', async () => {
  const values = [Buffer.alloc(0), letter(7, 'pacing'), encode('tick', { group: 'x' })];
  await log.append(
    'dead-letters',
    values.map((value) => ({ partition: 0, key: 'k', value })),
  );
  const unreadable: string[] = [];
  expect(await readDeadLetters(log, (id) => unreadable.push(id))).toHaveLength(1);
  expect(unreadable).toEqual(['dead-letters/0@0']);
});
