import { expect, it } from 'vitest';
import { EngineError } from '../../engines/errors.ts';
import { openWarehouse } from '../../engines/open.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import { decodeBare } from '../../schemas/codec.ts';
import { type Bench, id, openBench } from '../fixture.ts';
import type { BeatContext } from '../worker.ts';
import { ContextLearner } from './context-learner.ts';

const noCategory = () => null;

function contextOf(bench: Bench, given: Partial<BeatContext>): BeatContext {
  return {
    ...bench,
    measure: (_, run) => run(),
    effect: () => undefined,
    assigned: () => [{ topic: 'ad-beacons', partition: 0 }],
    ...given,
  };
}

const factorOf = (learner: ContextLearner, value: string) =>
  learner.learnt.of(id(100), null).find((one) => one.value === value)?.completion_ppm;

it('learns from the warehouse where ads are watched to the end, once for each minute', async () => {
  const server = await startTestWarehouse();
  const warehouse = await openWarehouse(server.url);
  await migrateWarehouse(warehouse, () => undefined);
  await using bench = await openBench();
  // The warehouse forgets what is years old, so the bench's own time will not do.
  let now = Math.floor(Date.parse('2026-03-02T10:00:00Z'));
  const clock = Object.create(bench.clock, { now: { value: () => now } }) as BeatContext['clock'];
  const minute = now / 1000;
  // On one device nine of ten are watched to the end, on the other five.
  for (const insert of [
    `INSERT INTO breakwater.request_ads (topic, source_partition, offset, appended_at, received_at, minute, request_id, viewer, country,
       device_type, content_category, reservation, campaign, creative, advertiser, position, duration_seconds, decision_minute)
     SELECT 'ad-requests', 0, number, at, at, at, toString(number), 'v', '', ['roku', 'tizen'][1 + number % 2], 'news', place, {campaign:UUID}, place,
       {campaign:UUID}, 1, 30, at`,
    `INSERT INTO breakwater.beacons (topic, source_partition, offset, appended_at, received_at, minute, decision_minute, event, viewer,
       request_id, reservation, campaign, creative, advertiser, position, duration_seconds, pricing_model, billable)
     SELECT 'ad-beacons', 0, number * 3 + step, at, at, at, at, ['impression', 'start', 'complete'][1 + step], 'v', toString(number), place,
       {campaign:UUID}, place, {campaign:UUID}, 1, 30, 'cpv', 1`,
  ]) {
    const steps = insert.includes('step');
    await warehouse.run(
      `${insert}
     FROM (SELECT number${steps ? ', arrayJoin([0, 1, 2]) AS step' : ''}, toDateTime({at:UInt32}, 'UTC') AS at,
       toUUID(concat('00000000-0000-4000-8000-', leftPad(toString(number), 12, '0'))) AS place FROM numbers(4000))
     ${steps ? 'WHERE step < 2 OR intDiv(number, 2) % 10 < if(number % 2 = 0, 9, 5)' : ''}`,
      { campaign: id(100), at: minute },
    );
  }
  const context = contextOf(bench, { warehouse, clock });
  const learner = new ContextLearner();
  await learner.refresh(context, noCategory);
  expect(learner.learnt.of(id(100), null)).toEqual([]);
  now += 10 * 60_000;
  await learner.refresh(
    contextOf(bench, { warehouse, clock, assigned: () => [{ topic: 'ad-beacons', partition: 1 }] }),
    noCategory,
  );
  expect(factorOf(learner, 'roku')).toBeUndefined();
  // An hour at a time, from three days back.
  for (let hour = 0; hour < 72; hour++) await learner.refresh(context, noCategory);
  expect(factorOf(learner, 'roku')).toBeCloseTo(1_270_000, -5);
  expect(factorOf(learner, 'tizen')).toBeCloseTo(720_000, -5);
  expect(factorOf(learner, 'news')).toBeUndefined();

  const starts = async () => {
    const [entry] = await bench.store.read([keys.contexts]);
    const cells = entry?.bytes ? decodeBare('context-record', entry.bytes).campaigns[0]?.cells : [];
    return cells?.find(({ dimension }) => dimension === 'position')?.starts_milli;
  };
  expect(await starts()).toBe(4_000_000);
  await learner.refresh(context, noCategory);
  expect(await starts()).toBe(4_000_000);

  // Whoever comes after knows it, also while the warehouse is away.
  const away = { ...warehouse, query: () => Promise.reject(new EngineError('unavailable', 'away')) };
  now += 10 * 60_000;
  const successor = new ContextLearner();
  await successor.refresh(contextOf(bench, { warehouse: away, clock }), noCategory);
  expect(factorOf(successor, 'roku')).toBe(factorOf(learner, 'roku'));

  // What the warehouse has not taken in yet is not counted as nothing.
  await bench.send({});
  const [before] = await bench.store.read([keys.contexts]);
  await learner.refresh(context, noCategory);
  expect((await bench.store.read([keys.contexts]))[0]?.version).toBe(before?.version);
  await warehouse.close();
  await server.remove();
}, 60_000);
