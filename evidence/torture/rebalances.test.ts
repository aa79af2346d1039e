import { expect, it } from 'vitest';
import { rebalancesIn } from './rebalances.ts';

const stabilised = (group: string, generation: number, members = 1) =>
  `[x] INFO GroupMetadataManager - [GroupCoordinator id=1 topic=__consumer_offsets partition=4] Stabilized group ${group} generation ${generation} with ${members} members.\n`;

it('counts the generations of a group after its first, and those of no other', () => {
  const log = [1, 2, 3].map((generation) => stabilised('pacing', generation)).join('noise\n');
  const strangers = stabilised('workers-01a2', 1) + stabilised('pacing-2', 1) + stabilised('frequency', 1);
  expect(rebalancesIn(log + strangers, ['pacing', 'frequency', 'scoring'])).toEqual({
    pacing: 2,
    frequency: 0,
    scoring: 0,
  });
});

it('does not count what was before the viewers came', () => {
  const before = stabilised('pacing', 1) + stabilised('pacing', 2);
  const log = before + stabilised('pacing', 4);
  expect(rebalancesIn(log, ['pacing'], before.length)).toEqual({ pacing: 1 });
  expect(rebalancesIn(before, ['pacing'], before.length)).toEqual({ pacing: 0 });
});
