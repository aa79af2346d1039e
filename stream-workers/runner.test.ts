import { expect, it } from 'vitest';
import { keys } from '../engines/state-store/keys.ts';
import { decode, decodeBare, encode, encodeBare } from '../schemas/codec.ts';
import { id, openBench, PARTITIONS } from './fixture.ts';
import { startRunner } from './runner.ts';
import type { Batch, Worker } from './worker.ts';

function recordingWorker(fail: (batch: Batch) => void = () => {}): Worker & { readonly seen: number[][] } {
  const seen: number[][] = [];
  return {
    name: 'recording',
    reads: ['ad-beacons'],
    ticks: ['ad-beacons'],
    maxBatch: 2,
    beats: [],
    seen,
    async handle(batch) {
      fail(batch);
      seen.push(batch.records.filter(({ record }) => record.name !== 'tick').map(({ offset }) => offset));
      return batch.records.map(({ offset }) => ({ offset, outcome: 'seen' }));
    },
  };
}

const someLetter = {
  topic: 'ad-beacons',
  partition: 0,
  offset: 0,
  appended_at: 0,
  group: 'other',
  reason: 'undecodable',
  detail: '',
  key: '',
  bytes: Buffer.alloc(0),
};

const headOf = async (bench: Awaited<ReturnType<typeof openBench>>, partition: number) => {
  const [entry] = await bench.store.read([keys.head('recording', 'ad-beacons', partition)]);
  return entry?.bytes ? decodeBare('head-record', entry.bytes) : null;
};

it('moves the head after the effects, and a successor goes on from there', async () => {
  await using bench = await openBench();
  await bench.send({}, {}, {});
  const first = recordingWorker();
  const runner = await startRunner(first, bench);
  await bench.clock.advance(bench.clock.now() + 500);
  await runner.close();
  expect(first.seen.flat()).toEqual([0, 1, 2]);
  expect(await headOf(bench, 0)).toMatchObject({ position: 3 });

  await bench.send({});
  const second = recordingWorker();
  const successor = await startRunner(second, bench);
  await bench.clock.advance(bench.clock.now() + 500);
  await successor.close();
  expect(second.seen.flat()).toEqual([3]);
});

it('leaves the head where it was when a batch fails, and applies it again', async () => {
  await using bench = await openBench();
  await bench.send({}, {});
  let failures = 0;
  const worker = recordingWorker(() => {
    if (failures++ < 2) throw new Error('the store is away');
  });
  const runner = await startRunner(worker, bench);
  await bench.clock.advance(bench.clock.now() + 60);
  expect(await headOf(bench, 0)).toBeNull();
  await bench.clock.advance(bench.clock.now() + 3000);
  await runner.close();
  expect(worker.seen[0]).toEqual([0, 1]);
  expect(failures).toBeGreaterThan(2);
});

it.each([
  ['cannot be decoded', Buffer.from('not a record')],
  ['belongs in another topic', encode('dead-letter', someLetter)],
])('keeps what %s as a dead letter with its bytes, and goes on', async (_, bytes) => {
  await using bench = await openBench();
  await bench.log.append('ad-beacons', [{ partition: 0, key: 'k', value: bytes }]);
  await bench.send({});
  const worker = recordingWorker();
  const runner = await startRunner(worker, bench);
  await bench.clock.advance(bench.clock.now() + 500);
  await runner.close();
  expect(worker.seen.flat()).toEqual([1]);
  const letters: unknown[] = [];
  const reader = await bench.log.subscribe('reader', ['dead-letters'], {
    resume: async () => 0,
    apply: async (records) => {
      letters.push(...records.map(({ value }) => decode(value).value));
    },
  });
  await bench.clock.advance(bench.clock.now() + 500);
  await reader.stop();
  expect(letters).toMatchObject([
    { topic: 'ad-beacons', partition: 0, offset: 0, group: 'recording', reason: 'undecodable', bytes },
  ]);
});

it('goes back to the head when the store has lost writes', async () => {
  await using bench = await openBench();
  await bench.send({}, {}, {});
  const worker = recordingWorker();
  const runner = await startRunner(worker, bench);
  await bench.clock.advance(bench.clock.now() + 300);
  const key = keys.head('recording', 'ad-beacons', 0);
  const [entry] = await bench.store.read([key]);
  if (!entry) throw new Error('there is a head');
  await bench.store.swap(key, entry, encodeBare('head-record', { position: 1, watermark: 0, caught_up: [] }), 1e9);
  await bench.send({ reservation: id(2) });
  await bench.clock.advance(bench.clock.now() + 3000);
  await runner.close();
  expect(worker.seen.flat().filter((offset) => offset === 1)).toHaveLength(2);
  expect((await headOf(bench, 0))?.position).toBeGreaterThanOrEqual(4);
});

it('begins at the oldest kept record where the log has forgotten what came before', async () => {
  await using bench = await openBench(60_000);
  await bench.send({}, {}, {});
  await bench.clock.advance(bench.clock.now() + 2 * 3_600_000);
  await bench.send({}, {});
  const worker = recordingWorker();
  const runner = await startRunner(worker, bench);
  await bench.clock.advance(bench.clock.now() + 500);
  await runner.close();
  expect(worker.seen.flat()).toEqual([3, 4]);
  expect(await headOf(bench, 0)).toMatchObject({ position: 5 });
});

it('ticks a partition of which the log has forgotten everything', async () => {
  await using bench = await openBench(60_000);
  await bench.send({}, {}, {});
  await bench.clock.advance(bench.clock.now() + 2 * 3_600_000);
  const runner = await startRunner(recordingWorker(), bench);
  await bench.clock.advance(bench.clock.now() + 70_000);
  await runner.close();
  expect((await headOf(bench, 0))?.watermark).toBeGreaterThan(bench.clock.now() - 10_000);
});

it('ticks quiet partitions, so that every watermark moves on', async () => {
  await using bench = await openBench();
  const runner = await startRunner(recordingWorker(), bench);
  await bench.clock.advance(bench.clock.now() + 5000);
  const heads = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => headOf(bench, partition)));
  await runner.close();
  for (const head of heads) expect(head?.watermark).toBeGreaterThan(bench.clock.now() - 2500);
});
