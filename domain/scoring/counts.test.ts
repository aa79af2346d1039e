import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyBeacons, emptyScoreRecord } from './counts.ts';

const at = Date.parse('2026-03-02T10:00:00Z');
const beacon = (event: string, creative: string) => ({ event, creative, campaign: 'k1', advertiser: 'a1' });

test('beacons counted together are what they are counted one by one, whatever their order and times', () => {
  const events = fc.constantFrom('impression', 'start', 'complete', 'click', 'skip', 'error', 'mute');
  const one = fc.record({ event: events, creative: fc.nat(12), wait: fc.integer({ min: -60_000, max: 3_000_000 }) });
  let decayed = 0;
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), fc.nat(60), (drawn, first) => {
      let now = at;
      const beacons = drawn.map(({ event, creative, wait }) => {
        now += wait;
        return { beacon: beacon(event, `c${creative}`), appendedAt: now };
      });
      const before = applyBeacons(emptyScoreRecord, beacons.slice(0, first));
      const single = beacons.slice(first).reduce((record, each) => applyBeacons(record, [each]), before);
      expect(applyBeacons(before, beacons.slice(first))).toEqual(single);
      const ids = single.creatives.map(({ creative }) => creative);
      expect(ids).toEqual(ids.toSorted());
      if (single.creatives.some(({ impressions_milli }) => impressions_milli % 1_000 > 0)) decayed++;
    }),
  );
  expect(decayed).toBeGreaterThan(10);
});
