import { expect, it } from 'vitest';
import { keys } from '../engines/state-store/keys.ts';
import { decodeBare } from '../schemas/codec.ts';
import { topics } from '../schemas/events.ts';
import { openBench, PARTITIONS } from './fixture.ts';
import { frequencyWorker } from './frequency.ts';
import { startRunner } from './runner.ts';

const GROWN = PARTITIONS + 2;

it('partitions that are added are applied, and count as caught up at once, because nobody could forget anything there', async () => {
  await using bench = await openBench();
  const advance = (ms: number) => bench.clock.advance(bench.clock.now() + ms);
  const heads = async () => {
    const names = Array.from({ length: GROWN }, (_, at) => keys.head('frequency', 'ad-beacons', at));
    return (await bench.store.read(names)).map(({ bytes }) => bytes && decodeBare('head-record', bytes));
  };
  const runner = await startRunner(frequencyWorker(bench), bench);
  try {
    await advance(1_000);
    await bench.send({}, { partition: 1 });
    await advance(5_000);
    await bench.log.ensureTopics(topics.map(({ name }) => ({ name, partitions: GROWN, retentionMs: 1e12 })));
    expect((await heads()).map((head) => head?.caught_up.length ?? null)).toEqual([1, 1, 1, null, null]);

    await advance(700);
    expect(runner.assigned().filter(({ topic }) => topic === 'ad-beacons')).toHaveLength(GROWN);
    expect((await heads()).map((head) => head?.caught_up.length ?? null)).toEqual([1, 1, 1, 1, 1]);

    await bench.send({ partition: GROWN - 1 });
    await advance(5_000);
    for (const head of await heads()) {
      expect(head?.position).toBeGreaterThan(0);
      expect(bench.clock.now() - (head?.watermark ?? 0)).toBeLessThan(3_000);
    }
  } finally {
    await runner.close();
  }
});
