import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeDelivery } from './analytics/test-delivery.ts';
import { openTestHouse, type Party, partyOf, type TestHouse } from './analytics/test-house.ts';

let house: TestHouse;
let berlin: Party;

beforeAll(async () => {
  house = await openTestHouse();
  berlin = await partyOf(house.desk, 'Berlin');
  await writeDelivery(house.warehouse, [berlin], { from: Date.UTC(2026, 9, 24, 22), minutes: 300, beacons: 3_000 });
}, 180_000);

afterAll(() => house?.close());

test('rows stand in the order of their instants where an hour comes twice, and the limit cuts by it', async () => {
  const asked = {
    ...{ measures: ['gross'], time_zone: 'Europe/Berlin', from: '2026-10-24T22:00:00Z', to: '2026-10-25T04:00:00Z' },
  };
  const timesOf = async (body: object) => {
    const { status, body: said } = await house.desk.ask(berlin.key, 'POST', '/api/v2/analytics/custom-report', {
      ...asked,
      ...body,
    });
    expect(status, JSON.stringify(said)).toBe(200);
    return (said.rows as { time: string }[]).map(({ time }) => Date.parse(time));
  };
  const inOrder = (times: readonly number[]) => times.toSorted((a, b) => a - b);
  for (const granularity of ['hour', 'minute']) {
    const times = await timesOf({ granularity });
    expect(times).toEqual(inOrder(times));
    const compared = await timesOf({ granularity, order_by: 'time', order: 'asc', compare: 'previous_period' });
    expect(compared).toEqual(times);
    const latest = await timesOf({ granularity, order_by: 'time', order: 'desc' });
    expect(latest).toEqual(times.toReversed());
    const few = granularity === 'hour' ? 4 : 160;
    expect(await timesOf({ granularity, limit: few })).toEqual(times.slice(0, few));
  }
});
