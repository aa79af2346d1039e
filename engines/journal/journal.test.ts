import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import { adopt } from './adopt.ts';
import { type Bench, openBench, startWriter, texts } from './fixture.ts';
import { JournalStore } from './journal-store.ts';
import { peek } from './peek.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench[Symbol.asyncDispose]());

const clock = systemClock();

function takeOver(path: string): JournalStore {
  return new JournalStore({ path, clock, bytesMax: 2 ** 30, diskFreeBytesMin: 0, onError: () => undefined });
}

async function allOf(store: JournalStore, topic: string): Promise<string[]> {
  const found: string[] = [];
  for (let after = -1; ; ) {
    const batch = store.next(topic, after);
    if (batch.length === 0) return found;
    found.push(...batch.map(({ value }) => value.toString()));
    after = batch.at(-1)?.number ?? after;
  }
}

test('records are shipped in the order in which they were put, and then are not in the journal any more', async () => {
  const journal = await bench.open();
  bench.away = true;
  const numbers = Array.from({ length: 1_300 }, (_, number) => String(number));
  for (const text of numbers.slice(0, 300)) void journal.put('ad-requests', texts(text));
  await journal.put('ad-requests', texts(...numbers.slice(300)));
  expect(journal.store.counts().records).toBe(1_300);
  bench.away = false;
  await expect.poll(() => journal.store.counts().records, { timeout: 5_000 }).toBe(0);
  expect(await bench.logged()).toEqual(numbers);
  expect(journal.store.counts()).toMatchObject({ records: 0, bytes: 0, oldestPutAt: null });
});

test('what came into the journal after its caller had given up is shipped, though nothing else is put', async () => {
  const journal = await bench.open();
  await journal.store.put('ad-beacons', texts('slow'));
  await expect.poll(() => bench.logged('ad-beacons'), { timeout: 5_000 }).toEqual(['slow']);
  await expect.poll(() => journal.store.counts().records, { timeout: 5_000 }).toBe(0);
});

test('a topic whose records the log does not take holds up no other', async () => {
  const log = bench.log.append;
  bench.log.append = (topic, records) =>
    topic === 'ad-beacons' ? Promise.reject(new Error('away')) : log(topic, records);
  const journal = await bench.open();
  await journal.put('ad-beacons', texts('b'));
  await journal.put('ad-requests', texts('r'));
  await expect.poll(() => bench.logged()).toEqual(['r']);
  await expect.poll(() => journal.store.counts().records).toBe(1);
  bench.log.append = log;
  await expect.poll(() => bench.logged('ad-beacons')).toEqual(['b']);
});

test('what the log refuses for good is put aside and blocks nobody', async () => {
  const dead: string[] = [];
  const journal = await bench.open({ onDead: ({ value }) => dead.push(value.toString()) });
  bench.refused.add('3').add('7');
  await journal.put('ad-requests', texts(...'0123456789'));
  await expect.poll(() => journal.store.counts()).toMatchObject({ records: 0, deadLetters: 2 });
  expect(await bench.logged()).toEqual([...'01245689']);
  expect(dead).toEqual(['3', '7']);
  await journal.close(1_000);
  expect(await peek(journal.path)).toMatchObject({
    records: 0,
    settled: true,
    deadLetters: [{ bytes: 2 }, { bytes: 2 }],
  });

  const again = { path: journal.path, revive: true, log: bench.log, clock, random: systemRandom(clock) };
  const { signal } = new AbortController();
  const quiet = () => undefined;
  const telling = { signal, onOpened: quiet, onShipped: quiet, onDead: quiet, onError: quiet };
  bench.refused.delete('3');
  expect(await adopt({ ...again, ...telling })).toBe('shipped');
  expect(await peek(journal.path)).toMatchObject({ records: 0, settled: true, deadLetters: [{ bytes: 2 }] });
  bench.refused.clear();
  expect(await adopt({ ...again, ...telling })).toBe('shipped');
  expect(existsSync(journal.path)).toBe(false);
  expect(await bench.logged()).toEqual([...'01245689', 'closed', '3', 'closed', '7', 'closed']);
});

test('a journal takes no more than its bound, loses nothing of what it took, and takes more when there is room', async () => {
  bench.away = true;
  const journal = await bench.open({ bytesMax: 2_000 });
  const text = 'x'.repeat(99);
  const answers = await Promise.allSettled(Array.from({ length: 50 }, () => journal.put('ad-requests', texts(text))));
  const kept = answers.filter(({ status }) => status === 'fulfilled').length;
  expect(kept).toBe(20);
  expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'full', retryable: true },
  });
  bench.away = false;
  await expect.poll(() => journal.store.counts().records, { timeout: 5_000 }).toBe(0);
  await journal.put('ad-requests', texts('again'));
  await expect.poll(async () => (await bench.logged()).length).toBe(kept + 1);
});

