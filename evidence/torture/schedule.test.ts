import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planStrikes, type Strike, servers } from './schedule.ts';
import { settings } from './settings.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const lengths = fc.constantFrom(30_000, 120_000, 600_000);
const count = (strikes: readonly Strike[], met: (strike: Strike) => boolean) => strikes.filter(met).length;

it('repeats for a seed, and is another one for another seed', () => {
  fc.assert(
    fc.property(seeds, lengths, (seed, forMs) => {
      expect(planStrikes(seed, forMs)).toEqual(planStrikes(seed, forMs));
      expect(planStrikes(seed, forMs)).not.toEqual(planStrikes(seed + 1, forMs));
    }),
    { numRuns: 50 },
  );
});

it('strikes in order, within the run, and every blow is over when the viewers go', () => {
  fc.assert(
    fc.property(seeds, lengths, (seed, forMs) => {
      const strikes = planStrikes(seed, forMs);
      expect(strikes.map(({ at }) => at)).toEqual(strikes.map(({ at }) => at).sort((a, b) => a - b));
      for (const strike of strikes) {
        const lasts = strike.kind === 'pause' || strike.kind === 'stall' || strike.kind === 'delay' ? strike.forMs : 0;
        expect(strike.at).toBeGreaterThanOrEqual(0);
        expect(strike.at + lasts).toBeLessThanOrEqual(forMs);
      }
    }),
    { numRuns: 50 },
  );
});

it.each([
  { forMs: 120_000, workers: 8, apis: 2, each: 1 },
  { forMs: 600_000, workers: 20, apis: 5, each: 3 },
])('has in $forMs ms more kills and restarts than must be shown', ({ forMs, workers, apis, each }) => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const strikes = planStrikes(seed, forMs);
      const kills = (role: string) => count(strikes, (one) => one.kind === 'kill' && one.role === role);
      expect(kills('workers')).toBeGreaterThanOrEqual(workers);
      expect(kills('decision-api')).toBeGreaterThanOrEqual(apis);
      expect(kills('workers') + kills('decision-api')).toBeGreaterThanOrEqual(11);
      for (const server of servers) {
        const ends = (one: Strike) =>
          one.kind === 'server' ? one.server === server : one.kind === 'wipe_without_kafka' && server === 'kafka';
        expect(count(strikes, ends)).toBeGreaterThanOrEqual(each);
      }
      expect(count(strikes, ({ kind }) => kind.startsWith('wipe'))).toBeGreaterThanOrEqual(each);
      expect(count(strikes, ({ kind }) => kind === 'wipe_without_kafka')).toBeGreaterThanOrEqual(1);
      for (const kind of ['roll_back', 'cut', 'delay', 'stall', 'workers_away', 'restart', 'pause']) {
        expect(
          count(strikes, (one) => one.kind === kind),
          kind,
        ).toBeGreaterThanOrEqual(each);
      }
    }),
    { numRuns: 50 },
  );
});

it('pauses longer than a session lasts, and keeps all workers away for three token lives', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      for (const strike of planStrikes(seed, 120_000)) {
        if (strike.kind === 'pause') expect(strike.forMs).toBeGreaterThan(settings.session_timeout_ms);
        if (strike.kind === 'wipe_without_kafka') expect(strike.forMs).toBeGreaterThan(10_000);
        if (strike.kind === 'workers_away') expect(strike.forMs).toBeGreaterThan(3 * settings.token_life_ms);
      }
    }),
    { numRuns: 50 },
  );
});

it('lets the house stand again between two blows that take it along', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const grave = planStrikes(seed, 120_000).filter(({ kind }) =>
        ['server', 'wipe', 'wipe_without_kafka', 'roll_back', 'workers_away'].includes(kind),
      );
      for (const [index, strike] of grave.entries()) {
        const next = grave[index + 1];
        const lasts = 'forMs' in strike ? strike.forMs : 0;
        if (next) expect(next.at - strike.at - lasts).toBeGreaterThan(2_000);
      }
    }),
    { numRuns: 50 },
  );
});

it('scales from one worker to four to two', () => {
  const scales = planStrikes(1, 120_000).flatMap((one) => (one.kind === 'scale' ? [one.workers] : []));
  expect(scales).toEqual([4, 2]);
});
