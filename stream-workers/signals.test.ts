import { expect, it } from 'vitest';
import { EngineError } from '../engines/errors.ts';
import { keys } from '../engines/state-store/keys.ts';
import { decode } from '../schemas/codec.ts';
import { type Bench, id, openBench, PARTITIONS } from './fixture.ts';
import { type Drafted, nothingCarried, SignalPublisher } from './signals.ts';
import type { BeatContext } from './worker.ts';

const draft = { mu_ppm: 1, pacing_status: 'on_track', spent_micros: 0, target_micros: 0, impressions: 0 };
const noScores = {
  ctr_ppm: 0,
  vtr_ppm: 0,
  completion_ppm: 0,
  quality_centi: 0,
  relevance_centi: 0,
  creatives: [],
  contexts: [],
};
const drafted: Drafted = {
  draft: { ...draft, ...noScores, campaign: id(100) },
  mark: 'one',
  carried: nothingCarried,
};

function contextOf(bench: Bench): BeatContext {
  return {
    ...bench,
    measure: (_, run) => run(),
    effect: () => undefined,
    assigned: () => Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 'ad-beacons', partition })),
  };
}

async function beat(publisher: SignalPublisher, context: BeatContext): Promise<number> {
  await publisher.onDuty(context, [id(100)]);
  return publisher.publish(context, [drafted]);
}

async function versions(bench: Bench): Promise<number[]> {
  const found: number[] = [];
  const reader = await bench.log.subscribe('reader', ['campaign-signals'], {
    resume: async () => 0,
    apply: async (records) => {
      for (const { value } of records) {
        const { name, value: signal } = decode(value);
        if (name === 'campaign-signal') found.push(signal.version);
      }
    },
  });
  await bench.clock.advance(bench.clock.now() + 500);
  await reader.stop();
  return found;
}

/** A log that takes nothing while `state.away`. */
function unsteady(bench: Bench, state: { away: boolean }): BeatContext {
  const log: Bench['log'] = Object.create(bench.log);
  log.append = (...given) =>
    state.away ? Promise.reject(new EngineError('unavailable', 'the log')) : bench.log.append(...given);
  return contextOf({ ...bench, log });
}

it('says again what the log did not take, and only that', async () => {
  await using bench = await openBench();
  const log = { away: true };
  const context = unsteady(bench, log);
  const publisher = new SignalPublisher('PACING');
  await expect(beat(publisher, context)).rejects.toThrow('the log');
  log.away = false;
  expect(await beat(publisher, context)).toBe(1);
  expect(await beat(publisher, context)).toBe(0);
  expect(await versions(bench)).toHaveLength(1);
});

it('says nothing that a newer publisher has said better', async () => {
  await using bench = await openBench();
  const context = contextOf(bench);
  const [old, young] = [new SignalPublisher('PACING'), new SignalPublisher('PACING')];
  expect(await beat(old, context)).toBe(1);
  expect(await beat(young, context)).toBe(1);
  await old.onDuty(context, [id(100)]);
  expect(await old.publish(context, [{ ...drafted, mark: 'two' }])).toBe(0);
  expect(await beat(old, context)).toBe(1);
  const said = await versions(bench);
  expect(said).toEqual([...new Set(said)].sort((a, b) => a - b));
  expect(said).toHaveLength(3);
});

it('goes on with higher versions when the store has forgotten the last ones', async () => {
  await using bench = await openBench();
  const context = contextOf(bench);
  for (let again = 0; again < 3; again++) expect(await beat(new SignalPublisher('PACING'), context)).toBe(1);
  await bench.clock.advance(bench.clock.now() + 10);
  const key = keys.signal('PACING', id(100));
  const [entry] = await bench.store.read([key]);
  if (!entry) throw new Error('the store answers for every key');
  await bench.store.swap(key, entry, Buffer.alloc(0), 1);
  await bench.clock.advance(bench.clock.now() + 10);
  expect((await bench.store.read([key]))[0]?.bytes).toBeNull();
  expect(await beat(new SignalPublisher('PACING'), context)).toBe(1);
  const said = await versions(bench);
  expect(said).toHaveLength(4);
  expect(said.at(-1)).toBeGreaterThan(Math.max(...said.slice(0, -1)));
});

it('looks again at once at what a beat that failed was for, though the catalog is gone through in turns', async () => {
  await using bench = await openBench();
  const log = { away: false };
  const context = unsteady(bench, log);
  const publisher = new SignalPublisher('PACING');
  const all = Array.from({ length: 5_000 }, (_, at) => id(10_000 + at));
  const draftOf = (campaign: string): Drafted => ({ ...drafted, draft: { ...drafted.draft, campaign } });
  const next = async () => {
    const turn = await publisher.onDuty(context, all);
    return { ...turn, publish: () => publisher.publish(context, turn.now.map(draftOf)) };
  };
  const first = await next();
  expect([first.now.length, first.all?.length]).toEqual([2_000, 5_000]);
  expect(await first.publish()).toBe(2_000);
  log.away = true;
  const failed = await next();
  await expect(failed.publish()).rejects.toThrow('the log');
  log.away = false;
  const after = await next();
  expect(after.now.length).toBe(3_000);
  expect(failed.now.every((campaign) => after.now.includes(campaign))).toBe(true);
  expect(await after.publish()).toBe(3_000);
  const again = await next();
  expect([again.now.length, again.all?.length, await again.publish()]).toEqual([2_000, 5_000, 0]);
});

it('news that a beat could not look at comes again with the next', async () => {
  await using bench = await openBench();
  const context = contextOf(bench);
  const publisher = new SignalPublisher('PACING');
  const all = Array.from({ length: 5_000 }, (_, at) => id(10_000 + at));
  const last = all.toSorted().at(-1) ?? '';
  const turn = async () => (await publisher.onDuty(context, all)).now;
  publisher.causedBy(last, 7);
  expect(await turn()).toContain(last);
  publisher.again();
  await publisher.publish(context, []);
  expect(await turn()).toContain(last);
  await publisher.publish(context, []);
  publisher.causedBy(last, 8);
  // The last third is its own turn; then another round begins, without it.
  expect(await turn()).toContain(last);
  await publisher.publish(context, []);
  expect(await turn()).not.toContain(last);
});