test('a disk with too little room left takes nothing', async () => {
  await expect(bench.open({ diskFreeBytesMin: 2 ** 60 })).rejects.toMatchObject({ code: 'full' });
  expect(await readdir(bench.journals)).toEqual([]);
});

test('a record that is too large is refused alone', async () => {
  const journal = await bench.open();
  await expect(journal.put('ad-requests', texts('x'.repeat(262_145)))).rejects.toMatchObject({ code: 'refused' });
  await journal.put('ad-requests', texts('x'.repeat(262_144)));
  await expect.poll(async () => (await bench.logged()).length).toBe(1);
});

test('an empty journal is gone after closing; what could not be shipped stays and is adopted', async () => {
  const first = await bench.open();
  await first.put('ad-requests', texts('a'));
  await first.close(5_000);
  expect(existsSync(first.path)).toBe(false);

  bench.away = true;
  const second = await bench.open();
  await second.put('ad-requests', texts('b', 'c'));
  await second.close(50);
  expect(await peek(second.path)).toMatchObject({ records: 2, bytes: 4, state: 'gone' });
  bench.away = false;
  bench.adopter();
  await expect.poll(() => existsSync(second.path), { timeout: 5_000 }).toBe(false);
  expect(await bench.logged()).toEqual(['a', 'closed', 'b', 'c', 'closed']);
});

test('a process that is killed in the middle of its puts loses nothing that it was told is kept', async () => {
  let opportunities = 0;
  for (let round = 0; round < 3; round++) {
    const writer = await startWriter(bench.journals);
    await expect.poll(() => writer.kept.length, { timeout: 20_000 }).toBeGreaterThan(200);
    await writer.kill();
    const store = takeOver(writer.path);
    const there = await allOf(store, 'ad-requests');
    await store.close();
    opportunities += writer.kept.length;
    expect(writer.kept.filter(({ text }) => !there.includes(text))).toEqual([]);
    const inOrder = [...writer.kept].sort((a, b) => a.number - b.number).map(({ text }) => text);
    expect(there.filter((text) => inOrder.includes(text))).toEqual(inOrder);
  }
  expect(opportunities).toBeGreaterThan(600);
});

test('the journal of a killed process is adopted at once, all of it, and its folder is removed', async () => {
  const writer = await startWriter(bench.journals);
  await expect.poll(() => writer.kept.length, { timeout: 20_000 }).toBeGreaterThan(100);
  await writer.kill();
  let adopted = 0;
  bench.adopter({ onAdopted: () => adopted++ });
  await expect.poll(() => adopted, { timeout: 10_000 }).toBe(1);
  const logged = await bench.logged();
  expect(writer.kept.filter(({ text }) => !logged.includes(text))).toEqual([]);
  expect(await readdir(bench.journals)).toEqual([]);
});

test('a journal whose owner sleeps is adopted; when it wakes it is refused, and nothing it was told is kept is lost', async () => {
  const writer = await startWriter(bench.journals);
  await expect.poll(() => writer.kept.length, { timeout: 20_000 }).toBeGreaterThan(100);
  const adopted: string[] = [];
  const why: string[] = [];
  bench.adopter({
    silentMs: 1_500,
    onAdopting: (_, reason) => why.push(reason),
    onAdopted: (path) => adopted.push(path),
  });
  // Stopped inside a transaction it holds the lock, and only its waking helps: asked again, as after a real pause.
  for (let tries = 0; adopted.length === 0 && tries < 6; tries++) {
    writer.signal('SIGSTOP');
    await expect
      .poll(() => adopted.length, { timeout: 8_000 })
      .toBe(1)
      .catch(() => undefined);
    writer.signal('SIGCONT');
    await clock.sleep(50);
  }
  expect(adopted).toEqual([writer.path]);
  expect(why[0]).toBe('its owner is silent');
  await expect.poll(() => writer.told, { timeout: 5_000 }).toContain('lease_lost');
  await expect.poll(() => writer.told, { timeout: 5_000 }).toContain('lost');
  // What was on its way when it fell asleep is answered as it was, not given up for the time that was slept.
  expect(writer.told.filter((code) => code === 'timeout')).toEqual([]);
  const logged = await bench.logged();
  expect(writer.kept.length).toBeGreaterThan(100);
  expect(writer.kept.filter(({ text }) => !logged.includes(text))).toEqual([]);
  await writer.kill();
}, 90_000);

test('a living owner is left alone, however long its log is away', async () => {
  bench.away = true;
  const journal = await bench.open();
  await journal.put('ad-requests', texts('a'));
  const adopted: string[] = [];
  bench.adopter({ silentMs: 1_500, onAdopting: (path) => adopted.push(path) });
  await clock.sleep(4_000);
  expect(adopted).toEqual([]);
  await journal.put('ad-requests', texts('b'));
  expect(await peek(journal.path)).toMatchObject({ records: 2, state: 'alive' });
});
