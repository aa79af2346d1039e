import { expect, test } from 'vitest';
import { systemClock } from '../../engines/clock.ts';
import { explanationPieces, explanationText } from './explanation.ts';

const head = { request_id: 'one', slots: [1, 2] };
const campaignsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ campaign_id: `c${at}`, outcome: 'lost' }));

/** Each campaign takes a millisecond to find out. */
function slowly() {
  let now_us = 0;
  return { ...systemClock(), ticks: () => (now_us += 1_000) };
}

test('an explanation is one object of its head and all campaigns', async () => {
  for (const count of [0, 1, 50]) {
    const campaigns = campaignsOf(count);
    expect(JSON.parse(await explanationText({ head, campaigns }, slowly()))).toEqual({ ...head, campaigns });
  }
});

test('others have their turn while it is found out', async () => {
  let turns = 0;
  let going = true;
  const others = () => {
    turns += 1;
    if (going) setImmediate(others);
  };
  setImmediate(others);
  const pieces: string[] = [];
  for await (const piece of explanationPieces({ head, campaigns: campaignsOf(50) }, slowly())) pieces.push(piece);
  going = false;
  // Four milliseconds each.
  expect(pieces.length).toBeGreaterThan(10);
  expect(turns).toBeGreaterThanOrEqual(pieces.length - 1);
});
